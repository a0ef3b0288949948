"""All rooms of a server: loaded once however many come at once, unloaded when idle, finished when the server stops.

Of several nodes one owns a branch and has its Room; the others have a Follower of it, with the same face.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog

from crdt.lib0 import Decoder
from crdt.messages import RESTART
from server.bus.base import BusTimeout
from server.errors import Unavailable
from server.nodes.cluster import Cluster, alone
from server.nodes.followed import Followed
from server.nodes.follower import Follower
from server.nodes.ownership import Lease
from server.storage.base import Entry, UpdateLog
from server.sync.batch import Change
from server.sync.branch import Branch
from server.sync.exclusive import Exclusive
from server.sync.idleness import Idleness
from server.sync.live import LiveRoom
from server.sync.outbox import Closing
from server.sync.room import Room
from server.telemetry import Telemetry

ASK_SECONDS = 30.0
"""How long another node may take to answer."""
FOLLOW_SECONDS = 15.0
"""How long whoever asks for a room waits until its owner, or a new one, is found."""

_log = structlog.get_logger()

OnLoad = Callable[[Room], Awaitable[None]]
"""Repairs a document that was just loaded, before anybody joins; may use `room.edit`."""


class Rooms:
    """`room = await rooms.room("{project}/scene")`; `async with` owns the rooms' tasks.

    idle_seconds: a room that nobody has asked for and nobody is in for so long is unloaded. So whoever got a room from
    `room` uses it at once or asks again. cluster: the other nodes; None: this server is alone.
    """

    def __init__(
        self, log: UpdateLog, telemetry: Telemetry, *, idle_seconds: float = 60.0, close_seconds: float = 10.0,
        cluster: Cluster | None = None,
    ) -> None:  # fmt: skip
        self._log = log
        self._telemetry = telemetry
        self._idleness = Idleness(idle_seconds, self._unload)
        self._close_seconds = close_seconds
        self._cluster = cluster or alone()
        self._exclusive = Exclusive(self._cluster.ownership, self._end, self.ask)
        self._rooms: dict[str, LiveRoom] = {}
        self._loading: dict[str, asyncio.Task[LiveRoom]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._following: dict[str, asyncio.Task[None]] = {}
        self._leases: dict[Room, Lease] = {}
        self._listeners: list[Callable[[Room, Sequence[Entry]], None]] = []
        self._on_failure: list[Callable[[BaseException, str], object]] = []
        self._on_load: list[OnLoad] = []
        self._is_closed = False
        self._cluster.ownership.on_deposed(self._deposed)
        self._cluster.requests.answer("room.edit", self._edit_for_other)
        self._cluster.requests.answer("room.let_go", self._exclusive.let_go)
        if self._cluster.switch is not None:
            self._cluster.switch.owned = self._owned

    def on_commit(self, listener: Callable[[Room, Sequence[Entry]], None]) -> None:
        """Have `listener(room, rows)` called after every commit of a room that is owned here; it must not raise or
        wait.
        """
        self._listeners.append(listener)

    def on_failure(self, listener: Callable[[BaseException, str], object]) -> None:
        """Have `listener(error, "room")` called when a room ends by a mistake of ours; it must not raise or wait."""
        self._on_failure.append(listener)

    def on_load(self, repair: OnLoad) -> None:
        """Have `await repair(room)` called for every room that is loaded as its owner, before anybody gets it."""
        self._on_load.append(repair)

    async def room(self, branch: str) -> LiveRoom:
        """The room of a branch, loaded if need be. NotFound for a name that is none, Unavailable when stopping."""
        key = str(Branch.parse(branch))
        if self._is_closed:
            raise Unavailable("server_stopping", "the server is being stopped", "connect again in a moment")
        room = self._rooms.get(key)
        if room is None or room.is_closed:
            room = await self._load_once(key)
        if room is self._rooms.get(key):
            self._idleness.used(key)
        return room

    @asynccontextmanager
    async def closed(self, branch: str, closing: Closing) -> AsyncIterator[None]:
        """Finish a document's room with this closing, at whichever node, and keep everybody out while the body runs.

        Conflict where another one does so already.
        """
        async with self._exclusive.hold(str(Branch.parse(branch)), closing):
            yield

    async def _end(self, key: str, closing: Closing) -> None:
        if (loading := self._loading.get(key)) is not None:
            await asyncio.wait([loading])
        if (room := self._rooms.get(key)) is not None:
            room.close(closing)
        await self._ends(key)

    async def _ends(self, key: str) -> None:
        for running in (self._running.get(key), self._following.get(key)):
            if running is not None:
                await asyncio.wait([running])

    async def owner(self, branch: str) -> str:
        """The node that owns a branch, "" when it is this one. Unavailable while there is none."""
        room = await self.room(branch)
        if not isinstance(room, Follower) or room.is_owned_here:
            return ""
        if not room.owner:
            raise Unavailable("no_owner", f"the owner of {branch} was lost", "try again in a moment")
        return room.owner

    @property
    def failing(self) -> list[str]:
        """Branches that cannot be committed at the moment; readiness reports them."""
        return [key for key, room in self._rooms.items() if room.failing_since is not None]

    def loaded(self) -> list[LiveRoom]:
        """The rooms that live in this process, for the metrics."""
        return list(self._rooms.values())

    def __len__(self) -> int:
        return len(self._rooms)

    async def close(self) -> None:
        """Finish what was received, close all sockets with 1012, let other nodes own what was owned here."""
        self._is_closed = True
        await asyncio.gather(*self._loading.values(), return_exceptions=True)
        for room in list(self._rooms.values()):
            room.close(Closing(RESTART, "the server is being restarted"))
        running = [*self._running.values(), *self._following.values()]
        if running:
            _, late = await asyncio.wait(running, timeout=self._close_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._idleness.close()

    async def __aenter__(self) -> "Rooms":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- loading

    async def _load_once(self, key: str) -> LiveRoom:
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._load(key), name=f"load {key}")
            task.add_done_callback(lambda _: self._loading.pop(key, None))
        # Shielded: the first to come may go away, the others still wait for the room.
        return await asyncio.shield(task)

    async def _load(self, key: str) -> LiveRoom:
        await self._ends(key)
        await self._exclusive.reopened(key)
        lease = await self._cluster.ownership.claim(key)
        return await self._own(key, lease) if lease.is_mine else await self._follow(key)

    async def _own(self, key: str, lease: Lease) -> Room:
        try:
            room = await Room.load(Branch.parse(key), self._log, self._telemetry, self._committed, lease.epoch)
        except BaseException:
            await self._exclusive.release(key, lease)
            raise
        self._leases[room] = lease
        self._running[key] = task = asyncio.create_task(_named(key, self._run(key, room)), name=f"room {key}")
        task.add_done_callback(lambda done: self._ended(self._running, key, room, done))
        try:
            for repair in self._on_load:
                await repair(room)
        except BaseException:
            room.close(Closing(RESTART, "not repaired"))
            raise
        self._remember(key, room)
        return room

    async def _run(self, key: str, room: Room) -> None:
        """A room's life under its lease, which is given back at its end."""
        try:
            await room.run()
        finally:
            await self._exclusive.release(key, self._leases.pop(room))
            if self._cluster.switch is not None:
                self._cluster.switch.ended(room, "released")

    def _remember(self, key: str, room: LiveRoom) -> None:
        self._rooms[key] = room
        self._telemetry.rooms.set(len(self._rooms))
        self._idleness.used(key)

    def _committed(self, room: Room, rows: Sequence[Entry], changes: Sequence[Change]) -> None:
        if self._cluster.switch is not None:
            self._cluster.switch.committed(room, rows, changes)
        for listener in self._listeners:
            listener(room, rows)

    # -- following

    async def _follow(self, key: str) -> LiveRoom:
        switch = self._cluster.switch
        assert switch is not None, "a server alone owns everything"
        name = Branch.parse(key)
        follower = Follower(name, await Followed.load(name, self._log), self._telemetry, switch, self)
        self._following[key] = task = asyncio.create_task(_named(key, follower.run()), name=f"follow {key}")
        task.add_done_callback(lambda done: self._ended(self._following, key, follower, done))
        try:
            async with asyncio.timeout(FOLLOW_SECONDS):
                await follower.ready.wait()
        except TimeoutError as error:
            follower.close(Closing(RESTART, "no owner"))
            raise Unavailable("owner_away", f"the node that owns {key} does not answer", "try again") from error
        if follower.is_owned_here:
            return self._rooms[key]
        self._remember(key, follower)
        return follower

    async def claim(self, branch: str) -> Lease:
        if self._is_closed:
            raise Unavailable("server_stopping", "the server is being stopped", "connect again in a moment")
        return await self._cluster.ownership.claim(branch)

    async def take_over(self, branch: str, lease: Lease) -> Room:
        """A follower's branch has become this node's: load it as its owner."""
        _log.warning("taking_over", branch=branch, epoch=lease.epoch)
        return await self._own(branch, lease)

    async def ask(self, node: str, verb: str, payload: bytes) -> bytes:
        """A question to another node. Unavailable where it does not answer."""
        try:
            return await self._cluster.requests.ask(node, verb, payload, ASK_SECONDS)
        except BusTimeout as error:
            raise Unavailable("owner_away", error.message, "try again in a moment") from error

    # -- for other nodes

    def answer(self, verb: str, answerer: Callable[[bytes], Awaitable[bytes]]) -> None:
        """Have questions of other nodes answered."""
        self._cluster.requests.answer(verb, answerer)

    async def _owned(self, branch: str) -> tuple[Room, int]:
        room = await self.room(branch)
        if not isinstance(room, Room) or (lease := self._leases.get(room)) is None:
            raise Unavailable("not_the_owner", f"{branch} is owned by another node", "ask again who owns it")
        return room, lease.epoch

    async def _edit_for_other(self, payload: bytes) -> bytes:
        """What an edit wrote on a follower's copy."""
        decoder = Decoder(payload)
        told = json.loads(decoder.var_bytes())
        update = decoder.var_bytes()
        room, _ = await self._owned(told["branch"])
        await room.read(update)
        seq = await room.edit(told["author"], told["via"], lambda document: document.apply(update))
        return b"%d" % seq

    def _deposed(self) -> None:
        """This node was given up for dead: whoever needs a room of it finds out who owns it now."""
        for room in list(self._leases):
            room.close(Closing(RESTART, "deposed"))

    # -- unloading

    def _unload(self, key: str) -> None:
        room = self._rooms.get(key)
        if room is None:
            return
        if room.is_busy:
            self._idleness.used(key)
            return
        # Gone from the map at once: whoever comes now waits in _load for the end of `run`, and loads what it wrote.
        self._forget(key)
        room.close(Closing(RESTART, "unloaded"))

    def _forget(self, key: str) -> None:
        self._rooms.pop(key, None)
        self._telemetry.rooms.set(len(self._rooms))

    def _ended(self, tasks: dict[str, asyncio.Task[None]], key: str, room: LiveRoom, task: asyncio.Task[None]) -> None:
        if self._rooms.get(key) is room:
            self._forget(key)
        if tasks.get(key) is task:
            del tasks[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("room_failed", room=key, exc_info=error)
            for listener in self._on_failure:
                listener(error, "room")


async def _named(key: str, life: Coroutine[Any, Any, None]) -> None:
    """A room's life, whose lines in the log are its own: not of whoever came first."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(room=key)
    await life
