"""A few faults of each kind; `make soak-faults` does two hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills.faults import Log, drill
from tests.drills.isolation import missing
from tests.drills.load import crowd
from tests.drills.solo import solo


@pytest.fixture(autouse=True)
def _isolation() -> None:
    if (lack := missing()) is not None:
        pytest.skip(lack)


async def test_one_server_recovers_from_each_fault_and_loses_nothing(tmp_path: Path) -> None:
    log = Log()
    async with solo(tmp_path) as system, crowd(system.pages, system.token) as people:
        await drill(system, people, len(system.faults), 7, log)
    assert len(log.recovered) == len(system.faults)
