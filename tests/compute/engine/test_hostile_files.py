"""Hostile files in a worker as a peer runs it: refused with their code, within time and memory, without the network."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from compute.engine.base import Limits, Task, inputs_folder
from compute.engine.local import LocalEngine
from compute.errors import OperationError
from tests.compute.formats.test_hostile import CASES
from tests.support.assets import asset

HERE = "tests.compute.engine.functions"
LIMITS = Limits(memory=2 << 30, seconds=30)
PEAK_MB = 600
"""Of the worker's whole process, libraries included, after every one of the files."""


@pytest.fixture
async def engine() -> AsyncIterator[LocalEngine]:
    engine = LocalEngine(warm=[HERE])
    yield engine
    await engine.close()


async def refusal(engine: LocalEngine, folder: Path, name: str, data: bytes) -> OperationError:
    """Import one file; how the worker refused it."""
    blob = hashlib.sha256(data).hexdigest()
    inputs_folder(folder).mkdir(parents=True)
    (inputs_folder(folder) / blob).write_bytes(data)
    options = {"unit": None, "up": None, "levels": None}
    arguments = {"job": "job-1", "files": [{"name": name, "blob": blob}], "options": options}
    task = Task(f"{HERE}:import_watched", arguments, folder, limits=LIMITS)
    with pytest.raises(OperationError) as refused:
        await engine.run(task, lambda fraction, message: None)  # noqa: ARG005
    return refused.value


async def test_forty_files_are_refused_within_their_limits(engine, tmp_path):
    assert len(CASES) >= 40
    for code, (name, make) in CASES.items():
        assert (await refusal(engine, tmp_path / code, name, make())).code == code
        assert int((tmp_path / code / "peak").read_text()) < PEAK_MB, code


async def test_the_hostile_models_are_refused_within_their_limits(engine, tmp_path):
    internal = {"worker_crashed", "out_of_memory", "time_limit", "internal_error"}
    for path in sorted(asset("hostile").iterdir()):
        found = await refusal(engine, tmp_path / path.name, path.name, path.read_bytes())
        assert found.code not in internal, path.name


async def test_a_worker_that_reached_for_the_network_would_be_noticed(engine, tmp_path):
    with pytest.raises(OperationError) as failed:
        await engine.run(Task(f"{HERE}:resolve_a_name", {"host": "localhost"}, tmp_path), lambda *_: None)
    assert (failed.value.code, "77" in failed.value.message) == ("worker_crashed", True)
