"""Which signals of the server's parts go to the other nodes, and what happens there."""

import asyncio
from contextlib import suppress

from crdt.errors import MaquetteError
from server.accounts.changes import Changed, Changes
from server.jobs.job import QueuedJob
from server.jobs.mirror import SessionMirror
from server.jobs.queue import JobQueue
from server.jobs.signals import Signals
from server.nodes.signals import Bulletin, Told


def bridge_wake_ups(bulletin: Bulletin, signals: Signals) -> None:
    """Long polls at every node wake up: a peer at another one may lease the job, an asker may wait elsewhere."""
    signals.forward(lambda name: bulletin.tell("jobs.signal", {"name": name}))
    bulletin.on("jobs.signal", lambda told: signals.notify_here(str(told["name"])))
    bulletin.on_gap(signals.notify_all_here)


def bridge_access(bulletin: Bulletin, changes: Changes) -> None:
    """A change of roles or credentials reaches the caches and the sockets of every node."""
    changes.forward(lambda changed: bulletin.tell("access.changed", changed.as_json()))
    bulletin.on("access.changed", lambda told: changes.tell_here(Changed(**told)))
    bulletin.on_gap(lambda: changes.tell_here(Changed()))


class MirrorBridge:
    """A job's state is written into its session document by the node that owns it."""

    def __init__(self, bulletin: Bulletin, mirror: SessionMirror, queue: JobQueue) -> None:
        self._bulletin = bulletin
        self._mirror = mirror
        self._queue = queue
        self._tasks: set[asyncio.Task[None]] = set()
        mirror.on_absent(self._tell)
        bulletin.on("jobs.changed", self._told)

    def _tell(self, job: QueuedJob) -> None:
        self._bulletin.tell("jobs.changed", {"project": job.project, "id": job.id})

    def _told(self, told: Told) -> None:
        if self._mirror.is_here(told["project"]):
            task = asyncio.get_running_loop().create_task(self._show(told["project"], told["id"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _show(self, project: str, id: str) -> None:
        # Where the database is away, the session is repaired when it is loaded, as after every loss.
        with suppress(MaquetteError):
            await self._mirror.show(await self._queue.read(project, id))
