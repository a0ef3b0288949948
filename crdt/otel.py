"""Traces with OpenTelemetry (extra `tracing`). Imported by `crdt.spans.start` alone, where they are asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from opentelemetry import context as contexts
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()


class FileExporter(SpanExporter):
    """One JSON object a line; several processes may write to one file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._file.write("".join(f"{span.to_json(indent=None)}\n" for span in spans))
        self._file.flush()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self._file.close()


class OpenTelemetry:
    """crdt.spans.Tracing over an SDK provider of its own: nothing global is set."""

    def __init__(self, processor: SpanProcessor, service: str, share: float) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("maquette")
        self._share = share

    @contextmanager
    def span(
        self, name: str, attributes: Mapping[str, str | int | float] = {}, parent: str | None = None
    ) -> Iterator[str]:
        above = _PROPAGATOR.extract({"traceparent": parent}) if parent else contexts.get_current()
        with self._tracer.start_as_current_span(name, context=above, attributes=attributes):
            carrier: dict[str, str] = {}
            _PROPAGATOR.inject(carrier)
            yield carrier["traceparent"]

    def batch(self, branch: str, inputs: int) -> AbstractContextManager[str | None]:
        if random.random() >= self._share:
            return nullcontext()
        return self.span("room.batch", {"room": branch, "inputs": inputs})

    def close(self) -> None:
        self._provider.shutdown()


def open_tracing(target: str, service: str, share: float) -> OpenTelemetry:
    """target: `file:PATH`, or the address of an OTLP collector (`/v1/traces` is added)."""
    if target.startswith("file:"):
        path = Path(target.removeprefix("file:").removeprefix("//"))
        return OpenTelemetry(SimpleSpanProcessor(FileExporter(path)), service, share)
    endpoint = target.rstrip("/")
    endpoint = endpoint if endpoint.endswith("/v1/traces") else f"{endpoint}/v1/traces"
    return OpenTelemetry(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)), service, share)
