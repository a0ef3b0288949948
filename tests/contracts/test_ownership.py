"""Leases over both databases; the lock of a server alone on its data."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.nodes.leases import LOOKS, LeasedOwnership
from server.nodes.ownership import DataInUse
from server.nodes.processes import Processes
from server.nodes.sole import DataLock, SoleOwnership
from server.storage.base import Deposed, Entry
from server.storage.fencing import deposed, owned
from server.storage.sql import SqlUpdateLog

BRANCH = "projectprojectpr/scene"
SECONDS = 5.0
LOOK = SECONDS / LOOKS


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def node(engine: AsyncEngine, clock: Clock) -> LeasedOwnership:
    opened = LeasedOwnership(engine, seconds=SECONDS, clock=clock)
    await opened.open()
    return opened


def end(processes: Processes) -> None:
    """As the kernel does when a process ends."""
    assert processes._own is not None
    processes._own.close()


async def beat(clock: Clock, *nodes: LeasedOwnership, times: int = 1) -> None:
    for _ in range(times):
        clock.now += LOOK
        for one in nodes:
            await one.beat()


async def is_fenced(engine: AsyncEngine, branch: str, epoch: int) -> bool:
    leases = {branch: epoch}
    async with engine.begin() as connection:
        return deposed(await connection.execute(owned(leases)), leases) == {branch}


async def test_the_first_owns_and_the_others_learn_who(engine: AsyncEngine) -> None:
    clock = Clock()
    a, b = await node(engine, clock), await node(engine, clock)
    mine = await a.claim(BRANCH)
    assert (mine.node, mine.epoch, mine.is_mine) == (a.node, 1, True)
    theirs = await b.claim(BRANCH)
    assert (theirs.node, theirs.epoch, theirs.is_mine) == (a.node, 1, False)
    assert (await b.claim(BRANCH + "@other")).is_mine


async def test_of_many_who_ask_at_once_one_owns(engine: AsyncEngine) -> None:
    clock = Clock()
    nodes = [await node(engine, clock) for _ in range(5)]
    leases = await asyncio.gather(*(one.claim(BRANCH) for one in nodes))
    assert sum(lease.is_mine for lease in leases) == 1
    assert len({lease.node for lease in leases}) == 1


async def test_what_is_released_is_free_under_a_higher_epoch(engine: AsyncEngine) -> None:
    clock = Clock()
    a, b = await node(engine, clock), await node(engine, clock)
    lease = await a.claim(BRANCH)
    await a.release(BRANCH, lease.epoch)
    taken = await b.claim(BRANCH)
    assert (taken.is_mine, taken.epoch) == (True, 2)
    await a.release(BRANCH, lease.epoch)
    assert not (await a.claim(BRANCH)).is_mine, "an old lease releases nothing"


async def test_a_claim_of_ones_own_begins_anew(engine: AsyncEngine) -> None:
    a = await node(engine, Clock())
    await a.claim(BRANCH)
    again = await a.claim(BRANCH)
    assert (again.is_mine, again.epoch) == (True, 2)
    assert await is_fenced(engine, BRANCH, 1)
    assert not await is_fenced(engine, BRANCH, 2)


async def test_a_silent_node_is_given_up_and_its_branches_are_free(engine: AsyncEngine) -> None:
    clock = Clock()
    a, b = await node(engine, clock), await node(engine, clock)
    gone: list[str] = []
    b.on_gone(gone.append)
    await a.claim(BRANCH)
    await beat(clock, a, b)
    await beat(clock, b, times=LOOKS - 1)
    assert gone == []
    assert not (await b.claim(BRANCH)).is_mine
    await beat(clock, b)
    assert gone == [a.node]
    taken = await b.claim(BRANCH)
    assert (taken.is_mine, taken.epoch) == (True, 2)
    assert await is_fenced(engine, BRANCH, 1), "an append of the old owner fails"


async def test_appends_of_an_old_owner_fail_and_others_of_the_same_commit_do_not(engine: AsyncEngine) -> None:
    a = await node(engine, Clock())
    old, other = (await a.claim(BRANCH)).epoch, (await a.claim(BRANCH + "@other")).epoch
    new = (await a.claim(BRANCH)).epoch
    log = SqlUpdateLog(engine)

    async def never(_: object) -> None:
        raise AssertionError("an append that is refused runs nothing")

    appended = await asyncio.gather(
        log.append(BRANCH, [row(1, b"old")], {}, old),
        log.append(BRANCH + "@other", [row(1, b"other")], {}, other),
        return_exceptions=True,
    )
    assert [type(one) for one in appended] == [Deposed, type(None)]
    with pytest.raises(Deposed):
        await log.append_job(BRANCH, row(1, b"old", "job"), {}, never, old)
    await log.append(BRANCH, [row(1, b"new")], {}, new)
    assert [(entry.seq, entry.payload) for entry in await log.read(BRANCH)] == [(1, b"new")]
    assert [entry.payload for entry in await log.read(BRANCH + "@other")] == [b"other"]
    await log.close()


def row(seq: int, payload: bytes, job: str | None = None) -> Entry:
    return Entry(seq, 1_000, "ada", "socket", payload, job)


async def test_a_node_that_was_given_up_learns_it_and_begins_anew(engine: AsyncEngine) -> None:
    clock = Clock()
    a, b = await node(engine, clock), await node(engine, clock)
    deposed_: list[str] = []
    a.on_deposed(lambda: deposed_.append("deposed"))
    await beat(clock, a, b)
    await beat(clock, b, times=LOOKS + 1)
    await a.beat()
    assert deposed_ == ["deposed"]
    assert (await a.claim(BRANCH)).is_mine
    assert not (await b.claim(BRANCH)).is_mine


async def test_a_node_that_slept_itself_gives_nobody_up(engine: AsyncEngine) -> None:
    clock = Clock()
    a, b = await node(engine, clock), await node(engine, clock)
    gone: list[str] = []
    b.on_gone(gone.append)
    await beat(clock, a, b, times=2)
    clock.now += 3600
    await b.beat()
    assert gone == []
    await a.beat()
    await b.beat()
    assert gone == []


async def test_who_leaves_frees_what_it_owned_at_once(engine: AsyncEngine) -> None:
    clock = Clock()
    a, b = await node(engine, clock), await node(engine, clock)
    gone: list[str] = []
    b.on_gone(gone.append)
    await a.claim(BRANCH)
    await beat(clock, a, b)
    await a.close()
    assert (await b.claim(BRANCH)).is_mine
    await beat(clock, b)
    assert gone == [a.node]


async def test_a_node_whose_process_ended_on_this_machine_is_given_up_at_once(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    clock = Clock()
    running = [Processes(tmp_path) for _ in range(4)]
    dead, stopped, other = [LeasedOwnership(engine, processes=one, clock=clock) for one in running[:3]]
    elsewhere = await node(engine, clock)
    for one in (dead, stopped, other):
        await one.open()
    await dead.claim(BRANCH)
    end(running[0])
    gone: list[str] = []
    other.on_gone(gone.append)
    await other.beat()
    assert gone == [dead.node], "neither one that is silent nor one with another folder"
    assert (await other.claim(BRANCH)).is_mine
    end(running[2])
    restarted = LeasedOwnership(engine, processes=running[3], clock=clock)
    await restarted.open()
    assert (await restarted.claim(BRANCH)).is_mine, "before it serves anybody"
    left = {path.name for path in (tmp_path / "nodes").iterdir()}
    assert left == {stopped.node, restarted.node}
    for one in (stopped, restarted, elsewhere):
        await one.close()
    assert list((tmp_path / "nodes").iterdir()) == []


async def test_a_node_knows_whether_the_others_know_it(engine: AsyncEngine) -> None:
    clock = Clock()
    a = await node(engine, clock)
    assert a.is_well
    clock.now += SECONDS
    assert not a.is_well
    await a.beat()
    assert a.is_well


async def test_all_nodes_of_a_database_have_one_name(engine: AsyncEngine) -> None:
    clock = Clock()
    names = {await LeasedOwnership(engine, clock=clock).open() for _ in range(3)}
    assert len(names) == 1


async def test_a_server_alone_owns_everything() -> None:
    alone = SoleOwnership()
    lease = await alone.claim(BRANCH)
    assert (lease.is_mine, lease.epoch) == (True, 0)


def test_a_second_server_on_the_data_is_refused(tmp_path: Path) -> None:
    first, second = DataLock(tmp_path, exclusive=True), DataLock(tmp_path, exclusive=True)
    node_of_many = DataLock(tmp_path, exclusive=False)
    first.take()
    for other in (second, node_of_many):
        with pytest.raises(DataInUse) as refused:
            other.take()
        assert refused.value.code == "data_in_use"
    first.drop()
    second.take()
    second.drop()


def test_nodes_of_one_installation_share_the_folder(tmp_path: Path) -> None:
    nodes = [DataLock(tmp_path, exclusive=False) for _ in range(2)]
    for one in nodes:
        one.take()
    with pytest.raises(DataInUse):
        DataLock(tmp_path, exclusive=True).take()
    for one in nodes:
        one.drop()


def test_the_lock_of_a_killed_server_is_gone(tmp_path: Path) -> None:
    holds = (
        "import sys, pathlib; from server.nodes.sole import DataLock\n"
        f"lock = DataLock(pathlib.Path({str(tmp_path)!r}), exclusive=True); lock.take()\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    mine = DataLock(tmp_path, exclusive=True)
    with subprocess.Popen([sys.executable, "-c", holds], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(DataInUse, match=f"process {other.pid}"):
            mine.take()
        other.kill()
    mine.take()
    mine.drop()
