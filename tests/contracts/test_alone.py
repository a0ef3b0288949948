"""Who may write to a PostgreSQL database: one server alone, or nodes that know of each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from server.nodes.cluster import open_cluster
from server.nodes.database_lock import DatabaseLock
from server.nodes.leases import LeasedOwnership
from server.nodes.ownership import DataInUse
from server.storage.fencing import owned
from server.storage.sql import open_engine
from tests.contracts.conftest import sql_engine

BRANCH = "projectprojectpr/scene"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.nodes.database_lock.PATIENCE", 0.1)


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    async with sql_engine(postgres_url) as opened:
        yield opened


def folder(path: Path) -> Path:
    path.mkdir()
    return path


async def test_a_second_server_on_the_database_is_refused_whatever_its_folder(
    database: AsyncEngine, tmp_path: Path
) -> None:
    a, b = folder(tmp_path / "a"), folder(tmp_path / "b")
    async with open_cluster(database, a, "", 5.0):
        with pytest.raises(DataInUse, match="another server") as refused:
            async with open_cluster(database, b, "", 5.0):
                pass
        assert (refused.value.code, "--redis" in refused.value.hint) == ("data_in_use", True)
        with pytest.raises(DataInUse):
            async with open_cluster(database, b, "redis://127.0.0.1:1/0", 5.0):
                pass
    async with open_cluster(database, b, "", 5.0):
        pass


async def test_nodes_of_one_installation_share_the_database(database: AsyncEngine) -> None:
    nodes = [DatabaseLock(database, exclusive=False, on_lost=_never) for _ in range(2)]
    for one in nodes:
        await one.take()
    with pytest.raises(DataInUse):
        await DatabaseLock(database, exclusive=True, on_lost=_never).take()
    for one in nodes:
        await one.drop()


async def test_a_server_whose_session_broke_takes_the_database_again(database: AsyncEngine) -> None:
    lock = DatabaseLock(database, exclusive=True, on_lost=_never)
    await lock.take()
    keeping = asyncio.create_task(lock.run())
    before = await _holders(database)
    await _break_sessions(database)
    async with asyncio.timeout(20):
        while not (now := await _holders(database)) or now == before:
            await asyncio.sleep(0.01)
    with pytest.raises(DataInUse):
        await DatabaseLock(database, exclusive=True, on_lost=_never).take()
    keeping.cancel()
    await lock.drop()


async def test_a_server_that_lost_the_database_to_another_one_is_told(database: AsyncEngine) -> None:
    told = asyncio.Event()
    lost = DatabaseLock(database, exclusive=True, on_lost=told.set)
    winner = DatabaseLock(database, exclusive=True, on_lost=_never)
    await lost.take()
    await _break_sessions(database)
    await winner.take()
    async with asyncio.timeout(20):
        await lost.run()
    assert told.is_set()
    await winner.drop()


async def test_a_transaction_of_a_stopped_server_does_not_hold_up_a_take_over(
    database: AsyncEngine, postgres_url: str
) -> None:
    stopped, heir = LeasedOwnership(database), LeasedOwnership(database)
    await stopped.open()
    await heir.open()
    await stopped.claim(BRANCH)
    engine = open_engine(postgres_url, idle=0.3)
    in_its_middle = await engine.connect()
    await in_its_middle.execute(owned([BRANCH]))
    await stopped.close()  # given up
    assert (await heir.claim(BRANCH)).is_mine
    with pytest.raises(DBAPIError, match=r"idle-in-transaction|closed"):
        await in_its_middle.execute(text("SELECT 1"))
    await in_its_middle.close()
    await engine.dispose()


def _never() -> None:
    raise AssertionError("it was not lost")


async def _holders(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        held = text("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted")
        return list((await connection.execute(held)).scalars())


async def _break_sessions(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        ending = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'")
        await connection.execute(ending)
