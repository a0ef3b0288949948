"""Load (d): everybody in one room shows where they are, ten times a second."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from crdt.ids import new_client_id
from crdt.lib0 import encode_bytes
from crdt.presence import PresenceEntry, encode_presence
from tests.benchmarks.sync.clients import Client
from tests.benchmarks.sync.convergence import Diverged
from tests.benchmarks.sync.loads.pacing import Send, at_rate
from tests.benchmarks.sync.loads.result import Result
from tests.benchmarks.sync.loads.window import measure, until
from tests.benchmarks.sync.servers.base import Running
from tests.benchmarks.sync.wire import AWARENESS, presence_mark


@dataclass(frozen=True)
class Presence:
    """rate: states a second of each client. A state that a later one overtakes on its way counts as delivered."""

    clients: int
    rate: float = 10.0
    seconds: float = 6.0
    warm_up: float = 1.5
    nodes: int = 1

    async def run(self, running: Running) -> Result:
        (room,) = running.make_rooms(1)
        clients = [Client(running.door(room, index, index % self.nodes), index) for index in range(self.clients)]
        await clients[0].connect()
        await asyncio.gather(*(client.connect() for client in clients[1:]))
        clocks: list[list[float]] = [[0.0] for _ in clients]
        for client in clients:
            client.watch(clocks, presence=True)
        load = asyncio.create_task(at_rate(_senders(clients, clocks), self.rate))
        try:
            result = await measure(running, clients, self.warm_up, self.seconds)
        finally:
            load.cancel()
            with suppress(asyncio.CancelledError):
                await load
        await _check(clients, clocks)
        return result


def _senders(clients: Sequence[Client], clocks: Sequence[list[float]]) -> list[Send]:
    return [_sender(client, clock) for client, clock in zip(clients, clocks, strict=True)]


def _sender(client: Client, clock: list[float]) -> Send:
    identity = new_client_id()
    user = {"id": f"bench{client.index:011d}", "name": f"Client {client.index}", "color": "#3e63dd", "kind": "person"}

    def send() -> bool:
        number = len(clock)
        state = {
            "user": user,
            "selection": [],
            "pointer": [number, 0.5, 2.25],
            "tool": presence_mark(number, client.index),
        }
        entry = PresenceEntry(identity, number, json.dumps(state, separators=(",", ":")))
        frame = client.prefix + bytes((AWARENESS,)) + encode_bytes(encode_presence([entry]))
        clock.append(time.perf_counter())
        client.send(frame)
        return True

    return send


async def _check(clients: Sequence[Client], clocks: Sequence[list[float]]) -> None:
    """Everybody ends up with everybody's last state."""
    last = {index: len(clock) - 1 for index, clock in enumerate(clocks)}

    def is_up_to_date(client: Client) -> bool:
        return all(client.seen[index] == number for index, number in last.items() if index != client.index)

    await until(lambda: all(map(is_up_to_date, clients)), "not everybody has everybody's last presence")
    for client in clients:
        if client.closed:
            raise Diverged(f"a client's connection ended: {client.closed}")
        client.close()
