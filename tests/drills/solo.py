"""One server on SQLite: killed, stopped, its disk filled, its clock turned, its users cut off."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import httpx

from tests.drills.faults import System
from tests.drills.isolation import Clock, Disk, Namespace, namespace, small_disk
from tests.support.server import ServerProcess

MEGABYTES = 96
EDITORS = 3


class Solo:
    def __init__(self, server: ServerProcess, disk: Disk, clock: Clock, net: Namespace) -> None:
        self.server, self.disk, self.clock, self.net = server, disk, clock, net

    async def start(self, **environment: str) -> None:
        self.server.environment = {**self.clock.environment, **environment}
        await asyncio.to_thread(self.server.start)

    async def killed(self, chance: random.Random) -> None:
        await asyncio.sleep(chance.uniform(0, 0.3))
        await asyncio.to_thread(self.server.kill)
        await self.start()

    async def killed_in_a_commit(self, chance: random.Random) -> None:
        await asyncio.to_thread(self.server.kill)
        place = chance.choice(["log.commit", "log.committed"])
        await self.start(MAQUETTE_FAILPOINT=f"{place}:{chance.randint(2, 12)}")
        process = self.server.process
        assert process is not None
        await asyncio.to_thread(process.wait, 30)
        await asyncio.to_thread(self.server.kill)
        await self.start()

    async def stopped(self, _: random.Random) -> None:
        await asyncio.to_thread(self.server.terminate)
        await self.start()

    async def disk_full(self, chance: random.Random) -> None:
        await asyncio.to_thread(self.disk.fill)
        await asyncio.sleep(chance.uniform(0.5, 2))
        if chance.random() < 0.3:
            await asyncio.to_thread(self.server.kill)
            self.disk.free()
            await self.start()
        self.disk.free()

    async def clock_jumps(self, chance: random.Random) -> None:
        self.clock.jump(chance.choice([-86_400, -30, 45, 3_600, 40 * 86_400]))
        await asyncio.sleep(1.5)  # the new time is read once a second
        self.clock.jump(0)

    async def users_cut_off(self, chance: random.Random) -> None:
        await asyncio.to_thread(self.net.front.cut)
        await asyncio.sleep(chance.uniform(0.5, 3))
        await asyncio.to_thread(self.net.front.heal)


@asynccontextmanager
async def solo(folder: Path) -> AsyncIterator[System]:
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(folder / "disk", MEGABYTES))
        net = stack.enter_context(namespace(0))
        clock = Clock(folder / "clock")
        clock.jump(0)
        data = disk.folder / "data"
        data.mkdir()
        server = ServerProcess(data, ["--no-peer", "--host", net.front.inside], prefix=net.prefix)
        one = Solo(server, disk, clock, net)
        stack.callback(server.kill)
        await one.start()
        token = (data / "access.key").read_text().strip()
        project = await create_project(server.url, token)
        yield System(
            "one server, SQLite", [f"{server.url}/p/{project}"] * EDITORS, token, project,
            f"sqlite+aiosqlite:///{data / 'maquette.db'}",
            {
                "kill -9": one.killed, "killed in a commit": one.killed_in_a_commit, "SIGTERM": one.stopped,
                "disk full": one.disk_full, "clock jump": one.clock_jumps, "users cut off": one.users_cut_off,
            },
        )  # fmt: skip


async def create_project(url: str, token: str) -> str:
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
        answer = await client.post("/api/v1/projects", json={"name": "Drill"})
        return str(answer.raise_for_status().json()["id"])
