"""Isolation: crashes, memory, time and cancellation end one task and nothing else; fresh workers are fresh."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from compute.engine import local
from compute.engine.base import Limits, Task
from compute.engine.local import LocalEngine
from compute.errors import OperationError

HERE = "tests.compute.engine.functions"


@pytest.fixture
async def engine() -> AsyncIterator[LocalEngine]:
    engine = LocalEngine()
    yield engine
    await engine.close()


def ignore(fraction: float, message: str) -> None:
    assert 0 <= fraction <= 1
    assert isinstance(message, str)


async def run(engine: LocalEngine, folder: Path, function: str, *, fresh=False, limits=None, **arguments):
    return await engine.run(Task(f"{HERE}:{function}", arguments, folder, fresh, limits or Limits()), ignore)


async def assert_works(engine: LocalEngine, folder: Path) -> None:
    assert (await run(engine, folder, "double", value=4))["value"] == 8


@pytest.mark.parametrize("fatal", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
async def test_a_crash_fails_its_task_only(engine, tmp_path, fatal):
    with pytest.raises(OperationError) as failed:
        await run(engine, tmp_path, "die", signal=int(fatal))
    assert failed.value.code == "worker_crashed"
    assert fatal.name in failed.value.message
    await assert_works(engine, tmp_path)


async def test_memory_is_limited(engine, tmp_path):
    with pytest.raises(OperationError) as failed:
        await run(engine, tmp_path, "hoard", bytes=4 << 30, limits=Limits(memory=1 << 30))
    assert failed.value.code == "out_of_memory"
    assert "1,024 MiB" in failed.value.message
    assert (await run(engine, tmp_path, "hoard", bytes=2 << 20))["size"] == 2 << 20


async def test_time_is_limited(engine, tmp_path):
    with pytest.raises(OperationError) as failed:
        await run(engine, tmp_path, "linger", limits=Limits(seconds=0.2))
    assert failed.value.code == "time_limit"
    await assert_works(engine, tmp_path)


@pytest.mark.parametrize("stubborn", [False, True])
async def test_cancelling_ends_the_process(engine, tmp_path, monkeypatch, stubborn):
    monkeypatch.setattr(local, "GRACE_SECONDS", 0.2)
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = Task(f"{HERE}:linger", {"stubborn": stubborn}, tmp_path)
    running = asyncio.create_task(engine.run(task, lambda _, message: started.set_result(int(message))))
    pid = await started
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await assert_works(engine, tmp_path)


async def test_workers_are_used_again(engine, tmp_path):
    pids = {(await run(engine, tmp_path, "double", value=1))["pid"] for _ in range(3)}
    assert len(pids) == 1


async def test_fresh_tasks_share_a_worker_with_nobody(engine, tmp_path):
    before = (await run(engine, tmp_path, "double", value=1))["pid"]
    fresh = [(await run(engine, tmp_path, "double", value=1, fresh=True))["pid"] for _ in range(2)]
    after = (await run(engine, tmp_path, "double", value=1))["pid"]
    assert len({before, *fresh}) == 3
    assert after not in fresh


async def test_workers_are_replaced_after_a_while(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(local, "RECYCLE_AFTER", 2)
    pids = [(await run(engine, tmp_path, "double", value=1))["pid"] for _ in range(3)]
    assert pids[0] == pids[1] != pids[2]


async def test_prints_do_not_disturb_the_channel(engine, tmp_path):
    assert await run(engine, tmp_path, "chatter") == {"said": True}


async def test_no_more_tasks_at_once_than_workers(tmp_path):
    engine = LocalEngine(workers=2)
    await engine.start()
    folders = [tmp_path / str(i) for i in range(4)]
    for folder in folders:
        folder.mkdir()
    values = await asyncio.gather(*(run(engine, folder, "double", value=3) for folder in folders))
    assert len({value["pid"] for value in values}) <= 2
    await engine.close()
