"""The projects that a peer is in: joined when it has a job there, left with the last one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from compute.errors import ServerAway
from crdt.client import LiveScene, join
from crdt.errors import ConnectionRefused

UNREACHABLE = "unreachable"


class JoinedRoom:
    """A live scene, and the peer's jobs in it as others see them in the presence."""

    def __init__(self, scene: LiveScene) -> None:
        self.scene = scene
        self._jobs: dict[str, dict[str, float | str]] = {}

    def show(self, job: str, progress: float, message: str) -> None:
        self._jobs[job] = {"progress": round(progress, 3), "message": message[:200]}
        self.scene.presence.set(jobs=dict(self._jobs))

    def hide(self, job: str) -> None:
        if self._jobs.pop(job, None) is not None:
            self.scene.presence.set(jobs=dict(self._jobs))


class JoinedRooms:
    """Rooms of one server. Jobs that run in one project at the same time share its room."""

    def __init__(self, server: str, token: str, name: str) -> None:
        self._server = server.rstrip("/")
        self._token = token
        self._name = name
        self._open: dict[str, _Shared] = {}

    @asynccontextmanager
    async def enter(self, project: str) -> AsyncIterator[JoinedRoom]:
        """Raises ServerAway when the server does not answer, ConnectionRefused when it does not let the peer in."""
        shared = self._open.get(project)
        if shared is None:
            shared = self._open[project] = _Shared(self._join(project))
        shared.users += 1
        try:
            yield await shared.room()
        except ConnectionRefused as refused:
            if refused.code == UNREACHABLE:
                raise ServerAway(refused.code, refused.message, refused.hint) from refused
            raise
        finally:
            shared.users -= 1
            if not shared.users:
                self._open.pop(project, None)
                await shared.leave()

    @asynccontextmanager
    async def _join(self, project: str) -> AsyncIterator[JoinedRoom]:
        async with join(f"{self._server}/p/{project}", self._token, name=self._name, kind="peer") as scene:
            yield JoinedRoom(scene)


class _Shared:
    """One joined room for several jobs: entered and left by a task of its own, whoever comes first and goes last."""

    def __init__(self, joining: AbstractAsyncContextManager[JoinedRoom]) -> None:
        self.users = 0
        self._leaving = asyncio.Event()
        self._room: asyncio.Future[JoinedRoom] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._stay(joining))

    async def room(self) -> JoinedRoom:
        return await asyncio.shield(self._room)

    async def leave(self) -> None:
        self._leaving.set()
        if not self._room.done():
            self._task.cancel()
        await asyncio.wait({self._task})
        if self._room.done() and not self._room.cancelled():
            self._room.exception()  # whoever waited for it was told; nobody may have

    async def _stay(self, joining: AbstractAsyncContextManager[JoinedRoom]) -> None:
        try:
            async with joining as room:
                self._room.set_result(room)
                await self._leaving.wait()
        except Exception as error:
            if self._room.done():
                raise
            self._room.set_exception(error)
