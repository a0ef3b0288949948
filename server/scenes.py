"""Scene documents as HTTP sees them: one JSON object to read, a list of edits to write."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeVar

from crdt import lod, revisions
from crdt.document import SceneDocument
from crdt.edits import Edit, apply_edits
from crdt.errors import UnknownRecord
from server.auth import Identity
from server.locks import KeyedLocks
from server.projects import Project, scene_branch
from server.refound import refound
from server.scene_json import scene_json
from server.side_process import SideProcess
from server.sync.rooms import Rooms

T = TypeVar("T")
_CACHED_SCENES = 16


class Scenes:
    def __init__(self, rooms: Rooms, process: SideProcess) -> None:
        self._rooms = rooms
        self._process = process
        self._cache: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self._locks = KeyedLocks()

    async def seq(self, project: Project) -> int:
        """The log's number of the scene's latest update."""
        return (await self._rooms.room(project.scene)).seq

    async def read(self, project: Project, look: Callable[[SceneDocument], T]) -> T:
        """A quick look into the live document."""
        room = await self._rooms.room(project.scene)
        await room.settled()
        return look(room.document)

    async def json(self, project: Project) -> tuple[int, bytes]:
        """(seq, gzipped JSON of the effective scene). Made once per update, when somebody asks."""
        async with self._locks.hold(project.id):
            room = await self._rooms.room(project.scene)
            await room.settled()
            seq = room.seq
            cached = self._cache.get(project.id)
            if cached is None or cached[0] != seq:
                state = room.whole()
                cached = (seq, await self._process.ask(scene_json, project.id, seq, state, weight=len(state)))
                self._remember(project.id, cached)
        return cached

    def _remember(self, project: str, scene: tuple[int, bytes]) -> None:
        self._cache[project] = scene
        self._cache.move_to_end(project)
        while len(self._cache) > _CACHED_SCENES:
            self._cache.popitem(last=False)

    async def edit(self, project: Project, who: Identity, edits: Sequence[Edit]) -> tuple[list[str | None], int]:
        """Apply edits as one transaction in the asker's name; (ids made, seq once it is logged)."""
        room = await self._rooms.room(project.scene)
        ids: list[str | None] = []
        seq = await room.edit(who.user_id, "http", lambda scene: ids.extend(apply_edits(scene, edits, who.user_id)))
        return ids, seq

    async def copy(self, source: Project, target: Project, who: Identity) -> None:
        """Found the scene of a new project with what lives in another one. Doing it twice changes nothing."""
        room = await self._rooms.room(scene_branch(target.id))
        if room.seq:
            return
        state = (await self._rooms.room(source.scene)).document.update()
        founded = await asyncio.to_thread(refound, state, target.generation)
        await room.edit(who.user_id, "duplicate", lambda scene: scene.apply(founded))


def geometry_of(scene: SceneDocument, mesh: str, level: int) -> str | None:
    """The geometry of a level of a mesh's head, or of the next finer one that was built; None without a head."""
    try:
        head = revisions.head(scene, mesh)
    except UnknownRecord:
        return None
    rid = None if head is None else scene.read("meshes", mesh).head
    if head is None or rid is None:
        return None
    built = {number: result.geometry for number, result in lod.results(scene, rid).items() if number <= level}
    return built[max(built)] if built else head.geometry
