"""Loads (a), (b), (c), and (h) over two nodes: clients in rooms, some of whom move their nodes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tests.benchmarks.sync.clients import Client
from tests.benchmarks.sync.convergence import check_converged
from tests.benchmarks.sync.documents import Writer, make_writer, update_frame
from tests.benchmarks.sync.loads.pacing import Send, as_fast_as_delivered, at_rate
from tests.benchmarks.sync.loads.result import Result
from tests.benchmarks.sync.loads.window import measure, until
from tests.benchmarks.sync.servers.base import Running


@dataclass(frozen=True)
class Editing:
    """rate: moves a second of each writer; None: as fast as they are delivered, `window` of them under way."""

    rooms: int
    clients: int
    writers: int
    rate: float | None
    seconds: float = 6.0
    warm_up: float = 1.0
    window: int = 512
    most_moves: int = 600_000
    nodes: int = 1

    async def run(self, running: Running) -> Result:
        rooms = [await self._open(running, name, number) for number, name in enumerate(running.make_rooms(self.rooms))]
        clients = [client for room in rooms for client in room.clients]
        load = asyncio.create_task(self._send(rooms))
        measuring = asyncio.create_task(measure(running, clients, self.warm_up, self.seconds))
        try:
            await asyncio.wait({load, measuring}, return_when=asyncio.FIRST_COMPLETED)
            if not measuring.done():
                load.result()
                raise RuntimeError("the prepared moves were used up before the time was")
            result = measuring.result()
        finally:
            await _stop(load, measuring)
        await self._check(running, rooms)
        for client in clients:
            client.close()
        return result

    # -- the parts of a run

    async def _open(self, running: Running, name: str, number: int) -> Room:
        """The first client alone: pycrdt-websocket hangs when a room's first clients come together."""
        first = number * self.clients
        made = [
            Client(
                running.door(name, first + index, (number + index) % self.nodes), index if index < self.writers else -1
            )
            for index in range(self.clients)
        ]
        await made[0].connect()
        await asyncio.gather(*(client.connect() for client in made[1:]))
        room = Room(name, made, [make_writer(index, self._moves()) for index in range(self.writers)])
        await room.make_nodes()
        return room

    def _moves(self) -> int:
        return self.most_moves if self.rate is None else int((self.seconds + self.warm_up + 3) * self.rate) + 3

    async def _send(self, rooms: Sequence[Room]) -> None:
        if self.rate is not None:
            await at_rate([room.sender(index) for index in range(self.writers) for room in rooms], self.rate)
            return
        room = rooms[0]
        await as_fast_as_delivered(room.sender(0), room.under_way, self.window)

    async def _check(self, running: Running, rooms: Sequence[Room]) -> None:
        await until(lambda: all(room.is_delivered for room in rooms), "updates are still under way")
        for number, room in enumerate(rooms):
            last = await Client(running.door(room.name, self.rooms * self.clients + number)).connect()
            check_converged(last, room.clients)
            last.close()


@dataclass(eq=False)
class Room:
    """clients: the writers first, in their order."""

    name: str
    clients: list[Client]
    writers: list[Writer]
    _first: list[int] = field(default_factory=list)

    async def make_nodes(self) -> None:
        """Every writer's node, seen by everybody; then counting begins."""
        frames = {id(client): len(client.frames) for client in self.clients}
        for client, writer in zip(self.clients, self.writers, strict=False):
            client.send(update_frame(writer.first, client.prefix))
            client.sent.append(writer.first)
        nodes = [writer.node.encode() for writer in self.writers]

        def has_all(client: Client) -> bool:
            others = (node for index, node in enumerate(nodes) if index != client.index)
            got = client.frames[frames[id(client)] :]
            return all(any(node in frame for frame in got) for node in others)

        await until(lambda: all(map(has_all, self.clients)), f"not everybody sees the nodes of {self.name}")
        for client in self.clients:
            client.watch([writer.sent_at for writer in self.writers])

    def sender(self, index: int) -> Send:
        client, writer = self.clients[index], self.writers[index]
        frames = [update_frame(move, client.prefix) for move in writer.moves]
        sent_at = writer.sent_at

        def send() -> bool:
            number = len(sent_at)
            if number > len(frames):
                return False
            client.sent.append(writer.moves[number - 1])
            sent_at.append(time.perf_counter())
            client.send(frames[number - 1])
            return True

        return send

    def under_way(self) -> float:
        """Moves of the one writer that the average other client has not seen."""
        return self.writers[0].sent - sum(client.delivered for client in self.clients) / (len(self.clients) - 1)

    @property
    def is_delivered(self) -> bool:
        return all(
            client.seen[writer.index] == writer.sent
            for client in self.clients
            for writer in self.writers
            if client.index != writer.index
        )


async def _stop(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
