"""Clean-up removes only what nothing refers to, and every named version keeps its blobs (REQUIREMENTS 20.8)."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.document import SceneDocument
from crdt.resources import add_texture
from server.blobs import BlobStore
from server.cleaning.cleaner import Cleaner
from server.cleaning.references import References
from server.errors import NotFound
from server.history.compactor import Compactor
from server.history.replay import Replay
from server.jobs.queue import JobQueue
from server.ledger import BlobLedger
from server.projects import Projects
from server.side_process import SideProcess
from server.storage.api_tables import project_blobs
from server.storage.base import Entry
from server.storage.history import SqlHistory, Version
from server.storage.sql import SqlUpdateLog
from server.storage.tables import projects as project_rows
from server.sync.branch import Branch

ONE, TWO = "projectproject01", "projectproject02"
DAY = 86400.0


class Store:
    """A database with a blob store, whose clock is set."""

    def __init__(self, engine: AsyncEngine, process: SideProcess, folder: Path) -> None:
        self.now = 1_900_000_000.0
        self.engine = engine
        self.folder = folder
        self.blobs = BlobStore.open(folder.as_uri())
        self.ledger = BlobLedger(engine, lambda: self.now)
        self.history = SqlHistory(engine)
        self.log = SqlUpdateLog(engine)
        self.replay = Replay(self.history, process)
        self.compactor = Compactor(self.history, process, lambda: self.now)
        references = References(engine, self.history, process)
        self.cleaner = Cleaner(engine, self.blobs, references, lambda: self.now)
        self.scene = SceneDocument()
        self.seq = 0

    async def upload(self, data: bytes, project: str = ONE) -> str:
        stored = await self.blobs.put(data)
        path = self.folder / stored.sha256[:2] / stored.sha256
        os.utime(path, (self.now, self.now))
        await self.ledger.record(project, stored.sha256, stored.size)
        return stored.sha256

    async def refer(self, image: str, texture: str | None = None) -> str:
        """Write a row that makes a texture show an image."""
        before = self.scene.state_vector()
        if texture is None:
            texture = add_texture(self.scene, name="t", image=image)
        else:
            self.scene.set("textures", texture, "image", image)
        self.seq += 1
        row = Entry(self.seq, int(self.now * 1000) + self.seq, "ada", "socket", self.scene.update(before))
        await self.log.append(f"{ONE}/scene", [row], {})
        return texture

    async def has(self, sha256: str) -> bool:
        try:
            await self.blobs.size(sha256)
        except NotFound:
            return False
        return True


@pytest.fixture
async def store(engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Store]:
    process = SideProcess(niceness=5)
    opened = Store(engine, process, tmp_path / "blobs")
    projects = Projects(engine, lambda: opened.now)
    for project in (ONE, TWO):
        await projects.create(project, project)
    yield opened
    await opened.log.close()
    await process.close()


async def test_only_what_nothing_refers_to_goes_and_only_when_it_is_old(store: Store) -> None:
    used, unused = await store.upload(b"used"), await store.upload(b"unused")
    await store.refer(used)
    assert (await store.cleaner.clean()).blobs == [], "both are young"
    store.now += 8 * DAY
    dry = await store.cleaner.clean(dry=True)
    assert (dry.rows, dry.blobs, dry.bytes) == ([(ONE, unused)], [unused], 6)
    assert await store.has(unused), "a dry run only tells"
    cleaned = await store.cleaner.clean()
    assert (cleaned.rows, cleaned.blobs, cleaned.bytes) == (dry.rows, dry.blobs, dry.bytes)
    assert (await store.has(used), await store.has(unused)) == (True, False)
    assert await store.ledger.size(ONE, unused) is None
    assert (await store.cleaner.clean()).blobs == []


async def test_a_version_keeps_its_blobs_through_compaction_and_clean_up(store: Store) -> None:
    images = [await store.upload(b"image %d" % number) for number in range(4)]
    texture = await store.refer(images[0])
    await store.refer(images[1], texture)
    wanted = store.scene.hash()
    await store.history.name(Version("v", f"{ONE}/scene", 2, "kept", "ada", 1))
    for image in images[2:]:
        await store.refer(image, texture)
    store.now += 8 * DAY
    await store.compactor.compact(f"{ONE}/scene", 0)
    await store.cleaner.clean()
    assert [await store.has(image) for image in images] == [False, True, False, True], "the version's, and today's"
    state = await store.replay.state(Branch(ONE, "scene"), 2)
    assert state.hash == wanted


async def test_what_another_project_keeps_stays(store: Store) -> None:
    shared = await store.upload(b"shared")
    await store.upload(b"shared", TWO)
    await store.refer(shared)
    store.now += 8 * DAY
    cleaned = await store.cleaner.clean()
    assert (cleaned.rows, cleaned.blobs) == ([(TWO, shared)], [])
    assert await store.has(shared)


async def test_what_a_job_names_stays(store: Store, engine: AsyncEngine) -> None:
    named = await store.upload(b"to be imported")
    queue = JobQueue(engine, lambda: store.now)
    await queue.add("j" * 16, ONE, "import", {}, {"files": [{"name": "a.glb", "blob": named}]}, "ada")
    store.now += 8 * DAY
    assert (await store.cleaner.clean()).blobs == []


async def test_a_decoded_copy_stays_as_long_as_what_it_was_made_of(store: Store) -> None:
    used, plain = await store.upload(b"packed"), await store.upload(b"plain")
    unused, other = await store.upload(b"packed too"), await store.upload(b"plain too")
    await store.ledger.record_plain(used, plain)
    await store.ledger.record_plain(unused, other)
    await store.refer(used)
    store.now += 8 * DAY
    assert sorted((await store.cleaner.clean()).blobs) == sorted([unused, other])
    assert (await store.ledger.plain_of(used), await store.ledger.plain_of(unused)) == (plain, None)


async def test_storing_again_and_asking_make_a_blob_young(store: Store) -> None:
    stored, asked = await store.upload(b"stored again"), await store.upload(b"asked for")
    store.now += 8 * DAY
    await store.upload(b"stored again")
    await store.ledger.touch(ONE, asked)
    assert (await store.cleaner.clean()).blobs == []
    assert await store.has(stored)
    assert await store.has(asked)


async def test_an_upload_that_comes_while_bytes_are_taken_away_wins(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    unused = await store.upload(b"unused")
    store.now += 8 * DAY
    set_aside = store.blobs.set_aside

    async def just_before_an_upload(sha256: str):
        aside = await set_aside(sha256)
        await store.upload(b"unused", TWO)
        return aside

    monkeypatch.setattr(store.blobs, "set_aside", just_before_an_upload)
    assert (await store.cleaner.clean()).blobs == []
    assert await store.has(unused)
    assert await store.ledger.size(TWO, unused) == 6


async def test_blobs_of_a_project_that_is_gone_go(store: Store, engine: AsyncEngine) -> None:
    used = await store.upload(b"used")
    await store.refer(used)
    async with engine.begin() as connection:
        await connection.execute(delete(project_rows).where(project_rows.c.id == ONE))
    store.now += 8 * DAY
    assert (await store.cleaner.clean()).blobs == [used]


async def test_what_uploads_have_left_goes_when_it_is_old(store: Store) -> None:
    writer = store.blobs.writer(10_000_000)
    await writer.write(os.urandom(3_000_000))
    store.now = time.time()
    assert (await store.cleaner.clean()).leftovers == 0
    store.now += 2 * DAY
    assert (await store.cleaner.clean()).leftovers == 1


async def test_a_blob_that_is_stored_again_while_its_last_owner_goes_stays(store: Store) -> None:
    """Its bytes are there already, its row is still to come."""
    data = b"stored by two"
    sha256 = await store.upload(data)
    recorded = store.now
    async with store.engine.begin() as connection:
        await connection.execute(delete(project_blobs))
    store.now += 1
    again = await store.blobs.put(data)
    os.utime(store.folder / sha256[:2] / sha256, (store.now, store.now))
    assert await store.cleaner.remove({sha256: recorded}) == 0
    await store.ledger.record(TWO, again.sha256, again.size)
    assert await store.has(sha256)


async def test_a_blob_whose_new_row_came_first_stays(store: Store) -> None:
    sha256 = await store.upload(b"recorded by two")
    recorded = store.now
    async with store.engine.begin() as connection:
        await connection.execute(delete(project_blobs))
    await store.ledger.record(TWO, sha256, 15)
    assert await store.cleaner.remove({sha256: recorded}) == 0
    assert await store.has(sha256)
    async with store.engine.begin() as connection:
        await connection.execute(delete(project_blobs))
    assert await store.cleaner.remove({sha256: recorded, "0" * 64: recorded}) == 1
    assert not await store.has(sha256)
