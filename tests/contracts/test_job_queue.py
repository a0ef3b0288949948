"""One suite for the durable queue on SQLite and PostgreSQL: jobs as rows, and leases on them (SPEC J)."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.errors import Conflict, NotFound
from server.jobs.job import QueuedJob
from server.jobs.leases import Lease, Leases
from server.jobs.queue import JobQueue

PROJECT = "projectproject00"
CAUSE = {"code": "worker_died", "message": "it is gone", "hint": ""}


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(engine: AsyncEngine, clock: Clock) -> JobQueue:
    return JobQueue(engine, clock)


@pytest.fixture
def leases(engine: AsyncEngine, clock: Clock) -> Leases:
    return Leases(engine, clock, seconds=30, attempts=2)


async def ask(queue: JobQueue, id: str, by: str = "ada", op: str = "export", project: str = PROJECT) -> QueuedJob:
    return await queue.add(id, project, op, {"nodes": ["a"]}, {"format": "glb", "n": 1.5}, by)


async def take(leases: Leases) -> Lease:
    lease = await leases.take("worker", ["export"])
    assert lease is not None
    return lease


async def finish(engine: AsyncEngine, leases: Leases, lease: Lease) -> QueuedJob:
    async with engine.begin() as connection:
        return await leases.complete(connection, lease.job.id, lease.token, {"blob": "x", "nested": [1, None]})


async def test_asking_twice_is_asking_once(queue: JobQueue) -> None:
    first = await ask(queue, "one")
    assert (first.state, first.target, first.params) == ("queued", {"nodes": ["a"]}, {"format": "glb", "n": 1.5})
    again = await asyncio.gather(*(ask(queue, "one", by="eve") for _ in range(5)))
    assert {job.by for job in again} == {"ada"}
    assert len(await queue.of_project(PROJECT)) == 1


async def test_a_job_belongs_to_its_project(queue: JobQueue) -> None:
    await ask(queue, "one")
    assert (await queue.find("one")).project == PROJECT
    with pytest.raises(NotFound, match="no_such_job"):
        await queue.read("anotherproject00", "one")
    assert await queue.known(["one", "two"]) == {"one"}
    assert await queue.known([]) == set()


async def test_the_list_is_paged_newest_first(queue: JobQueue) -> None:
    for number in range(5):
        await ask(queue, str(number))
    await ask(queue, "inner", op="plain")
    first, cursor = await queue.page(PROJECT, None, 2)
    second, cursor = await queue.page(PROJECT, cursor, 2)
    third, end = await queue.page(PROJECT, cursor, 2)
    assert [job.id for job in [*first, *second, *third]] == ["4", "3", "2", "1", "0"], "jobs of the server are not told"
    assert end is None


async def test_places_and_counts(queue: JobQueue, leases: Leases) -> None:
    jobs = [await ask(queue, str(number)) for number in range(3)]
    assert [await queue.position(job) for job in jobs] == [1, 2, 3]
    running = (await take(leases)).job
    assert await queue.position(running) is None
    assert await queue.counts() == {"queued": 2, "running": 1}


async def test_each_job_is_leased_to_one_peer_however_many_ask(queue: JobQueue, leases: Leases) -> None:
    for number in range(8):
        await ask(queue, str(number), by=f"user {number % 3}")
    given = await asyncio.gather(*(leases.take(f"worker {number}", ["export"]) for number in range(8)))
    assert sorted(lease.job.id for lease in given if lease is not None) == [str(number) for number in range(8)]
    assert await leases.take("late", ["export"]) is None


async def test_users_take_turns(queue: JobQueue, leases: Leases, clock: Clock) -> None:
    for number in range(3):
        await ask(queue, f"ada {number}")
    await ask(queue, "bob", by="bob")
    order = []
    for _ in range(4):
        order.append((await take(leases)).job.id)
        clock.now += 1
    assert order == ["ada 0", "bob", "ada 1", "ada 2"]


async def test_a_result_is_kept_with_its_lease(
    queue: JobQueue, leases: Leases, engine: AsyncEngine, clock: Clock
) -> None:
    await ask(queue, "one")
    lease = await take(leases)
    await leases.heartbeat("one", lease.token, 0.5, "half")
    clock.now += 3
    await finish(engine, leases, lease)
    done = await queue.find("one")
    assert (done.state, done.result, done.lease) == ("succeeded", {"blob": "x", "nested": [1, None]}, lease.token)
    assert await queue.usual_seconds("export") == 3
    with pytest.raises(Conflict, match="lease_lost"):
        await finish(engine, leases, lease)


async def test_what_the_transaction_undoes_was_never_complete(
    queue: JobQueue, leases: Leases, engine: AsyncEngine
) -> None:
    await ask(queue, "one")
    lease = await take(leases)

    async def complete_and_fail() -> None:
        async with engine.begin() as connection:
            await leases.complete(connection, "one", lease.token, {})
            raise RuntimeError("the log refused")

    with pytest.raises(RuntimeError):
        await complete_and_fail()
    assert (await queue.find("one")).state == "running"


async def test_silence_costs_the_lease_and_attempts_run_out(queue: JobQueue, leases: Leases, clock: Clock) -> None:
    await ask(queue, "one")
    first = await take(leases)
    assert await leases.next_expiry() == 30
    clock.now += 31
    (expired,) = await leases.expire()
    assert (expired.state, expired.attempts) == ("queued", 1)
    with pytest.raises(Conflict, match="lease_lost"):
        await leases.heartbeat("one", first.token, 0.9, "a zombie")
    second = await take(leases)
    failed = await leases.fail(second.job, second.token, CAUSE, retry=True)
    assert (failed.state, [cause["code"] for cause in failed.causes]) == ("failed", ["lease_expired", "worker_died"])
    assert failed.error is not None
    assert failed.error["code"] == "attempts_exhausted"


async def test_a_restart_prolongs_what_runs(queue: JobQueue, leases: Leases, clock: Clock) -> None:
    await ask(queue, "one")
    await take(leases)
    clock.now += 29
    await leases.prolong_all()
    clock.now += 29
    assert await leases.expire() == []


async def test_cancelling(queue: JobQueue, leases: Leases, engine: AsyncEngine) -> None:
    await ask(queue, "one")
    await ask(queue, "two")
    lease = await take(leases)
    assert (await queue.cancel(PROJECT, "two")).state == "cancelled"
    assert (await queue.cancel(PROJECT, "one")).cancelling
    with pytest.raises(Conflict, match="lease_lost"):
        await finish(engine, leases, lease)
    ended = await leases.fail(await queue.find("one"), lease.token, CAUSE, retry=True)
    assert (ended.state, ended.lease) == ("cancelled", None)


async def test_a_trashed_project_waits_for_nothing(queue: JobQueue) -> None:
    await ask(queue, "one")
    await ask(queue, "other", project="anotherproject00")
    assert [job.id for job in await queue.cancel_project(PROJECT)] == ["one"]
    assert (await queue.find("other")).state == "queued"


async def test_failures_of_one_blob_are_counted(queue: JobQueue) -> None:
    for number in range(3):
        params = {"blob": "a" if number else "b"}
        await queue.add(str(number), PROJECT, "plain", {}, params, "ada", error=CAUSE)
    assert await queue.failures("plain", PROJECT, "a") == 2
