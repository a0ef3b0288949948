"""This node among the others: its lease, its links, its questions, its signals; opened together, closed together."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from server.bus.base import Bus
from server.bus.local import LocalBus
from server.bus.requests import Requests
from server.nodes.database_lock import DatabaseLock
from server.nodes.leases import LeasedOwnership
from server.nodes.links import Links
from server.nodes.ownership import Ownership
from server.nodes.processes import Processes
from server.nodes.signals import Bulletin
from server.nodes.sole import DataLock, SoleOwnership
from server.nodes.switch import Switch

_START_SECONDS = 5.0


@dataclass(frozen=True)
class Cluster:
    """switch: None for a server alone, which neither follows nor is followed."""

    ownership: Ownership
    bus: Bus
    requests: Requests
    bulletin: Bulletin
    switch: Switch | None = None

    def status(self) -> dict[str, object]:
        """For /readyz."""
        if self.switch is None:
            return {"nodes": "alone"}
        bus, lease = "up" if self.bus.is_up else "down", "held" if self.ownership.is_well else "lost"
        return {"node": self.ownership.node, "bus": bus, "lease": lease}


def alone() -> Cluster:
    """A cluster of one, without a lock: for tests and tools that know what they do."""
    bus = LocalBus()
    return Cluster(SoleOwnership(), bus, Requests(bus, "alone"), Bulletin(bus))


@asynccontextmanager
async def open_cluster(engine: AsyncEngine, data: Path, redis: str, seconds: float) -> AsyncIterator[Cluster]:
    """redis: its URL, or "" for a server alone on its data. seconds: of a node's lease. DataInUse."""
    async with _holding(engine, data, exclusive=not redis):
        if redis:
            async with _joined(engine, data, redis, seconds) as cluster:
                yield cluster
        else:
            cluster = alone()
            await cluster.requests.open()
            await cluster.bulletin.open()
            yield cluster


@asynccontextmanager
async def _holding(engine: AsyncEngine, data: Path, *, exclusive: bool) -> AsyncIterator[None]:
    """What is written to, and by whom else."""
    folder = DataLock(data, exclusive=exclusive)
    folder.take()
    try:
        if engine.dialect.name == "postgresql":
            async with _holding_database(engine, exclusive=exclusive):
                yield
        else:
            yield
    finally:
        folder.drop()


@asynccontextmanager
async def _holding_database(engine: AsyncEngine, *, exclusive: bool) -> AsyncIterator[None]:
    lock = DatabaseLock(engine, exclusive=exclusive, on_lost=lambda: os.kill(os.getpid(), signal.SIGTERM))
    await lock.take()
    keeping = asyncio.create_task(lock.run(), name="database lock")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await lock.drop()


@asynccontextmanager
async def _joined(engine: AsyncEngine, data: Path, redis: str, seconds: float) -> AsyncIterator[Cluster]:
    # With it come 7 MB of libraries that a server alone never uses.
    from server.bus.redis import RedisBus  # noqa: PLC0415

    ownership = LeasedOwnership(engine, seconds=seconds, processes=Processes(data))
    installation = await ownership.open()
    try:
        async with RedisBus(redis, f"maquette:{installation}") as bus, joined(ownership, bus) as cluster:
            yield cluster
    finally:
        await ownership.close()


@asynccontextmanager
async def joined(ownership: LeasedOwnership, bus: Bus) -> AsyncIterator[Cluster]:
    """A node with its tasks running."""
    links, requests, bulletin = Links(bus, ownership.node), Requests(bus, ownership.node), Bulletin(bus)
    switch = Switch(links)
    ownership.on_gone(links.forget)
    await _hear([links.open(), requests.open(), bulletin.open()])
    tasks = [asyncio.create_task(ownership.run(), name="lease"), asyncio.create_task(links.run(), name="links")]
    try:
        yield Cluster(ownership, bus, requests, bulletin, switch)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await switch.close()
        await requests.close()
        await links.close()


async def _hear(subscribing: Sequence[Coroutine[None, None, None]]) -> None:
    """Listen on the bus; one that is away now is joined later, and does not hold up the start."""
    tasks = [asyncio.ensure_future(one) for one in subscribing]
    try:
        async with asyncio.timeout(_START_SECONDS):
            await asyncio.gather(*tasks)
    except TimeoutError:
        structlog.get_logger().error("bus_away", waited=_START_SECONDS)
