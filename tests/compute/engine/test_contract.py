"""What every engine promises: values, blobs, refusals and progress."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from compute.engine.base import Engine, Task, blobs_folder, inputs_folder
from compute.engine.local import LocalEngine
from compute.errors import OperationError
from crdt.errors import MaquetteError
from tests.compute.engine.in_process import InProcessEngine

HERE = "tests.compute.engine.functions"


@pytest.fixture(params=[LocalEngine, InProcessEngine])
async def engine(request) -> AsyncIterator[Engine]:
    engine = request.param()
    yield engine
    await engine.close()


def task(folder: Path, function: str, **arguments) -> Task:
    return Task(f"{HERE}:{function}", arguments, folder)


def ignore(fraction: float, message: str) -> None:
    assert 0 <= fraction <= 1
    assert isinstance(message, str)


async def test_returns_the_value(engine, tmp_path):
    assert (await engine.run(task(tmp_path, "double", value=21), ignore))["value"] == 42


async def test_progress_never_falls(engine, tmp_path):
    seen: list[float] = []
    await engine.run(task(tmp_path, "double", value=1), lambda fraction, _: seen.append(fraction))
    assert seen[0] == 0.5
    assert seen == sorted(seen)


async def test_files_go_in_and_blobs_come_out(engine, tmp_path):
    inputs_folder(tmp_path).mkdir()
    (inputs_folder(tmp_path) / "abc").write_bytes(b"data")
    value = await engine.run(task(tmp_path, "copy", blob="abc"), ignore)
    assert value["blob"] == hashlib.sha256(b"data!").hexdigest()
    assert (blobs_folder(tmp_path) / value["blob"]).read_bytes() == b"data!"


async def test_refusals_keep_their_code_message_and_hint(engine, tmp_path):
    with pytest.raises(MaquetteError) as refused:
        await engine.run(task(tmp_path, "refuse", found="a cat"), ignore)
    assert refused.value.as_json() == {
        "code": "not_a_model", "message": "found a cat", "hint": "a model was expected",
    }  # fmt: skip


async def test_other_exceptions_are_internal_errors(engine, tmp_path):
    with pytest.raises(OperationError) as failed:
        await engine.run(task(tmp_path, "fault", zero=0), ignore)
    assert failed.value.code == "internal_error"
    assert "ZeroDivisionError" in failed.value.message


async def test_the_next_task_runs_after_a_failure(engine, tmp_path):
    with pytest.raises(MaquetteError):
        await engine.run(task(tmp_path, "refuse", found=""), ignore)
    assert (await engine.run(task(tmp_path, "double", value=2), ignore))["value"] == 4
