"""Runs a load on a server several times, each time on a fresh one, and keeps the medians."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from tests.benchmarks.report import median
from tests.benchmarks.sync.convergence import Diverged
from tests.benchmarks.sync.loads.catalogue import Load
from tests.benchmarks.sync.loads.result import Result
from tests.benchmarks.sync.servers.base import Peer, cores

SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass
class Measured:
    """One server under one load. failed: why runs did not count."""

    server: str
    results: list[Result] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def median(self, figure: str) -> float | None:
        values = [result.figures[figure] for result in self.results if figure in result.figures]
        return median(values) if values else None

    @property
    def notes(self) -> Sequence[str]:
        return sorted({note for result in self.results for note in result.notes})


def measure(load: Load, peers: Sequence[Peer], runs: int) -> list[Measured]:
    """The peers take turns, so that what else the machine does in an hour meets all of them."""
    measured = [Measured(peer.name) for peer in peers]
    for _ in range(runs):
        for peer, one in zip(peers, measured, strict=True):
            try:
                one.results.append(_run_once(load, peer))
            except (Diverged, TimeoutError, OSError, RuntimeError) as error:
                one.failed.append(f"{type(error).__name__}: {error}")
            gc.collect()
    return measured


def _run_once(load: Load, peer: Peer) -> Result:
    is_pinned = load.is_pinned and (os.cpu_count() or 1) > 1
    os.sched_setaffinity(0, cores(CLIENT_CORE if is_pinned else None))
    try:
        core = SERVER_CORE if is_pinned else None
        with tempfile.TemporaryDirectory(prefix="maquette-bench-") as folder, peer.run(Path(folder), core) as running:
            return uvloop.run(load.scenario.run(running))
    finally:
        os.sched_setaffinity(0, cores(None))
