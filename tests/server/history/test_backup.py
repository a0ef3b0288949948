"""A backup made while people edit is the state of some acknowledged moment (REQUIREMENTS 20.9)."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crdt import nodes
from crdt.client import join
from crdt.document import SceneDocument
from crdt.link import Link
from server.history.replay import described
from server.storage.history import Base, SqlHistory
from server.storage.sql import open_engine
from tests.server.api.test_client import make_project
from tests.support.postgres import postgres
from tests.support.server import TOP, running_server


def maquette(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", *map(str, arguments)]
    return subprocess.run(command, cwd=TOP, env=os.environ, capture_output=True, text=True, timeout=120)


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite+aiosqlite:///{folder / 'maquette.db'}"


@contextmanager
def server_of_postgres(_: Path) -> Iterator[str]:
    with postgres() as database:
        yield database.url


def without_meta(document: SceneDocument) -> dict[str, object]:
    return {root: value for root, value in document.content().items() if root != "meta"}


async def scene_at(database: str, project: str, seq: int | None = None) -> tuple[int, SceneDocument]:
    """The scene that a log holds after a row (None: the last)."""
    engine = open_engine(database)
    try:
        history, branch = SqlHistory(engine), f"{project}/scene"
        head = await history.head(branch) if seq is None else seq
        base = await history.base(branch, head)
        rows = await history.rows(branch, base.seq, head)
    finally:
        await engine.dispose()
    document = SceneDocument()
    document.apply(described(SceneDocument, Base(base.seq, base.payload), rows)[0])
    return head, document


@pytest.mark.parametrize("name", ["backup", "backup.tar.gz"])
@pytest.mark.parametrize(
    ("source", "target"), [(sqlite, sqlite), (server_of_postgres, server_of_postgres), (sqlite, server_of_postgres)]
)
async def test_a_backup_during_edits_is_an_acknowledged_moment(tmp_path: Path, source, target, name: str) -> None:
    with source(tmp_path / "data") as database, target(tmp_path / "other") as empty:
        with running_server(tmp_path / "data", "--database", database) as server:
            address = await make_project(server.url, "Workshop")
            project = address.rsplit("/", 1)[1]
            async with join(address) as scene:
                blob = await scene.upload(b"a model")
                trashed = nodes.add(scene, name="trashed")
                nodes.trash(scene, [trashed], "ada")
                saved = await scene.saved()
                editing = asyncio.create_task(_edit(scene))
                made = await asyncio.to_thread(
                    maquette, "backup", "--to", tmp_path / name, "--data", tmp_path / "data", "--database", database
                )
                editing.cancel()
                assert made.returncode == 0, made.stderr
                await scene.saved()
        restored = maquette("restore", "--from", tmp_path / name, "--data", tmp_path / "other", "--database", empty)
        assert restored.returncode == 0, restored.stderr
        head, found = await scene_at(empty, project)
        assert head - 1 >= saved, "what was acknowledged before the backup is in it"
        _, then = await scene_at(database, project, head - 1)
        assert without_meta(found) == without_meta(then)
        assert trashed in found.ids("nodes"), "a restore empties no trash"
        assert found.meta().generation == 1
        with running_server(tmp_path / "other", "--database", empty) as server:
            async with join(f"{server.url}/p/{project}") as scene:
                assert without_meta(scene) == without_meta(found)
                assert (await scene.download(blob, tmp_path / "copy")).read_bytes() == b"a model"
        again = maquette("restore", "--from", tmp_path / name, "--data", tmp_path / "other", "--database", empty)
        assert (again.returncode, "not_empty" in again.stderr) == (1, True)


async def _edit(scene: SceneDocument) -> None:
    while True:
        nodes.add(scene, name="meanwhile", extras={"weight": "x" * 500})
        await asyncio.sleep(0)
        await scene.saved()  # type: ignore[attr-defined]


async def test_a_client_ahead_of_the_backup_does_not_merge(tmp_path: Path) -> None:
    """It keeps what it has: its program makes a proposal of it (web/core/generations.ts)."""
    with running_server(tmp_path / "data") as server:
        address = await make_project(server.url, "Workshop")
        project = address.rsplit("/", 1)[1]
        url = f"{server.sync_url}/{project}/scene?caps=saved,refusal,hello&user=adaadaadaadaadaa"
        ahead = SceneDocument()
        async with Link(ahead, url) as link:
            await link.synced(10)
            chair = nodes.add(ahead, name="Chair")
            await link.saved()
            assert maquette("backup", "--to", tmp_path / "backup", "--data", tmp_path / "data").returncode == 0
            table = nodes.add(ahead, name="Table")
            await link.saved()
            await asyncio.to_thread(server.kill)
            assert maquette("restore", "--from", tmp_path / "backup", "--data", tmp_path / "new").returncode == 0
            server.data = tmp_path / "new"
            await asyncio.to_thread(server.restart)
            while link._refusal is None:
                await asyncio.sleep(0.02)
            assert link._refusal.code == "other_generation"
        async with join(f"{server.url}/p/{project}") as scene:
            assert scene.ids("nodes") == [chair]
        assert table in ahead.ids("nodes")


def test_a_backup_takes_no_name_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    refused = maquette("backup", "--to", tmp_path / "there", "--data", tmp_path / "data")
    assert (refused.returncode, "not_empty" in refused.stderr) == (1, True)


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    refused = maquette("restore", "--from", tmp_path, "--data", tmp_path / "data")
    assert (refused.returncode, "not_a_backup" in refused.stderr) == (1, True)
    assert not (tmp_path / "data" / "maquette.db").exists()


async def test_clean_up_by_hand(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        address = await make_project(server.url, "Workshop")
        async with join(address) as scene:
            unused = await scene.upload(b"unused")
        told = maquette("clean", "--data", tmp_path / "data", "--dry-run")
        assert (told.returncode, told.stdout) == (0, "0 blobs (0 bytes) would be removed\n"), "it is young"
        stored = tmp_path / "data" / "blobs" / unused[:2] / unused
        assert stored.exists()
