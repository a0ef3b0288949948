"""A compute peer: leases jobs, joins their projects as a visible collaborator, computes, hands results in.

What it makes is prepared on a fork of the scene and posted with the lease, so that it lands exactly once: the ids are
made from the job, and the server commits one result a job. Failpoints (crdt.failpoint): `before_result`,
`after_result`.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import structlog
from structlog.contextvars import bound_contextvars

from compute.blob_client import BlobClient
from compute.engine.base import Engine, Limits, Task, blobs_folder, inputs_folder
from compute.errors import LeaseLost, OperationError, PeerError, ServerAway
from compute.lease_client import LeaseClient, Leased
from compute.mesh import JsonObject
from compute.operation import Operation, Plan, Request
from compute.operations.registry import OPERATIONS
from crdt.document import SceneDocument
from crdt.errors import MaquetteError
from crdt.failpoint import failpoint
from crdt.spans import NO_TRACING, Tracing

WAIT_SECONDS = 20.0
"""How long the server may keep a request for a job."""
BEAT_SECONDS = 1.0
"""Between heartbeats, or a third of the lease where that is shorter: cancellation is heard this fast."""
BACKOFF = (0.5, 30.0)
"""First and longest pause between attempts to reach the server."""
FETCHED, COMPUTED = 0.05, 0.95
"""Progress at which inputs are there, and at which only the upload is left."""

Answer = TypeVar("Answer")

log = structlog.get_logger()


class Room(Protocol):
    """A project that the peer has joined: its live scene, and how far the peer's jobs there are."""

    scene: SceneDocument

    def show(self, job: str, progress: float, message: str) -> None: ...

    def hide(self, job: str) -> None: ...


class Rooms(Protocol):
    def enter(self, project: str) -> AbstractAsyncContextManager[Room]: ...


class Peer:
    """name: shown to people. offered: operations. `run` works until it is cancelled, then gives its jobs back."""

    def __init__(
        self, leases: LeaseClient, blobs: BlobClient, rooms: Rooms, engine: Engine, *, name: str, offered: list[str],
        limits: Limits | None = None, tracing: Tracing = NO_TRACING,
    ) -> None:  # fmt: skip
        self._leases = leases
        self._blobs = blobs
        self._rooms = rooms
        self._engine = engine
        self._name = name
        self._offered = offered
        self._limits = limits or Limits()
        self._tracing = tracing

    async def run(self, workers: int = 1) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            leased = await patiently(lambda: self._leases.lease(self._name, self._offered, WAIT_SECONDS))
            if leased is not None:
                await self.do(leased)

    async def do(self, leased: Leased) -> None:
        """Run one leased job to its end, whatever that is; raises only CancelledError, after giving the job back.

        All lines of the log and all requests meanwhile carry the job's id and its span.
        """
        request = leased.request
        about = {"job": request.job, "op": request.op, "project": leased.project, "attempt": leased.attempt}
        with (
            self._tracing.span(f"job {request.op}", about, leased.trace) as trace,
            bound_contextvars(**about, **({"trace": trace} if trace else {})),
        ):
            log.info("job started")
            await self._do(leased)

    async def _do(self, leased: Leased) -> None:
        state = _Progress()
        working = asyncio.create_task(self._complete(leased, state))
        beating = asyncio.create_task(self._beat(leased, state, working))
        try:
            await working
            log.info("job done")
        except asyncio.CancelledError:
            await self._end_cancelled(leased, state)
        except LeaseLost as error:
            log.warning("lease lost", reason=error.code)
        except MaquetteError as error:
            log.info("job failed", code=error.code, message=error.message)
            await self._report_failure(leased, error.as_json(), retry=isinstance(error, ServerAway))
        except Exception as error:
            # A fault of ours ends this job, not the peer: the next one may be of another kind.
            log.exception("job broke")
            told = _error("internal_error", f"{type(error).__name__}: {error}"[:500])
            await self._report_failure(leased, told, retry=False)
        finally:
            beating.cancel()
            working.cancel()
            await asyncio.gather(beating, working, return_exceptions=True)

    async def _end_cancelled(self, leased: Leased, state: _Progress) -> None:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # The peer itself is stopping: another one may take the job at once.
            await asyncio.shield(self._give_back(leased))
            raise asyncio.CancelledError
        if not state.lost:
            await self._report_failure(leased, _error("cancelled", "it was cancelled"), retry=False)

    async def _give_back(self, leased: Leased) -> None:
        try:
            await self._leases.failure(leased, _error("peer_stopped", f"{self._name} was stopped"), retry=True)
        except PeerError as error:
            log.warning("job not given back", job=leased.request.job, reason=error.code)

    async def _report_failure(self, leased: Leased, error: JsonObject, retry: bool) -> None:
        try:
            await patiently(lambda: self._leases.failure(leased, error, retry))
        except PeerError as refused:
            log.warning("failure not taken", job=leased.request.job, reason=refused.code)

    async def _beat(self, leased: Leased, state: _Progress, working: asyncio.Task[None]) -> None:
        """Keep the lease and tell the progress; stop the work when it was cancelled or is somebody else's."""
        pause = min(BEAT_SECONDS, leased.expires / 3)
        while True:
            await asyncio.sleep(pause)
            try:
                beat = await self._leases.heartbeat(leased, state.fraction, state.message)
                state.cancelled = state.cancelled or beat.cancel
            except ServerAway:
                continue
            except PeerError:
                state.lost = True
            if state.cancelled or state.lost:
                working.cancel()
                return

    async def _complete(self, leased: Leased, state: _Progress) -> None:
        request, operation = leased.request, _operation(leased.request.op)
        async with _folder() as folder, self._room(leased, operation) as room:

            def report(fraction: float, message: str) -> None:
                state.advance(fraction, message)
                if room is not None:
                    room.show(request.job, state.fraction, state.message)

            report(0.0, "starting")
            scene = room.scene if room is not None else SceneDocument()
            plan = operation.plan(scene, request)
            value = await self._compute(leased, operation, plan, folder, report)
            result, update = await asyncio.to_thread(edit, scene.update(), operation, request, value)
            report(1.0, "saving")
            failpoint("before_result")
            await patiently(lambda: self._leases.result(leased, result, update))
            failpoint("after_result")

    async def _compute(
        self, leased: Leased, operation: Operation, plan: Plan, folder: Path, report: Callable[[float, str], None]
    ) -> JsonObject:
        """Fetch the inputs, run the function, upload what it made; its value."""
        inputs_folder(folder).mkdir()
        for sha256 in plan.blobs:
            path = inputs_folder(folder) / sha256
            await patiently(partial(self._blobs.fetch, leased.project, sha256, path))
        report(FETCHED, "computing")
        task = Task(operation.function, plan.arguments, folder, operation.untrusted, self._limits)
        span = COMPUTED - FETCHED
        with self._tracing.span("compute", {"function": operation.function}):
            value = await self._engine.run(task, lambda fraction, message: report(FETCHED + span * fraction, message))
        made = sorted(blobs_folder(folder).glob("*"))
        for number, path in enumerate(made):
            report(COMPUTED + (1 - COMPUTED) * number / len(made), "storing the result")
            await patiently(partial(self._blobs.upload, leased.project, path))
        return value

    @asynccontextmanager
    async def _room(self, leased: Leased, operation: Operation) -> AsyncIterator[Room | None]:
        if not operation.reads_scene:
            yield None
            return
        async with self._rooms.enter(leased.project) as room:
            try:
                yield room
            finally:
                room.hide(leased.request.job)


