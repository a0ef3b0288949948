"""A scene founded anew: trash emptied, state vector short, and no replica of before can bring anything back."""

from __future__ import annotations

from collections.abc import Callable

from crdt.messages import RESTART
from server.history.replay import Replay
from server.projects import Project, Projects, scene_branch
from server.storage.history import Row, SqlHistory
from server.sync.branch import Branch
from server.sync.outbox import Closing
from server.sync.rooms import Rooms

REFOUND = "refound"
"""The `via` of the row that holds the new document."""


class Refounding:
    def __init__(
        self, history: SqlHistory, replay: Replay, rooms: Rooms, projects: Projects, clock: Callable[[], float]
    ) -> None:
        self._history = history
        self._replay = replay
        self._rooms = rooms
        self._projects = projects
        self._clock = clock

    async def refound(self, project: Project, author: str) -> Project:
        """Close the scene's room, found the scene anew as of the next generation, and let people in again.

        LogConflict when another server writes to it meanwhile: then nothing has changed.
        """
        branch = project.scene
        closing = Closing(RESTART, "the scene is founded anew")
        async with self._rooms.closed(branch, closing):
            generation = (await self._projects.read(project.id)).generation + 1
            now = int(self._clock() * 1000)
            await found_anew(self._history, self._replay, project.id, generation, author, now)
        return await self._projects.read(project.id)


async def found_anew(
    history: SqlHistory,
    replay: Replay,
    project: str,
    generation: int,
    author: str,
    at: int,
    *,
    with_trash: bool = False,
) -> None:
    """Write the row that founds a project's scene anew. at: in ms. Nobody may be editing it (LogConflict)."""
    branch = scene_branch(project)
    head = await history.head(branch)
    payload = await replay.founded(Branch.parse(branch), head, generation, with_trash)
    row = Row(head + 1, at, author, REFOUND, None, payload)
    await history.found(branch, project, row.shrunk(), generation)
