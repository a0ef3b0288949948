"""Two nodes on PostgreSQL and Redis: each of the four killed, stopped or cut off, clocks turned."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.drills.faults import System
from tests.drills.isolation import Clock, Namespace, namespace
from tests.drills.solo import create_project
from tests.support.postgres import Postgres, postgres
from tests.support.redis import RedisProcess, running_redis
from tests.support.server import ServerProcess

NODES = 2
EDITORS_EACH = 2
LEASE = 5.0
"""Seconds (MAQUETTE_NODE_LEASE_SECONDS' default) after which a node that is not heard loses its branches."""


@dataclass
class Node:
    server: ServerProcess
    net: Namespace
    clock: Clock

    async def start(self) -> None:
        await asyncio.to_thread(self.server.start)

    async def kill(self) -> None:
        await asyncio.to_thread(self.server.kill)

    def signal(self, number: signal.Signals) -> None:
        assert self.server.process is not None
        self.server.process.send_signal(number)


class Cluster:
    def __init__(self, nodes: list[Node], database: Postgres, redis: RedisProcess) -> None:
        self.nodes, self.database, self.redis = nodes, database, redis

    async def node_killed(self, chance: random.Random) -> None:
        node = chance.choice(self.nodes)
        await node.kill()
        await node.start()

    async def node_lost(self, chance: random.Random) -> None:
        """Long enough for the other one to take over."""
        node = chance.choice(self.nodes)
        await node.kill()
        await asyncio.sleep(2 * LEASE)
        await node.start()

    async def all_killed(self, _: random.Random) -> None:
        await asyncio.gather(*(node.kill() for node in self.nodes))
        await asyncio.gather(*(node.start() for node in self.nodes))

    async def node_stopped(self, chance: random.Random) -> None:
        node = chance.choice(self.nodes)
        await asyncio.to_thread(node.server.terminate)
        await node.start()

    async def node_frozen(self, chance: random.Random) -> None:
        """It comes back believing that it still owns what was taken over meanwhile."""
        node = chance.choice(self.nodes)
        node.signal(signal.SIGSTOP)
        await asyncio.sleep(chance.uniform(1, 2 * LEASE))
        node.signal(signal.SIGCONT)

    async def redis_killed(self, chance: random.Random) -> None:
        await asyncio.to_thread(self.redis.kill)
        await asyncio.sleep(chance.uniform(0, 2))
        await asyncio.to_thread(self.redis.start)

    async def redis_frozen(self, chance: random.Random) -> None:
        self.redis.freeze()
        await asyncio.sleep(chance.uniform(1, 6))
        self.redis.thaw()

    async def database_killed(self, chance: random.Random) -> None:
        await asyncio.to_thread(self.database.end, signal.SIGQUIT)
        await asyncio.sleep(chance.uniform(0, 4))
        await asyncio.to_thread(self.database.start)

    async def node_cut_off(self, chance: random.Random) -> None:
        """From database and bus, for less or more than a lease; its users still reach it."""
        link = chance.choice(self.nodes).net.back
        await asyncio.to_thread(link.cut)
        await asyncio.sleep(chance.uniform(1, 2 * LEASE))
        await asyncio.to_thread(link.heal)

    async def users_cut_off(self, chance: random.Random) -> None:
        link = chance.choice(self.nodes).net.front
        await asyncio.to_thread(link.cut)
        await asyncio.sleep(chance.uniform(0.5, 3))
        await asyncio.to_thread(link.heal)

    async def clock_jumps(self, chance: random.Random) -> None:
        clock = chance.choice(self.nodes).clock
        clock.jump(chance.choice([-86_400, -30, 45, 3_600]))
        await asyncio.sleep(2)  # the new time is read once a second
        clock.jump(0)


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[System]:
    with ExitStack() as stack:
        nets = [stack.enter_context(namespace(number)) for number in range(NODES)]
        database = stack.enter_context(postgres(*(net.back.outside for net in nets)))
        redis = stack.enter_context(running_redis(*(net.back.outside for net in nets)))
        nodes = [_node(folder, net, database, redis) for net in nets]
        for node in nodes:
            stack.callback(node.server.kill)
            await node.start()
        token = (folder / "data" / "access.key").read_text().strip()
        project = await create_project(nodes[0].server.url, token)
        all_of = Cluster(nodes, database, redis)
        pages = [f"{node.server.url}/p/{project}" for node in nodes for _ in range(EDITORS_EACH)]
        yield System(
            "two nodes, PostgreSQL, Redis", pages, token, project, database.url,
            {
                "kill -9 of a node": all_of.node_killed, "a node lost for ten seconds": all_of.node_lost,
                "kill -9 of all nodes": all_of.all_killed, "SIGTERM of a node": all_of.node_stopped,
                "a node frozen": all_of.node_frozen, "Redis killed": all_of.redis_killed,
                "Redis frozen": all_of.redis_frozen, "PostgreSQL killed": all_of.database_killed,
                "a node cut off from both": all_of.node_cut_off, "users cut off from a node": all_of.users_cut_off,
                "clock jump of a node": all_of.clock_jumps,
            },
        )  # fmt: skip


def _node(folder: Path, net: Namespace, database: Postgres, redis: RedisProcess) -> Node:
    """All nodes share the data folder: its keys and blobs."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    clock = Clock(folder / f"{net.name}.clock")
    clock.jump(0)
    gateway = net.back.outside
    options = [
        "--no-peer", "--host", net.front.inside, "--database", database.url_at(gateway),
        "--redis", f"redis://{gateway}:{redis.port}/0",
    ]  # fmt: skip
    server = ServerProcess(data, options, clock.environment, prefix=net.prefix)
    return Node(server, net, clock)
