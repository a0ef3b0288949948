"""All rooms of a server: loaded once however many come at once, unloaded when idle, finished when the server stops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from crdt.messages import RESTART
from server.errors import Conflict, Unavailable
from server.storage.base import Entry, UpdateLog
from server.sync.batch import Change
from server.sync.branch import Branch
from server.sync.outbox import Closing
from server.sync.room import Room
from server.telemetry import Telemetry

_log = structlog.get_logger()

OnLoad = Callable[[Room], Awaitable[None]]
"""Repairs a document that was just loaded, before anybody joins; may use `room.edit`."""


class Rooms:
    """`room = await rooms.room("{project}/scene")`; `async with` owns the rooms' tasks.

    idle_seconds: a room that nobody has asked for and nobody is in for so long is unloaded. So whoever got a room from
    `room` uses it at once or asks again.
    """

    def __init__(
        self, log: UpdateLog, telemetry: Telemetry, *, idle_seconds: float = 60.0, close_seconds: float = 10.0
    ) -> None:
        self._log = log
        self._telemetry = telemetry
        self._idle_seconds = idle_seconds
        self._close_seconds = close_seconds
        self._rooms: dict[str, Room] = {}
        self._loading: dict[str, asyncio.Task[Room]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._unloading: dict[str, asyncio.TimerHandle] = {}
        self._kept_closed: dict[str, asyncio.Event] = {}
        self._listeners: list[Callable[[Room, Sequence[Entry]], None]] = []
        self._on_load: list[OnLoad] = []
        self._is_closed = False

    def on_commit(self, listener: Callable[[Room, Sequence[Entry]], None]) -> None:
        """Have `listener(room, rows)` called after every commit; it must not raise or wait."""
        self._listeners.append(listener)

    def on_load(self, repair: OnLoad) -> None:
        """Have `await repair(room)` called for every room that is loaded, before anybody gets it."""
        self._on_load.append(repair)

    async def room(self, branch: str) -> Room:
        """The room of a branch, loaded if need be. NotFound for a name that is none, Unavailable when stopping."""
        key = str(Branch.parse(branch))
        if self._is_closed:
            raise Unavailable("server_stopping", "the server is being stopped", "connect again in a moment")
        room = self._rooms.get(key)
        if room is None or room.is_closed:
            room = await self._load_once(key)
        if room is self._rooms.get(key):
            self._unload_later(key)
        return room

    @asynccontextmanager
    async def closed(self, branch: str, closing: Closing) -> AsyncIterator[None]:
        """Finish a document's room with this closing, and keep everybody out while the body runs.

        Conflict where another one does so already.
        """
        key = str(Branch.parse(branch))
        if key in self._kept_closed:
            raise Conflict("document_closed", f"{key} is being worked on", "try again in a moment")
        reopened = self._kept_closed[key] = asyncio.Event()
        try:
            if (loading := self._loading.get(key)) is not None:
                await asyncio.wait([loading])
            if (room := self._rooms.get(key)) is not None:
                room.close(closing)
            if (running := self._running.get(key)) is not None:
                await asyncio.wait([running])
            yield
        finally:
            del self._kept_closed[key]
            reopened.set()

    @property
    def failing(self) -> list[str]:
        """Branches that cannot be committed at the moment; readiness reports them."""
        return [key for key, room in self._rooms.items() if room.failing_since is not None]

    def loaded(self) -> list[Room]:
        """The rooms that live in this process, for the metrics."""
        return [room for room in self._rooms.values() if isinstance(room, Room)]

    def __len__(self) -> int:
        return len(self._rooms)

    async def close(self) -> None:
        """Finish what was received, close all sockets with 1012."""
        self._is_closed = True
        await asyncio.gather(*self._loading.values(), return_exceptions=True)
        for room in self._rooms.values():
            room.close(Closing(RESTART, "the server is being restarted"))
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=self._close_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for timer in self._unloading.values():
            timer.cancel()

    async def __aenter__(self) -> "Rooms":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- loading

    async def _load_once(self, key: str) -> Room:
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._load(key), name=f"load {key}")
            task.add_done_callback(lambda _: self._loading.pop(key, None))
        # Shielded: the first to come may go away, the others still wait for the room.
        return await asyncio.shield(task)

    async def _load(self, key: str) -> Room:
        if (earlier := self._running.get(key)) is not None:
            await asyncio.wait([earlier])
        while (kept := self._kept_closed.get(key)) is not None:
            await kept.wait()
        room = await Room.load(Branch.parse(key), self._log, self._telemetry, self._committed)
        self._running[key] = task = asyncio.create_task(room.run(), name=f"room {key}")
        task.add_done_callback(lambda done: self._ended(key, room, done))
        try:
            for repair in self._on_load:
                await repair(room)
        except BaseException:
            room.close(Closing(RESTART, "not repaired"))
            raise
        self._rooms[key] = room
        self._telemetry.rooms.set(len(self._rooms))
        self._unload_later(key)
        return room

    def _committed(self, room: Room, rows: Sequence[Entry], changes: Sequence[Change]) -> None:  # noqa: ARG002
        for listener in self._listeners:
            listener(room, rows)

    # -- unloading

    def _unload_later(self, key: str) -> None:
        if (timer := self._unloading.pop(key, None)) is not None:
            timer.cancel()
        self._unloading[key] = asyncio.get_running_loop().call_later(self._idle_seconds, self._unload, key)

    def _unload(self, key: str) -> None:
        self._unloading.pop(key, None)
        room = self._rooms.get(key)
        if room is None:
            return
        if room.is_busy:
            self._unload_later(key)
            return
        # Gone from the map at once: whoever comes now waits in _load for the end of `run`, and loads what it wrote.
        self._forget(key)
        room.close(Closing(RESTART, "unloaded"))

    def _forget(self, key: str) -> None:
        self._rooms.pop(key, None)
        self._telemetry.rooms.set(len(self._rooms))

    def _ended(self, key: str, room: Room, task: asyncio.Task[None]) -> None:
        if self._rooms.get(key) is room:
            self._forget(key)
        if self._running.get(key) is task:
            del self._running[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("room_failed", branch=key, exc_info=error)
