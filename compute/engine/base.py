"""The seam between a peer and what computes for it.

A task names a function, not a closure, so that it can run in another process or on another machine. Data pass as files:
inputs lie in `folder/inputs` under their SHA-256, blobs that the function makes in `folder/blobs` under theirs.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from compute.mesh import JsonObject

Progress = Callable[[float, str], None]
"""Called with a fraction 0 … 1 that never decreases, and a line for people."""


@dataclass(frozen=True)
class Limits:
    """memory: bytes of address space. seconds: of wall time."""

    memory: int = 8 << 30
    seconds: float = 3600.0


@dataclass(frozen=True)
class Task:
    """function: `module:name`, called with a Workspace. fresh: in a worker that has run nothing before and runs nothing
    after, for files that nobody vouches for."""

    function: str
    arguments: JsonObject
    folder: Path
    fresh: bool = False
    limits: Limits = field(default_factory=Limits)


class Engine(Protocol):
    """Runs tasks. Implementations pass `tests/compute/engine/test_contract.py`."""

    async def run(self, task: Task, progress: Progress) -> JsonObject:
        """What the function returned. Cancelling the call stops the function.

        Raises what the function raised (MaquetteError), or OperationError: `worker_crashed`, `out_of_memory`,
        `time_limit`, `internal_error`.
        """
        ...

    async def close(self) -> None:
        """Stop everything; running tasks end as cancelled."""
        ...


@dataclass(frozen=True)
class Workspace:
    """What a task's function gets: its arguments, its input files, a place for blobs, a way to tell how far it is."""

    arguments: JsonObject
    folder: Path
    report: Progress

    def input(self, sha256: str) -> Path:
        return inputs_folder(self.folder) / sha256

    def put(self, data: bytes) -> str:
        """Leave a blob for the peer to upload; returns its SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = blobs_folder(self.folder) / sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return sha256


def inputs_folder(folder: Path) -> Path:
    return folder / "inputs"


def blobs_folder(folder: Path) -> Path:
    return folder / "blobs"


def resolve(function: str) -> Callable[[Workspace], JsonObject]:
    """The function that `module:name` means."""
    module, _, name = function.partition(":")
    found: Callable[[Workspace], JsonObject] = getattr(importlib.import_module(module), name)
    return found


def never_less(progress: Progress) -> Progress:
    """The same, clamped to 0 … 1 and kept from falling."""
    reached = 0.0

    def report(fraction: float, message: str) -> None:
        nonlocal reached
        reached = max(reached, min(max(fraction, 0.0), 1.0))
        progress(reached, message)

    return report
