"""Spans by setting, for server and peer. Without the setting no tracer or exporter is imported.

tracing = start("file:traces.jsonl", "maquette-server")
with tracing.span("job.request", {"job": id}) as parent:      # parent: the span's W3C traceparent
    ...                                                        # None where traces are off
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, cast

Attributes = Mapping[str, str | int | float]
_NONE: Attributes = {}


class Tracing(Protocol):
    def span(
        self, name: str, attributes: Attributes = _NONE, parent: str | None = None
    ) -> AbstractContextManager[str | None]:
        """A span around the body, below `parent` (a traceparent) or the span that is open here."""
        ...

    def batch(self, branch: str, inputs: int) -> AbstractContextManager[str | None]:
        """A span of one batch of a room, for a sample of them."""
        ...

    def close(self) -> None:
        """Send what waits."""
        ...


class _NoTracing:
    def __init__(self) -> None:
        self._nothing: nullcontext[None] = nullcontext()

    def span(self, name: str, attributes: Attributes = _NONE, parent: str | None = None) -> nullcontext[None]:  # noqa: ARG002
        return self._nothing

    def batch(self, branch: str, inputs: int) -> nullcontext[None]:  # noqa: ARG002
        return self._nothing

    def close(self) -> None:
        pass


NO_TRACING: Tracing = _NoTracing()


class _Opener(Protocol):
    def open_tracing(self, target: str, service: str, share: float) -> Tracing: ...


def start(target: str, service: str, share: float = 0.01) -> Tracing:
    """target: `file:PATH`, the address of an OTLP collector, or empty for none. share: of batches that are traced."""
    if not target:
        return NO_TRACING
    # By name: the extra `tracing` is needed only where traces are asked for.
    opener = cast("_Opener", importlib.import_module("crdt.otel"))
    return opener.open_tracing(target, service, share)
