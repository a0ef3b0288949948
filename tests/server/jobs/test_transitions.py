"""Whatever asks, peers, silence and restarts do in any order, a job goes only where the table lets it (SPEC J1)."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from pathlib import Path

from crdt.jobs import TRANSITIONS
from server.errors import Conflict
from server.jobs.job import QueuedJob
from server.jobs.leases import Lease, Leases
from server.jobs.queue import JobQueue
from server.migrations import migrate
from server.storage.sql import open_engine

PROJECT = "projectproject00"
ERROR = {"code": "worker_died", "message": "it is gone", "hint": ""}
OPEN = 6
"""Jobs under way at a time."""
EVENTS = 600


class Model:
    """One queue in a file, random events on it, and the state in which each job was last seen."""

    def __init__(self, file: Path) -> None:
        self.url = f"sqlite+aiosqlite:///{file}"
        self.chance = random.Random(0)
        self.now = 1_800_000_000.0
        self.held: list[Lease] = []
        self.seen: dict[str, str] = {}
        self.moves: Counter[tuple[str, str]] = Counter()

    async def open(self) -> None:
        self.engine = open_engine(self.url)
        await migrate(self.engine)
        self.queue = JobQueue(self.engine, lambda: self.now)
        self.leases = Leases(self.engine, lambda: self.now, seconds=30, attempts=3)

    async def ask(self) -> None:
        id = f"job{len(self.seen)}"
        self.seen[id] = (await self.queue.add(id, PROJECT, "export", {}, {}, "ada")).state

    async def take(self) -> None:
        lease = await self.leases.take("worker", ["export"])
        self.held += [lease] if lease else []

    async def report(self) -> None:
        """A peer says how far it is, with whatever lease it holds, current or lost."""
        lease = self.chance.choice(self.held)
        await self.leases.heartbeat(lease.job.id, lease.token, 0.5, "half")

    async def complete(self) -> None:
        lease = self.chance.choice(self.held)
        async with self.engine.begin() as connection:
            await self.leases.complete(connection, lease.job.id, lease.token, {})

    async def fail(self) -> None:
        lease = self.chance.choice(self.held)
        job = await self.queue.find(lease.job.id)
        await self.leases.fail(job, lease.token, ERROR, retry=self.chance.random() < 0.7)

    async def cancel(self) -> None:
        await self.queue.cancel(PROJECT, self.chance.choice(list(self.seen)[-OPEN:]))

    async def silence(self) -> None:
        self.now += self.chance.choice([1, 10, 31])
        await self.leases.expire()

    async def restart(self) -> None:
        before = await self.queue.of_project(PROJECT)
        await self.engine.dispose()
        await self.open()
        assert await self.queue.of_project(PROJECT) == before, "a restart changed a job"
        await self.leases.prolong_all()

    async def step(self) -> None:
        asks = sum(bool(TRANSITIONS[state]) for state in self.seen.values()) < OPEN  # type: ignore[index]
        acts = [self.take, self.take, self.silence, self.complete, self.fail, self.report, self.cancel]
        act = self.ask if asks else self.chance.choice(acts if self.held else [self.take])
        if self.chance.random() < 0.01:
            act = self.restart
        with suppress(Conflict):  # a lease that was lost
            await act()
        del self.held[:-8]
        await self.look()

    async def look(self) -> None:
        for job in await self.queue.of_project(PROJECT):
            was = self.seen[job.id]
            if job.state != was:
                assert job.state in TRANSITIONS[was], (was, job.state)  # type: ignore[index]
                self.moves[was, job.state] += 1
                self.seen[job.id] = job.state
            check(job)


def check(job: QueuedJob) -> None:
    """What is true of a job in its state, whatever came before."""
    assert (job.expires is not None) == (job.state == "running"), job
    assert (job.finished is not None) == job.is_final, job
    assert (job.result is not None) == (job.state == "succeeded"), job
    assert (job.error is not None) == (job.state == "failed"), job
    assert job.attempts <= 3, job


async def test_only_legal_transitions_in_any_order(tmp_path: Path) -> None:
    model = Model(tmp_path / "jobs.db")
    await model.open()
    try:
        for _ in range(EVENTS):
            await model.step()
    finally:
        await model.engine.dispose()
    expected = {(now, then) for now in ("queued", "running") for then in TRANSITIONS[now]}  # type: ignore[index]
    # Nothing in the server asks back or refuses what waits already.
    assert set(model.moves) == expected - {("running", "awaiting_input"), ("queued", "failed")}
