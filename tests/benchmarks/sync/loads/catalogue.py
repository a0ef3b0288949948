"""The loads of issue 3 by their letters: what runs, on which servers, and what is to be reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.benchmarks.sync.loads.editing import Editing
from tests.benchmarks.sync.loads.idle import Idle
from tests.benchmarks.sync.loads.joining import Joining
from tests.benchmarks.sync.loads.presence import Presence
from tests.benchmarks.sync.loads.result import Result
from tests.benchmarks.sync.servers import DURABLE, SINGLE, TWO_NODES
from tests.benchmarks.sync.servers.base import Peer, Running


class Scenario(Protocol):
    async def run(self, running: Running) -> Result: ...


@dataclass(frozen=True)
class Goal:
    """figure: the name of one of the result's figures. limit: at most, or at least.

    then: what the peer `of` needed of it on the machine on which the goals were set; a slower one is known by that.
    """

    figure: str
    limit: float
    at_least: bool = False
    then: float | None = None
    of: str = "y-websocket 1.5"

    def is_met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:,.4g}"


@dataclass(frozen=True)
class Load:
    """columns: figure → heading. is_pinned: the servers on one core, the clients on another."""

    title: str
    about: str
    scenario: Scenario
    servers: Mapping[str, Peer]
    columns: Mapping[str, str]
    goals: Sequence[Goal]
    is_pinned: bool = True


TWO_HOCUSPOCUS = "Hocuspocus + Redis, 2 nodes"
CPU, RATE = "CPU ms / 1,000 delivered", "delivered / s"
EDITS = {"cpu": CPU, "p50": "p50 ms", "p99": "p99 ms", "rate": RATE}
TWO = {"cpu": CPU, "beside": "Redis and database, the same", "p50": "p50 ms", "p99": "p99 ms", "rate": RATE}

LOADS: dict[str, Load] = {
    "a": Load(
        "(a) One room, 50 clients, one of them moves a node 60 times a second",
        "Each update reaches 49 others.",
        Editing(rooms=1, clients=50, writers=1, rate=60), DURABLE, EDITS,
        [Goal("cpu", 12, then=18.7), Goal("p99", 2.5, then=2.6)],
    ),
    "b": Load(
        "(b) The same as fast as it is delivered",
        "512 moves under way at most. Delays are those of a full pipe and have no goal.",
        Editing(rooms=1, clients=50, writers=1, rate=None, seconds=4), SINGLE, EDITS,
        [Goal("cpu", 1.2, then=6.0), Goal("rate", 1e6, at_least=True)],
    ),
    "c": Load(
        "(c) 100 rooms of 4 clients, 10 updates a second in each",
        "One client of each room writes, 3 others receive: 1,000 updates in, 3,000 out a second.",
        Editing(rooms=100, clients=4, writers=1, rate=10), DURABLE, EDITS,
        [Goal("cpu", 25, then=37.5), Goal("p99", 5, then=3.8)],
    ),
    "d30": Load(
        "(d) Presence: 30 clients in one room, each 10 times a second",
        "A state that a newer one overtakes on its way counts as delivered.",
        Presence(30), SINGLE, EDITS, [Goal("cpu", 7, then=13.2), Goal("p99", 6, then=2.5)],
    ),
    "d100": Load(
        "(d) Presence: 100 clients in one room, each 10 times a second",
        "As above.", Presence(100), SINGLE, EDITS,
        [Goal("cpu", 3, then=5.5), Goal("p99", 6, then=6.0, of="Hocuspocus 4.7")],
    ),
    "e": Load(
        "(e) Joining a scene of 10,000 nodes (3.7 MB)",
        "From the connection's begin to the last byte of the state; the scene changes before each join, so that no "
        "earlier answer serves again.",
        Joining(10_000), SINGLE, {"alone": "alone, ms", "crowd": "50 at once, s", "peak": "peak MB"},
        [Goal("alone", 30, then=69), Goal("crowd", 0.8, then=3.071)],
    ),
    "f": Load(
        "(f) 50 at once join a document of 40 MB",
        "10,000 nodes and 12,500 sculpting strokes of 2.9 KB. Until the last of them has the last byte. Peak: of "
        "the server's resident memory while they come.",
        Joining(10_000, strokes=12_500, singles=0), SINGLE,
        {"crowd": "50 at once, s", "crowd_cpu": "CPU s", "peak": "peak MB"},
        [Goal("crowd", 6, then=13.7), Goal("peak", 300)],
    ),
    "g": Load(
        "(g) 1,000 idle connections",
        "The first thousand open a room each, the second thousand come into those rooms. KB: growth of the server's "
        "resident memory for each.",
        Idle(), SINGLE,
        {
            "room_kb": "KB, room and connection", "connection_kb": "KB, connection", "rooms_rate": "rooms opened / s",
            "connects_rate": "connects / s",
        },
        [Goal("room_kb", 25), Goal("connects_rate", 2000, at_least=True)],
    ),
    "ha": Load(
        "(h) Two nodes over Redis: (a)",
        "Half of the clients on each node. CPU of both nodes; what Redis (and our database) use stands beside. Nothing "
        "is bound to a core.",
        Editing(rooms=1, clients=50, writers=1, rate=60, nodes=2), TWO_NODES, TWO,
        [Goal("cpu", 30, then=74, of=TWO_HOCUSPOCUS), Goal("p99", 6, then=14, of=TWO_HOCUSPOCUS)],
        is_pinned=False,
    ),
    "hc": Load(
        "(h) Two nodes over Redis: (c)", "As above.",
        Editing(rooms=100, clients=4, writers=1, rate=10, nodes=2), TWO_NODES, TWO,
        [Goal("cpu", 60, then=109, of=TWO_HOCUSPOCUS), Goal("p99", 50, then=1040, of=TWO_HOCUSPOCUS)],
        is_pinned=False,
    ),
}  # fmt: skip
