"""One suite for histories on SQLite and PostgreSQL: compaction, versions, foundings (REQUIREMENTS 1.11, 3.1)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.document import SceneDocument
from server.errors import Conflict
from server.history.compactor import Compactor
from server.history.replay import Replay
from server.history.timeline import Timeline, ToldEntry
from server.projects import Projects
from server.refound import refound
from server.side_process import SideProcess
from server.storage.base import Entry, LogConflict
from server.storage.history import Row, Slice, SqlHistory, Version
from server.storage.sql import SqlUpdateLog
from server.sync.branch import Branch
from server.sync.rooms import Rooms
from server.telemetry import Telemetry
from tests.support.three_actors import session

PROJECT = "projectproject00"
BRANCH = Branch(PROJECT, "scene")
KEY = str(BRANCH)
LATER = 1_900_000_000.0


@pytest.fixture
def history(engine: AsyncEngine) -> SqlHistory:
    return SqlHistory(engine)


@pytest.fixture
async def log(engine: AsyncEngine) -> AsyncIterator[SqlUpdateLog]:
    opened = SqlUpdateLog(engine)
    yield opened
    await opened.close()


@pytest.fixture
async def process() -> AsyncIterator[SideProcess]:
    opened = SideProcess(niceness=5)
    yield opened
    await opened.close()


@pytest.fixture
def compactor(history: SqlHistory, process: SideProcess) -> Compactor:
    return Compactor(history, process, lambda: LATER)


@pytest.fixture
def replay(history: SqlHistory, process: SideProcess) -> Replay:
    return Replay(history, process)


async def append(log: SqlUpdateLog, rows: list[Entry]) -> None:
    for start in range(0, len(rows), 500):
        await log.append(KEY, rows[start : start + 500], {})


def hashes_of(rows: list[Entry], wanted: set[int]) -> dict[int, str]:
    """The canonical hash of the document after each wanted row."""
    document = SceneDocument()
    found = {}
    for row in rows:
        document.apply(row.payload)
        if row.seq in wanted:
            found[row.seq] = document.hash()
    return found


def weight(rows: list[Row]) -> int:
    return sum(len(row.payload) for row in rows)


async def told(history: SqlHistory, process: SideProcess, limit: int = 100) -> list[ToldEntry]:
    """The whole log, oldest first."""
    timeline, before, found = Timeline(history, process), None, []
    while True:
        page, before = await timeline.page(BRANCH, before, limit)
        found += page
        if before is None:
            return found[::-1]


async def test_compaction_halves_the_log_and_every_kept_moment_is_the_same(
    log: SqlUpdateLog, history: SqlHistory, compactor: Compactor, replay: Replay
) -> None:
    rows = session(10_000)
    await append(log, rows)
    named = [1, 77, 1234, 5000, 5001, 9999]
    for seq in named:
        await history.name(Version(f"v{seq}", KEY, seq, f"at {seq}", "ada", 1))
    before = await history.rows(KEY, 0, len(rows))
    await compactor.compact(KEY, 0)
    after = await history.rows(KEY, 0, len(rows))
    assert len(after) * 2 <= len(before)
    assert weight(after) * 2 <= weight(before)
    moments = {row.seq for row in after if not row.inside}
    assert moments.issuperset([*named, 10_000])
    kept = SceneDocument()
    wanted = hashes_of(rows, moments)
    for row in after:
        kept.apply(row.update)
        assert row.inside or kept.hash() == wanted[row.seq]
    for seq in named:
        assert (await replay.state(BRANCH, seq)).hash == wanted[seq]
    loaded = await log.load(KEY)
    assert [row.payload for row in loaded.tail] == [row.update for row in after]
    assert loaded.seq == 10_000


async def test_compaction_keeps_the_newest_rows_and_goes_on_where_it_ended(
    log: SqlUpdateLog, history: SqlHistory, compactor: Compactor
) -> None:
    rows = session(3000)
    await append(log, rows[:2000])
    await compactor.compact(KEY, 500)
    assert await history.compacted(KEY) == 1500
    kept = await history.rows(KEY, 1500, 2000)
    assert [row.seq for row in kept] == list(range(1501, 2001))
    await append(log, rows[2000:])
    await compactor.compact(KEY, 500)
    assert await history.compacted(KEY) == 2500
    document = SceneDocument()
    for row in await history.rows(KEY, 0, 3000):
        document.apply(row.update)
    assert document.hash() == hashes_of(rows, {3000})[3000]


async def test_rows_of_the_last_minutes_stay(log: SqlUpdateLog, history: SqlHistory, process: SideProcess) -> None:
    rows = session(300)
    await append(log, rows)
    now = rows[200].at / 1000 + 120
    await Compactor(history, process, lambda: now).compact(KEY, 0)
    assert await history.compacted(KEY) == max(row.seq for row in rows if row.at < rows[200].at)


async def test_a_jobs_row_stays_what_it_is(log: SqlUpdateLog, history: SqlHistory, compactor: Compactor) -> None:
    rows = session(100)
    rows[50] = replace(rows[50], job="j" * 16, via="job")
    await append(log, rows)
    await compactor.compact(KEY, 0)
    after = await history.rows(KEY, 0, 100)
    (job,) = [row for row in after if row.job is not None]
    assert (job.seq, job.author, job.inside) == (51, rows[50].author, False)
    assert 50 in {row.seq for row in after if not row.inside}
    assert job.update == rows[50].payload


async def test_the_log_tells_every_change_once_by_the_right_actor_in_causal_order(
    log: SqlUpdateLog, history: SqlHistory, process: SideProcess
) -> None:
    rows = session(3000, seed=7)
    await append(log, rows)
    before = await told(history, process, limit=50)
    author = {row.seq: row.author for row in rows}
    covered: dict[int, int] = {}
    for entry in before:
        for seq in range(entry.first, entry.last + 1):
            if author[seq] == entry.author:
                covered[seq] = covered.get(seq, 0) + 1
    assert covered == dict.fromkeys(author, 1)
    assert all(a.first < b.first for a, b in pairwise(before)), "in the order in which they began"
    assert all(entry.began <= entry.at for entry in before)


async def test_compaction_keeps_the_entries(
    log: SqlUpdateLog, history: SqlHistory, process: SideProcess, compactor: Compactor
) -> None:
    await append(log, session(1900, seed=7))
    before = await told(history, process, limit=10_000)
    await compactor.compact(KEY, 0)
    after = await told(history, process, limit=10_000)
    assert [_outline(entry) for entry in after] == [_outline(entry) for entry in before]


def _outline(entry: ToldEntry) -> object:
    what = [(thing.kind, thing.id, thing.name) for thing in entry.what]
    return entry.first, entry.last, entry.began, entry.at, entry.author, what


async def test_an_entry_says_what_was_done_to_which_things(
    log: SqlUpdateLog, history: SqlHistory, process: SideProcess
) -> None:
    await append(log, session(400, seed=3))
    entries = await told(history, process)
    things = [thing for entry in entries for thing in entry.what]
    drags = [thing for thing in things if (thing.actions, thing.keys) == (["changed"], ["translation"])]
    assert drags
    assert all(thing.kind == "nodes" and thing.name for thing in drags)
    assert {"nodes", "materials"} <= {thing.kind for thing in things}
    assert {action for entry in entries for thing in entry.what for action in thing.actions} >= {"added", "changed"}


async def test_a_slice_of_rows_that_have_changed_is_not_written(log: SqlUpdateLog, history: SqlHistory) -> None:
    await append(log, session(20))
    before = await history.rows(KEY, 0, 20)
    with pytest.raises(LogConflict):
        await history.replace(KEY, Slice(0, 9, before[9:10]))
    assert await history.rows(KEY, 0, 20) == before
    assert await history.compacted(KEY) == 0


async def test_a_version_made_meanwhile_keeps_its_moment(log: SqlUpdateLog, history: SqlHistory) -> None:
    await append(log, session(20))
    before = await history.rows(KEY, 0, 20)
    await history.name(Version("v", KEY, 5, "five", "ada", 1))
    with pytest.raises(LogConflict):
        await history.replace(KEY, Slice(0, 10, before[9:10]))
    assert await history.rows(KEY, 0, 20) == before


async def test_only_a_moment_can_be_named(log: SqlUpdateLog, history: SqlHistory, compactor: Compactor) -> None:
    await append(log, session(1000))
    await compactor.compact(KEY, 0)
    for row in await history.rows(KEY, 0, 1000):
        if row.inside:
            with pytest.raises(Conflict, match="no_such_moment"):
                await history.name(Version("v", KEY, row.seq, "", "ada", 1))
            break
    else:
        raise AssertionError("three people at once leave rows that are no moments")
    with pytest.raises(Conflict, match="no_such_moment"):
        await history.name(Version("v", KEY, 1001, "", "ada", 1))


async def test_a_version_is_made_once(log: SqlUpdateLog, history: SqlHistory) -> None:
    await append(log, session(10))
    first = await history.name(Version("v", KEY, 5, "five", "ada", 1))
    assert await history.name(Version("v", KEY, 6, "six", "bob", 2)) == first
    assert await history.versions(KEY, None, 10) == [first]


async def test_a_founding_starts_anew_and_what_was_before_stays_to_be_seen(
    engine: AsyncEngine, log: SqlUpdateLog, history: SqlHistory, compactor: Compactor, replay: Replay
) -> None:
    rows = session(600)
    await append(log, rows)
    await log.append(KEY, [replace(rows[0], seq=601, payload=rows[0].payload)], {7: "ada"})
    projects = Projects(engine, lambda: LATER)
    await projects.create("one", PROJECT)
    before = await replay.state(BRANCH, 601)
    payload = refound(before.update, 1)
    await history.found(KEY, PROJECT, Row(602, 1, "ada", "refound", None, payload), 1)
    with pytest.raises(LogConflict):
        await history.found(KEY, PROJECT, Row(602, 1, "ada", "refound", None, payload), 2)
    assert (await projects.read(PROJECT)).generation == 1
    fresh = SceneDocument()
    fresh.apply(payload)
    node = fresh.ids("nodes")[0]
    vector = fresh.state_vector()
    fresh.set("nodes", node, "name", "after it")
    await log.append(KEY, [replace(rows[0], seq=603, via="socket", payload=fresh.update(vector))], {})
    loaded = await log.load(KEY)
    assert (loaded.snapshot, [row.seq for row in loaded.tail]) == (payload, [603])
    assert dict(loaded.clients) == {7: "refounded"}
    assert (await replay.state(BRANCH, 603)).hash == fresh.hash()
    await compactor.compact(KEY, 0)
    assert (await replay.state(BRANCH, 603)).hash == fresh.hash()
    assert (await replay.state(BRANCH, 601)).hash == before.hash
    assert await history.compacted(KEY) == 603


@pytest.mark.parametrize("point", ["compact.deleted:1", "compact.commit:2", "compact.committed:2", "compact.deleted:4"])
async def test_a_kill_in_the_middle_of_compaction_costs_nothing(
    engine: AsyncEngine, log: SqlUpdateLog, history: SqlHistory, replay: Replay, point: str
) -> None:
    rows = session(3000)
    await append(log, rows)
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.support.compact_once", url, KEY]
    killed = await asyncio.create_subprocess_exec(*command, env={**os.environ, "MAQUETTE_FAILPOINT": point})
    assert await killed.wait() == -signal.SIGKILL
    compacted = await history.compacted(KEY)
    assert compacted < 3000
    kept = await history.rows(KEY, compacted, 3000)
    assert [row.seq for row in kept] == list(range(compacted + 1, 3001)), "what was not done yet is untouched"
    assert (await replay.state(BRANCH, 3000)).hash == hashes_of(rows, {3000})[3000]
    again = await asyncio.create_subprocess_exec(*command)
    assert await again.wait() == 0
    assert await history.compacted(KEY) == 3000
    assert (await replay.state(BRANCH, 3000)).hash == hashes_of(rows, {3000})[3000]


async def test_the_snapshot_that_compaction_goes_on_from_is_kept(
    log: SqlUpdateLog, history: SqlHistory, compactor: Compactor
) -> None:
    rows = session(1000)
    document = SceneDocument()
    await append(log, rows)
    for row in rows:
        document.apply(row.payload)
        if row.seq in {300, 400}:
            await log.put_snapshot(KEY, row.seq, row.at, document.update())
    await compactor.compact(KEY, 500)
    assert await history.compacted(KEY) == 500
    for seq in (600, 700, 800):
        await log.put_snapshot(KEY, seq, 1, b"a later one")
    assert [(await history.base(KEY, seq)).seq for seq in (350, 500, 650, 800)] == [0, 400, 400, 800]


async def test_a_room_has_its_log_compacted_while_people_work(
    log: SqlUpdateLog, history: SqlHistory, process: SideProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = asyncio.Event()
    replace_rows = history.replace

    async def replaced(branch: str, slice: Slice) -> None:
        await replace_rows(branch, slice)
        done.set()

    monkeypatch.setattr(history, "replace", replaced)
    compactor = Compactor(history, process, lambda: LATER, kept_rows=100)
    async with Rooms(log, Telemetry()) as rooms:
        rooms.on_commit(compactor.committed)
        running = asyncio.create_task(compactor.run())
        room = await rooms.room(KEY)
        for row in session(2500):
            await room.edit(row.author, "socket", lambda scene, row=row: scene.apply(row.payload))
        async with asyncio.timeout(30):
            await done.wait()
        running.cancel()
        live = room.document.hash()
    assert await history.compacted(KEY) > 0
    async with Rooms(log, Telemetry()) as again:
        assert (await again.room(KEY)).document.hash() == live
