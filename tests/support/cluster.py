"""Several nodes in one event loop: one database, a hub that the test may make unreliable, time moved by hand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine

from server.bus.local import Hub, LocalBus
from server.bus.requests import Requests
from server.nodes.cluster import Cluster
from server.nodes.leases import LOOKS, LeasedOwnership
from server.nodes.links import Links
from server.nodes.signals import Bulletin
from server.nodes.switch import Switch
from server.storage.sql import SqlUpdateLog
from server.sync.rooms import Rooms
from server.telemetry import Telemetry

SECONDS = 5.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class UnreliableHub(Hub):
    """Loses, repeats and delays messages with a probability each; `calm` ends that."""

    def __init__(self, chance: random.Random, losing: float, repeating: float, delaying: float) -> None:
        super().__init__()
        self._chance = chance
        self._odds = (losing, losing + repeating, losing + repeating + delaying)
        self._late: list[tuple[str, bytes]] = []

    def carry(self, channel: str, payload: bytes) -> None:
        drawn = self._chance.random()
        if drawn < self._odds[0]:
            return
        if drawn < self._odds[1]:
            super().carry(channel, payload)
        if self._odds[1] <= drawn < self._odds[2]:
            self._late.append((channel, payload))
            return
        super().carry(channel, payload)
        if self._late and self._chance.random() < 0.5:
            super().carry(*self._late.pop(self._chance.randrange(len(self._late))))

    def calm(self) -> None:
        self._odds = (0.0, 0.0, 0.0)
        self._late.clear()


@dataclass(eq=False)
class Node:
    """One server: its rooms, its lease, its bus."""

    rooms: Rooms
    ownership: LeasedOwnership
    links: Links
    bus: LocalBus
    log: SqlUpdateLog
    is_alive: bool = True


@dataclass
class Installation:
    engine: AsyncEngine
    hub: Hub
    clock: Clock = field(default_factory=Clock)
    nodes: list[Node] = field(default_factory=list)

    async def start(self) -> Node:
        bus = LocalBus(self.hub)
        ownership = LeasedOwnership(self.engine, seconds=SECONDS, clock=self.clock)
        await ownership.open()
        links, requests, bulletin = Links(bus, ownership.node), Requests(bus, ownership.node), Bulletin(bus)
        cluster = Cluster(ownership, bus, requests, bulletin, Switch(links))
        ownership.on_gone(links.forget)
        for part in (links, requests, bulletin):
            await part.open()
        log = SqlUpdateLog(self.engine)
        node = Node(Rooms(log, Telemetry(), cluster=cluster), ownership, links, bus, log)
        self.nodes.append(node)
        return node

    @property
    def living(self) -> list[Node]:
        return [node for node in self.nodes if node.is_alive]

    async def beat(self) -> None:
        """Time passes for all that live: their leases and links beat once."""
        self.clock.now += SECONDS / LOOKS
        for node in self.living:
            await node.ownership.beat()
            node.links.beat()
        await turns()

    async def give_up_silent_nodes(self) -> None:
        for _ in range(LOOKS + 2):
            await self.beat()

    def cut_off(self, node: Node) -> None:
        """As a process that is stopped, or dies: it is not heard, hears nothing, and its lease is not renewed."""
        node.is_alive = False
        node.bus.set_up(False)


async def turns(count: int = 20) -> None:
    """Let everything that can go on without a clock or the database go on."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(reached: Callable[[], bool], installation: Installation | None = None) -> None:
    """Let the loop run until a state is reached; time passes for an installation meanwhile."""
    async with asyncio.timeout(30):
        while not reached():
            if installation is not None:
                await installation.beat()
            await asyncio.sleep(0.002)


@asynccontextmanager
async def installation(engine: AsyncEngine, hub: Hub | None = None) -> AsyncIterator[Installation]:
    opened = Installation(engine, hub or Hub())
    try:
        yield opened
    finally:
        for node in opened.nodes:
            node.bus.set_up(True)
            await node.rooms.close()
            await node.log.close()
