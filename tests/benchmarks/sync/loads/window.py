"""The measured part of a run: what the servers' CPU and the clients' counts grow by while the load goes on."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Sequence

from tests.benchmarks.report import percentile
from tests.benchmarks.sync.clients import Client
from tests.benchmarks.sync.loads.result import Result
from tests.benchmarks.sync.processes import cpu_seconds
from tests.benchmarks.sync.servers.base import Running

SETTLE_SECONDS = 60.0
BUSY = 0.85
"""Share of its core above which the generator, not the server, may have been the limit."""


async def measure(running: Running, clients: Sequence[Client], warm_up: float, seconds: float) -> Result:
    """CPU ms per 1,000 delivered, delivered a second, p50, p95 and p99 (ms), cores in use, of a load under way."""
    await asyncio.sleep(warm_up)
    for client in clients:
        client.delays.clear()
    gc.collect()
    gc.disable()
    try:
        before = _Reading(running, clients)
        await asyncio.sleep(seconds)
        after = _Reading(running, clients)
    finally:
        gc.enable()
    return _difference(before, after, sorted(delay for client in clients for delay in client.delays))


class _Reading:
    def __init__(self, running: Running, clients: Sequence[Client]) -> None:
        self.at = time.perf_counter()
        self.generator = time.process_time()
        self.cpu = cpu_seconds(running.processes)
        self.beside = cpu_seconds(running.beside)
        self.delivered = sum(client.delivered for client in clients)


def _difference(before: _Reading, after: _Reading, delays: list[float]) -> Result:
    delivered, seconds = after.delivered - before.delivered, after.at - before.at
    if not delivered or not delays:
        raise RuntimeError("nothing was delivered while it was measured")
    result = Result(
        {
            "cpu": (after.cpu - before.cpu) * 1e6 / delivered,
            "beside": (after.beside - before.beside) * 1e6 / delivered,
            "rate": delivered / seconds,
            "p50": percentile(delays, 50) * 1000,
            "p95": percentile(delays, 95) * 1000,
            "p99": percentile(delays, 99) * 1000,
            "cores": (after.cpu - before.cpu) / seconds,
        }
    )
    if (busy := (after.generator - before.generator) / seconds) > BUSY:
        result.notes.append(f"the generator used {busy:.0%} of its core")
    return result


async def until(is_so: Callable[[], bool], what: str, seconds: float = SETTLE_SECONDS) -> None:
    """Ask again until it is so; what the clients have seen changes in their callbacks, which know nobody to tell."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:g} s: {what}")
        await asyncio.sleep(0.01)
