"""The disk is full, the database is gone: editing goes on, *saved* stops, everybody is told, and it heals by itself."""

from __future__ import annotations

import asyncio
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect

from crdt import nodes
from crdt.client import join
from crdt.document import SceneDocument
from crdt.messages import Notice, SyncStep1, Update, decode, encode
from server.storage.base import StorageUnavailable
from server.sync import room as rooms_room
from tests.server.api.test_client import make_project
from tests.support.acknowledged import state_in
from tests.support.postgres import postgres
from tests.support.server import ServerProcess, running_server, serving

MB = 1024 * 1024


@dataclass
class Drill:
    """A server, its database, and a fault that comes and goes."""

    server: ServerProcess
    database: str
    begin: Callable[[], None]
    end: Callable[[], None]


@contextmanager
def file_limit(folder: Path) -> Iterator[Drill]:
    """No file of the server grows beyond a megabyte: SQLite's writes fail."""
    with running_server(folder) as server:
        assert server.process is not None
        pid, (_, most) = server.process.pid, resource.getrlimit(resource.RLIMIT_FSIZE)

        def limit(size: int) -> None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))

        yield Drill(server, _sqlite(folder), lambda: limit(MB), lambda: limit(most))


@contextmanager
def full_disk(folder: Path) -> Iterator[Drill]:
    """A disk of its own that somebody else fills up."""
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("a disk of its own needs the right to mount one")
    filler = folder / "filler"
    try:
        with running_server(folder) as server:
            yield Drill(server, _sqlite(folder), lambda: _fill(filler), filler.unlink)
    finally:
        subprocess.run(["umount", folder], check=True)


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


@contextmanager
def stopped_postgres(folder: Path) -> Iterator[Drill]:
    with postgres() as database, running_server(folder, "--database", database.url) as server:
        yield Drill(server, database.url, database.end, database.start)


def _sqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'maquette.db'}"


@pytest.mark.parametrize("fault", [file_limit, full_disk, stopped_postgres])
async def test_editing_goes_on_and_it_heals_by_itself(tmp_path: Path, fault) -> None:
    with fault(tmp_path / "data") as drill:
        address = await make_project(drill.server.url, "Workshop")
        project = address.rsplit("/", 1)[1]
        watched = f"{drill.server.sync_url}/{project}/scene?caps=notice&user=watcherwatcher00"
        async with join(address) as ada, join(address) as bob, connect(watched) as watcher:
            kept = nodes.add(ada, name="saved before")
            await ada.saved()
            await asyncio.to_thread(drill.begin)
            late = [nodes.add(ada, name="during", extras={"weight": "x" * 300_000}) for _ in range(8)]
            assert (await _notice(watcher)).code == "not_saving"
            assert await _readiness(drill) == 503
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ada.saved(), 0.5)
            late.append(nodes.add(ada, name="still editing"))
            assert (await state_in_or_none(drill, project)) in (None, {kept})
            await asyncio.to_thread(drill.end)
            assert (await _notice(watcher)).code == "saving_again"
            await ada.saved()
            assert {kept, *late} == set((await state_in(drill.database, project)).ids("nodes"))
            while set(bob.ids("nodes")) != {kept, *late}:
                await asyncio.sleep(0.02)
            assert await _readiness(drill) == 200


async def state_in_or_none(drill: Drill, project: str) -> set[str] | None:
    """The nodes that the log holds; None while the database is not there."""
    try:
        return set((await state_in(drill.database, project)).ids("nodes"))
    except StorageUnavailable:
        return None


async def _readiness(drill: Drill) -> int:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{drill.server.url}/readyz", timeout=30)
    assert answer.json().get("reason") or answer.status_code == 200
    return answer.status_code


async def _notice(socket: ClientConnection) -> Notice:
    async with asyncio.timeout(30):
        while True:
            message = decode(await socket.recv(decode=False))
            if isinstance(message, Notice):
                return message


async def test_what_waits_for_the_disk_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A room that cannot commit stops reading its sockets: the memory that a flood costs has an end."""
    monkeypatch.setattr(rooms_room, "INBOX_LIMIT", 8 * MB)
    async with serving(tmp_path / "data") as server:
        project = (await server.services.projects.create("Workshop")).id
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        room = await server.services.rooms.room(f"{project}/scene")
        async with connect(f"{server.sync_url}/{project}/scene?caps=saved&user=adaadaadaadaadaa") as socket:
            await socket.send(encode(SyncStep1(b"\x00")))
            resource.setrlimit(resource.RLIMIT_FSIZE, (MB, limit[1]))
            try:
                before = psutil.Process().memory_info().rss
                taken = await _flood(socket)
                grown = psutil.Process().memory_info().rss - before
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            assert room.failing_since is not None
            assert taken < 64, "the socket is not read any more"
            assert grown < 160 * MB


async def _flood(socket: ClientConnection) -> int:
    """Send megabytes until one is not taken within a second; how many were."""
    scene = SceneDocument()
    for number in range(200):
        before = scene.state_vector()
        nodes.add(scene, extras={"weight": "x" * MB})
        try:
            await asyncio.wait_for(socket.send(encode(Update(scene.update(before)))), 1)
        except TimeoutError:
            return number
    return 200
