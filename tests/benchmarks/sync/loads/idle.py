"""Load (g): a thousand connections that say nothing, each in a room of its own, then a thousand into those."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.sync.joining import Joiner
from tests.benchmarks.sync.loads.result import Result
from tests.benchmarks.sync.processes import resident
from tests.benchmarks.sync.servers.base import Running

_REST = 1.0
_WARM_UP = 50
_AT_ONCE = 64


@dataclass(frozen=True)
class Idle:
    connections: int = 1000

    async def run(self, running: Running) -> Result:
        rooms = running.make_rooms(self.connections + _WARM_UP)
        warm = await _join_all(running, rooms[self.connections :], 0)
        before = await _resident_at_rest(running)
        began, generator = time.perf_counter(), time.process_time()
        first = await _join_all(running, rooms[: self.connections], 1000)
        opened = time.perf_counter()
        between = await _resident_at_rest(running)
        again = time.perf_counter()
        second = await _join_all(running, rooms[: self.connections], 5000)
        ended = time.perf_counter()
        result = Result(
            {
                "room_kb": (between - before) / self.connections / 1000,
                "connection_kb": (await _resident_at_rest(running) - between) / self.connections / 1000,
                "rooms_rate": self.connections / (opened - began),
                "connects_rate": self.connections / (ended - again),
            }
        )
        busy = (time.process_time() - generator) / (ended - again + opened - began)
        if busy > 0.5:
            result.notes.append(f"while connecting the generator used {busy:.0%} of its core")
        for joiner in (*warm, *first, *second):
            joiner.close()
        return result


async def _join_all(running: Running, rooms: Sequence[str], first: int) -> list[Joiner]:
    """One client into each room, 64 at a time."""
    joiners = [Joiner(running.door(room, first + number)) for number, room in enumerate(rooms)]
    waiting = iter(joiners)

    async def keep_joining() -> None:
        for joiner in waiting:
            await joiner.join()

    await asyncio.gather(*(keep_joining() for _ in range(_AT_ONCE)))
    return joiners


async def _resident_at_rest(running: Running) -> int:
    await asyncio.sleep(_REST)  # node returns memory when it has nothing to do
    return resident(running.processes)
