"""Readings of what the server holds: queues, waiting commits, jobs, peers, the process itself."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from prometheus_client import GCCollector, ProcessCollector

from server.counters import Labels
from server.telemetry import Telemetry

JOB_STATES = ("queued", "running", "awaiting_input", "succeeded", "failed", "cancelled")
_BEAT = 0.5
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class RoomSizes(Protocol):
    """What a room tells about its queues. lag: rows that wait to be committed, and for how many seconds."""

    @property
    def inbox_bytes(self) -> int: ...
    @property
    def outbox_bytes(self) -> int: ...
    @property
    def lag(self) -> tuple[int, float]: ...


class Metrics:
    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._jobs: dict[Labels, float] = {(state,): 0.0 for state in JOB_STATES}
        self._peers = 0
        telemetry.watch_by("maquette_jobs", "Jobs by state.", ("state",), lambda: self._jobs)
        telemetry.watch("maquette_peers", "Peers that asked for work lately.", lambda: self._peers)
        _watch_process(telemetry)

    def set_jobs(self, by_state: dict[str, int], peers: int) -> None:
        """What a scrape shall find; asked of the database just before."""
        self._jobs = {(state,): float(by_state.get(state, 0)) for state in JOB_STATES}
        self._peers = peers

    def watch_rooms(self, rooms: Callable[[], Iterable[RoomSizes]]) -> None:
        """Sizes of all rooms' queues together, and how far the log is behind them."""
        watch = self._telemetry.watch
        watch("maquette_inbox_bytes", "Bytes that wait for rooms.", lambda: sum(r.inbox_bytes for r in rooms()))
        watch("maquette_outbox_bytes", "Bytes that wait for sockets.", lambda: sum(r.outbox_bytes for r in rooms()))
        watch("maquette_log_waiting_rows", "Inputs not committed yet.", lambda: sum(r.lag[0] for r in rooms()))
        watch(
            "maquette_log_lag_seconds", "Age of the oldest commit that is under way.",
            lambda: max((r.lag[1] for r in rooms()), default=0.0),
        )  # fmt: skip

    def render(self) -> bytes:
        return self._telemetry.render()


def _watch_process(telemetry: Telemetry) -> None:
    watch = telemetry.watch
    watch("maquette_cpu_seconds", "CPU time of the server's process.", time.process_time)
    watch("maquette_memory_bytes", "Resident memory of the server's process.", resident_bytes)
    watch("maquette_threads", "Threads of the server's process.", lambda: len(sys._current_frames()))
    ProcessCollector(registry=telemetry.registry)
    GCCollector(registry=telemetry.registry)


def resident_bytes() -> float:
    """Resident memory now (Linux), or the highest it was (elsewhere)."""
    try:
        with open("/proc/self/statm") as file:
            return float(int(file.read().split()[1]) * _PAGE)
    except OSError:
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


class LoopLag:
    """How late the event loop comes to what is due: `run` looks twice a second."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._latest = 0.0
        self._longest = 0.0
        telemetry.watch("maquette_loop_lag_seconds", "How late the event loop was just now.", lambda: self._latest)
        telemetry.watch("maquette_loop_lag_max_seconds", "The longest lateness since the last scrape.", self._take)

    def _take(self) -> float:
        longest, self._longest = self._longest, self._latest
        return longest

    async def run(self) -> None:
        while True:
            due = time.perf_counter() + _BEAT
            await asyncio.sleep(_BEAT)
            self._latest = max(0.0, time.perf_counter() - due)
            self._longest = max(self._longest, self._latest)