class _Progress:
    """How far a job is; never falls. cancelled: its asker gave it up. lost: it is another peer's."""

    def __init__(self) -> None:
        self.fraction = 0.0
        self.message = ""
        self.cancelled = False
        self.lost = False

    def advance(self, fraction: float, message: str) -> None:
        self.fraction = max(self.fraction, min(fraction, 1.0))
        self.message = message


def edit(state: bytes, operation: Operation, request: Request, value: JsonObject) -> tuple[JsonObject, bytes | None]:
    """The job's result with the step that undoes it, and the update that makes its edits of a scene in this state.

    20,000 imported nodes take seconds: it runs in a thread, so that heartbeats and presence go on. The document that it
    edits is made and dropped there, as one belongs to one thread.
    """
    if operation.apply is None:
        return value, None
    try:
        return _edited(state, operation, request, value)
    except BaseException as error:
        traceback.clear_frames(error.__traceback__)
        raise


def _edited(state: bytes, operation: Operation, request: Request, value: JsonObject) -> tuple[JsonObject, bytes]:
    assert operation.apply is not None
    fork = SceneDocument()
    fork.apply(state)
    before = fork.state_vector()
    with fork.transact(origin="job") as step:
        result = operation.apply(fork, request, value)
    changes = [change for change in step.as_json() if operation.keep(change, result)]
    return {**result, "step": changes}, fork.update(before)


async def patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask again with growing pauses for as long as the server is away; other errors pass."""
    pause, longest = BACKOFF
    while True:
        try:
            return await ask()
        except ServerAway as error:
            log.warning("server away", reason=error.code, again_in=round(pause, 1))
            await asyncio.sleep(pause * random.uniform(0.7, 1.0))
            pause = min(pause * 2, longest)


@asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="maquette-job-"))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _operation(name: str) -> Operation:
    if name not in OPERATIONS:
        raise OperationError(
            "unknown_operation", f"this peer does not know {name!r}", "it may be older than the server"
        )
    return OPERATIONS[name]


def _error(code: str, message: str) -> JsonObject:
    return {"code": code, "message": message, "hint": ""}
