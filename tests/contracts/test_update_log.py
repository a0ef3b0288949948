"""One suite for every storage of the log: memory, SQLite, PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.migrations import migrate
from server.storage import postgres_writer, sqlite_writer
from server.storage.base import Entry, LogConflict, StorageUnavailable, UpdateLog
from server.storage.memory import MemoryUpdateLog
from server.storage.sql import SqlUpdateLog
from server.storage.tables import metadata, projects
from tests.contracts.conftest import sql_engine

BRANCH = "projectprojectpr/scene"


def entry(seq: int, payload: bytes = b"u", job: str | None = None, author: str = "ada") -> Entry:
    return Entry(seq, 1_000 + seq, author, "socket", payload, job)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[UpdateLog]:
    if request.param == "memory":
        yield MemoryUpdateLog()
        return
    url = f"sqlite+aiosqlite:///{tmp_path / 'log.db'}" if request.param == "sqlite" else None
    async with sql_engine(url or request.getfixturevalue("postgres_url")) as engine:
        opened = SqlUpdateLog(engine)
        yield opened
        await opened.close()


async def test_an_unknown_branch_is_empty(log: UpdateLog) -> None:
    loaded = await log.load(BRANCH)
    assert (loaded.snapshot, list(loaded.tail), dict(loaded.clients), loaded.seq) == (None, [], {}, 0)


async def test_rows_come_back_in_order_and_unchanged(log: UpdateLog) -> None:
    entries = [entry(n, bytes([n]) * n) for n in range(1, 30)]
    await log.append(BRANCH, entries[:10], {7: "ada"})
    await log.append(BRANCH, entries[10:], {2**53 - 1: "bob", 7: "eve"})
    loaded = await log.load(BRANCH)
    assert list(loaded.tail) == entries
    assert dict(loaded.clients) == {7: "ada", 2**53 - 1: "bob"}, "a bound client id stays with its first user"
    assert await log.read(BRANCH, after=20, limit=3) == entries[20:23]


async def test_branches_are_apart(log: UpdateLog) -> None:
    await log.append(BRANCH, [entry(1, b"a")], {})
    await log.append(BRANCH + "@other", [entry(1, b"b")], {})
    assert [row.payload for row in (await log.load(BRANCH)).tail] == [b"a"]


async def test_a_number_is_taken_once(log: UpdateLog) -> None:
    await log.append(BRANCH, [entry(1, b"mine")], {})
    with pytest.raises(LogConflict):
        await log.append(BRANCH, [entry(1, b"theirs")], {})
    assert [row.payload for row in (await log.load(BRANCH)).tail] == [b"mine"]


async def test_repeating_a_committed_append_is_no_error(log: UpdateLog) -> None:
    await log.append(BRANCH, [entry(1), entry(2)], {1: "ada"})
    await log.append(BRANCH, [entry(1), entry(2)], {1: "ada"})
    assert (await log.load(BRANCH)).seq == 2


@pytest.mark.parametrize("count", [1, 2, sqlite_writer.AT_ONCE, sqlite_writer.AT_ONCE + 1])
async def test_as_many_rows_as_a_statement_holds_and_one_more(log: UpdateLog, count: int) -> None:
    rows = [entry(seq, b"%d" % seq) for seq in range(1, count + 1)]
    await log.append(BRANCH, rows, {})
    assert (await log.load(BRANCH)).tail == rows
    with pytest.raises(LogConflict):
        await log.append(BRANCH, [entry(count, b"another"), entry(count + 1)], {})
    assert (await log.load(BRANCH)).tail == rows, "all of an append or nothing"


async def test_many_rooms_append_at_once(log: UpdateLog) -> None:
    branches = [f"{n:016}/scene" for n in range(40)]
    await asyncio.gather(*(log.append(branch, [entry(1, branch.encode())], {}) for branch in branches))
    for branch in branches:
        assert [row.payload for row in (await log.load(branch)).tail] == [branch.encode()]


async def test_a_conflict_in_a_group_spares_the_others(log: UpdateLog) -> None:
    await log.append("b/scene", [entry(1, b"first")], {})
    results = await asyncio.gather(
        log.append("a/scene", [entry(1)], {}),
        log.append("b/scene", [entry(1, b"second")], {}),
        log.append("c/scene", [entry(1)], {}),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), LogConflict, type(None)]
    assert (await log.load("a/scene")).seq == (await log.load("c/scene")).seq == 1


async def test_a_job_is_committed_once_with_its_extra(log: UpdateLog) -> None:
    calls = []

    async def extra(_: object) -> None:
        calls.append(1)

    assert await log.append_job(BRANCH, entry(1, job="j" * 16), {}, extra) is None
    assert await log.append_job(BRANCH, entry(2, job="j" * 16), {}, extra) == 1
    assert (len(calls), (await log.load(BRANCH)).seq) == (1, 1)


async def test_a_failing_extra_leaves_no_row(log: UpdateLog) -> None:
    async def extra(_: object) -> None:
        raise RuntimeError("lease lost")

    with pytest.raises(RuntimeError, match="lease lost"):
        await log.append_job(BRANCH, entry(1, job="j" * 16), {5: "ada"}, extra)
    loaded = await log.load(BRANCH)
    assert (loaded.seq, dict(loaded.clients)) == (0, {})


async def test_a_job_cannot_take_a_number_twice(log: UpdateLog) -> None:
    async def extra(_: object) -> None: ...

    await log.append(BRANCH, [entry(1)], {})
    with pytest.raises(LogConflict):
        await log.append_job(BRANCH, entry(1, b"other", job="j" * 16), {}, extra)


async def test_a_snapshot_shortens_loading_and_the_log_stays(log: UpdateLog) -> None:
    entries = [entry(n) for n in range(1, 11)]
    await log.append(BRANCH, entries, {})
    for seq in (2, 4, 8):
        await log.put_snapshot(BRANCH, seq, 5_000, b"state %d" % seq)
    loaded = await log.load(BRANCH)
    assert (loaded.snapshot, loaded.snapshot_seq, list(loaded.tail)) == (b"state 8", 8, entries[8:])
    assert await log.read(BRANCH) == entries


async def test_migrations_end_in_the_tables(engine: AsyncEngine) -> None:
    """REQUIREMENTS 20.2: a database that was migrated step by step equals the tables, and migrating twice is once."""
    await migrate(engine)
    async with engine.connect() as connection:
        difference = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), metadata)
        )
    assert difference == []


async def test_extra_shares_the_transaction(engine: AsyncEngine) -> None:
    row = {"id": "p" * 16, "name": "", "created": 1, "changed": 1, "trashed": False, "generation": 0}
    log = SqlUpdateLog(engine)

    async def extra(connection) -> None:
        await connection.execute(insert(projects).values(row))
        raise RuntimeError("too late")

    with pytest.raises(RuntimeError):
        await log.append_job(BRANCH, entry(1, job="j" * 16), {}, extra)
    async with engine.connect() as connection:
        assert (await connection.execute(select(projects))).all() == []
    await log.close()


async def test_a_database_that_cannot_be_read_is_asked_anew(engine: AsyncEngine) -> None:
    log = SqlUpdateLog(engine)
    await log.append(BRANCH, [entry(1)], {})
    await log.load(BRANCH)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE snapshots RENAME TO away"))
    with pytest.raises(StorageUnavailable):
        await log.load(BRANCH)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE away RENAME TO snapshots"))
    assert (await log.load(BRANCH)).tail == [entry(1)]
    await log.close()


async def test_sqlite_is_durable(tmp_path: Path) -> None:
    async with sql_engine(f"sqlite+aiosqlite:///{tmp_path / 'd.db'}") as engine, engine.connect() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar() == 2, "FULL"


async def test_a_commit_that_the_database_never_answers_fails_and_may_be_repeated(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_writer, "COMMIT_SECONDS", 0.2)
    async with sql_engine(postgres_url) as engine, engine.connect() as other:
        log = SqlUpdateLog(engine)
        await other.execute(text("LOCK TABLE updates IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StorageUnavailable):
            await log.append(BRANCH, [entry(1)], {})
        await other.rollback()
        await log.append(BRANCH, [entry(1)], {})
        assert (await log.load(BRANCH)).seq == 1
        await log.close()


async def test_whoever_is_alone_waits_for_a_commit_and_holds_the_next_one_up(engine: AsyncEngine) -> None:
    log = SqlUpdateLog(engine)
    first = asyncio.ensure_future(log.append(BRANCH, [entry(1)], {}))
    await asyncio.sleep(0)
    async with log.appender.alone():
        assert (await log.read(BRANCH)) == [entry(1)]
        second = asyncio.ensure_future(log.append(BRANCH, [entry(2)], {}))
        await asyncio.sleep(0.05)
        assert (await log.read(BRANCH)) == [entry(1)]
    await asyncio.gather(first, second)
    assert (await log.read(BRANCH)) == [entry(1), entry(2)]
    await log.close()
