"""A few faults of each kind; `make soak-faults` does two hundred."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.drills.cluster import cluster
from tests.drills.faults import Log, drill
from tests.drills.isolation import missing
from tests.drills.load import crowd
from tests.drills.solo import solo


@pytest.fixture(autouse=True)
def _isolation() -> None:
    if (lack := missing()) is not None:
        pytest.skip(lack)


async def test_two_nodes_recover_and_lose_nothing(tmp_path: Path) -> None:
    log = Log()
    async with cluster(tmp_path) as system, crowd(system.pages, system.token) as people:
        few = {name: system.faults[name] for name in ("kill -9 of a node", "Redis killed", "a node cut off from both")}
        await drill(replace(system, faults=few), people, len(few), 7, log)
    assert len(log.recovered) == len(few)


async def test_one_server_recovers_from_each_fault_and_loses_nothing(tmp_path: Path) -> None:
    log = Log()
    async with solo(tmp_path) as system, crowd(system.pages, system.token) as people:
        await drill(system, people, len(system.faults), 7, log)
    assert len(log.recovered) == len(system.faults)
