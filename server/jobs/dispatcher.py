"""Jobs from the question to the answer: checks, queue, leases, the scene's commit, the session's mirror, waiting.

The queue in SQL decides; this class tells everybody who waits (long polls, peers, the session document).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crdt.errors import MaquetteError
from crdt.ids import new_id
from crdt.lib0 import Decoder, encode_bytes
from crdt.schema import Job
from server.auth import Identity, stable_id
from server.errors import Conflict, Forbidden, Unprocessable
from server.jobs.job import JsonObject, QueuedJob
from server.jobs.leases import Lease, Leases, lease_lost
from server.jobs.mirror import SessionMirror
from server.jobs.operations import check_request, is_internal
from server.jobs.queue import Admit, JobQueue
from server.jobs.signals import Signals, wait_for
from server.ledger import BlobLedger
from server.limits.quotas import Quotas
from server.limits.rates import Rates
from server.permissions import Role, may_request
from server.projects import scene_branch
from server.sync.rooms import Rooms
from server.telemetry import Telemetry

log = structlog.get_logger()

_QUEUED = "queued"
_LEASED = "leased"
_PEER_SEEN = 90.0
_COMMIT = "jobs.commit"


class Dispatcher:
    """job_rates: how many jobs one user may ask for, by operation; `*`: those that are not named."""

    def __init__(
        self, engine: AsyncEngine, queue: JobQueue, leases: Leases, mirror: SessionMirror, rooms: Rooms,
        ledger: BlobLedger, quotas: Quotas, rates: Rates, telemetry: Telemetry, *, job_rates: Mapping[str, str],
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self.queue = queue
        self.signals = Signals()
        self._engine = engine
        self._leases = leases
        self._mirror = mirror
        self._rooms = rooms
        self._ledger = ledger
        self._quotas = quotas
        self._rates = rates
        self._telemetry = telemetry
        self._job_rates = job_rates
        self._clock = clock
        self._peers: dict[str, float] = {}
        rooms.answer(_COMMIT, self._commit_for_other)

    # -- asking

    async def request(
        self, project: str, who: Identity, role: Role, op: str, target: JsonObject, params: JsonObject,
        id: str | None = None,
    ) -> QueuedJob:  # fmt: skip
        """Check and queue a job in the asker's name. role: theirs in the project."""
        await self._check(project, who.user_id, role, op, target, params)
        by = who.user_id
        return await self.enqueue(project, id or new_id(), op, target, params, by, admit=self._admission(project, by))

    async def asked_in_session(
        self, project: str, id: str, author: str, role: Role | None, record: Mapping[str, Any]
    ) -> None:
        """Queue what a participant wrote as `jobs/{id}` of the session document; a refused one is kept as failed.

        role: the author's in the project, None for one who has none any more.
        """
        try:
            job = Job.model_validate(record)
            by = author or job.by
            await self._check(project, by, role, job.op, job.target, job.params)
            admit = self._admission(project, by)
            await self.enqueue(project, id, job.op, job.target, job.params, by, job.at, admit)
        except ValidationError as error:
            refusal = Unprocessable("bad_job", f"the record is no job: {error.errors()[0]['msg']}")
            await self._refuse(project, id, author, record, refusal)
        except MaquetteError as error:
            await self._refuse(project, id, author, record, error)

    async def _check(
        self, project: str, by: str, role: Role | None, op: str, target: JsonObject, params: JsonObject
    ) -> None:
        if is_internal(op):
            raise Unprocessable("unknown_operation", f"{op!r} is not to be asked for")
        check_request(op, target, params)
        if role is None or not may_request(role, op):
            raise Forbidden("forbidden", f"the role {role or 'none'} does not allow to ask for {op}")
        missing = await self._ledger.missing(project, [file["blob"] for file in params.get("files", ())])
        if missing:
            raise Unprocessable("unknown_blob", f"the project has no blob {missing[0]}", "PUT it first")
        await self._quotas.check_job(project, by)
        await self._rates.take(f"user's {op} jobs", self._job_rates.get(op, self._job_rates.get("*", "")), by)

    def _admission(self, project: str, by: str) -> Admit:
        return lambda connection: self._quotas.admit_job(connection, project, by)

    async def enqueue(
        self, project: str, id: str, op: str, target: JsonObject, params: JsonObject, by: str, at: int | None = None,
        admit: Admit | None = None,
    ) -> QueuedJob:  # fmt: skip
        """Queue a job that was checked, or that the server asks for itself."""
        with self._telemetry.tracing.span("job.request", {"job": id, "op": op, "project": project}) as trace:
            job = await self.queue.add(id, project, op, target, params, by, at, trace=trace, admit=admit)
        log.info("job_queued", job=id, op=op, project=project, user=by)
        self.signals.notify(_QUEUED)
        await self._mirror.show(job)
        return job

    async def _refuse(
        self, project: str, id: str, author: str, record: Mapping[str, Any], error: MaquetteError
    ) -> None:
        op = str(record.get("op", ""))[:64]
        job = await self.queue.add(id, project, op, {}, {}, author or "unknown", error=error.as_json())
        await self._mirror.show(job)

    # -- watching

    async def wait(self, project: str, id: str, seconds: float) -> QueuedJob:
        """The job when it has ended, or as it is after so many seconds."""
        with self.signals.listen(id) as changed:
            deadline = asyncio.get_running_loop().time() + seconds
            while True:
                job = await self.queue.read(project, id)
                left = deadline - asyncio.get_running_loop().time()
                if job.is_final or left <= 0 or self.signals.closed:
                    return job
                changed.clear()
                await wait_for(changed, left)

    async def describe(self, job: QueuedJob) -> JsonObject:
        """The job as the API shows it, with its place in the queue and a guess when it will be done."""
        position = await self.queue.position(job)
        return job.as_api(position, None if job.is_final else await self._eta(job, position))

    async def _eta(self, job: QueuedJob, position: int | None) -> float | None:
        usual = await self.queue.usual_seconds(job.op)
        if usual is None or job.state == "awaiting_input":
            return None
        if position is None:
            return round(usual * (1.0 - job.progress), 1)
        return round(usual * (1 + (position - 1) / max(1, self.peer_count())), 1)

    def peer_count(self) -> int:
        """Peers that asked for work lately."""
        since = self._clock() - _PEER_SEEN
        self._peers = {name: seen for name, seen in self._peers.items() if seen > since}
        return len(self._peers)

    async def cancel(self, project: str, id: str) -> QueuedJob:
        return await self._changed(await self.queue.cancel(project, id))

    async def cancel_project(self, project: str) -> None:
        for job in await self.queue.cancel_project(project):
            await self._changed(job)

    # -- peers

    async def lease(self, peer: str, ops: Sequence[str], wait: float) -> Lease | None:
        """The next job for a peer; None when there is none within `wait` seconds."""
        self._peers[peer] = self._clock()
        with self.signals.listen(_QUEUED) as queued:
            deadline = asyncio.get_running_loop().time() + wait
            while True:
                lease = await self._leases.take(peer, ops)
                left = deadline - asyncio.get_running_loop().time()
                if lease is not None or left <= 0 or self.signals.closed:
                    break
                queued.clear()
                await wait_for(queued, left)
        if lease is not None:
            self._leased(lease.job, peer)
            self.signals.notify(_LEASED)
            await self._changed(lease.job)
        return lease

    def _leased(self, job: QueuedJob, peer: str) -> None:
        self._telemetry.job_wait.observe(((job.started or job.at) - job.at) / 1000)
        log.info("job_leased", job=job.id, op=job.op, project=job.project, peer=peer, attempt=job.attempts)

    async def heartbeat(self, id: str, lease: str, progress: float, message: str) -> QueuedJob:
        return await self._leases.heartbeat(id, lease, progress, message)

    async def complete(self, id: str, lease: str, result: JsonObject, update: bytes | None) -> str:
        """Commit a result: the scene's log row and the job's state in one transaction, then everybody is told.

        Repeating the very result that was committed answers the same again. `lease_lost` for anybody else.
        """
        job = await self.queue.find(id)
        if job.state == "succeeded" and job.lease == lease:
            return job.state
        if job.cancelling and job.lease == lease:
            await self.fail(id, lease, {"code": "cancelled", "message": "it was cancelled", "hint": ""}, retry=False)
            raise Conflict("job_cancelled", f"job {id} was cancelled before its result came")
        if job.lease != lease:
            raise lease_lost(id)
        await self._check_result(job, result)
        await self._commit(job, lease, _with_url(job.project, result), update)
        if job.op == "plain":
            await self._ledger.record_plain(job.params["blob"], result["blob"])
        done = await self.queue.find(id)
        if done.lease != lease:  # another attempt's update was in the log before this one
            raise lease_lost(id)
        self._attempt_ended(done, "succeeded")
        return (await self._changed(done)).state

    async def _check_result(self, job: QueuedJob, result: JsonObject) -> None:
        named = [str(result["blob"])] if "blob" in result else []
        if job.op in ("plain", "export") and not named:
            raise Unprocessable("bad_result", f"the result of {job.op} names no blob", "blob: its SHA-256")
        missing = await self._ledger.missing(job.project, named)
        if missing:
            raise Unprocessable(
                "unknown_blob", f"the project has no blob {missing[0][:80]}", "PUT it before the result"
            )

    async def _commit(self, job: QueuedJob, lease: str, result: JsonObject, update: bytes | None) -> None:
        async def finish(connection: AsyncConnection) -> None:
            await self._leases.complete(connection, job.id, lease, result)

        with self._telemetry.tracing.span("job.commit", {"job": job.id, "op": job.op}, job.trace):
            if update is None:
                async with self._engine.begin() as connection:
                    await finish(connection)
                return
            branch = scene_branch(job.project)
            if (owner := await self._rooms.owner(branch)) != "":
                told = json.dumps({"id": job.id, "lease": lease, "result": result}).encode()
                await self._rooms.ask(owner, _COMMIT, encode_bytes(told) + encode_bytes(update))
                return
            room = await self._rooms.room(branch)
            await room.commit_job(job.id, stable_id("peer", job.worker), update, finish)

    async def _commit_for_other(self, payload: bytes) -> bytes:
        """A result that was handed in at a node which does not own the scene."""
        decoder = Decoder(payload)
        told, update = json.loads(decoder.var_bytes()), decoder.var_bytes()
        await self._commit(await self.queue.find(told["id"]), told["lease"], told["result"], update)
        return b""

    async def fail(self, id: str, lease: str, error: JsonObject, retry: bool) -> QueuedJob:
        job = await self.queue.find(id)
        failed = await self._leases.fail(job, lease, error, retry)
        self._attempt_ended(failed, str(error.get("code", "failed")), worker=job.worker)
        return await self._changed(failed)

    def _attempt_ended(self, job: QueuedJob, how: str, worker: str = "") -> None:
        """Count and log the end of one attempt. how: succeeded, or the code of what went wrong."""
        seconds = (self._clock() * 1000 - (job.started or job.at)) / 1000
        outcome = "succeeded" if how == "succeeded" else "failed"
        self._telemetry.job_attempts.labels(job.op, outcome).inc()
        self._telemetry.job_seconds.labels(job.op).observe(seconds)
        log.info(
            "job_attempt_ended", job=job.id, op=job.op, project=job.project, peer=worker or job.worker, how=how,
            state=job.state, attempt=job.attempts, seconds=round(seconds, 3),
        )  # fmt: skip

    async def run(self) -> None:
        """End leases as they expire, for as long as the server runs."""
        await self._leases.prolong_all()
        while not self.signals.closed:
            with self.signals.listen(_LEASED) as leased:
                await self.expire()
                left = await self._leases.next_expiry()
                if left is None:
                    await leased.wait()
                else:
                    await wait_for(leased, left + 0.01)

    async def expire(self) -> None:
        """End the attempts of peers that have been silent for too long."""
        for job in await self._leases.expire():
            log.warning("lease_expired", job=job.id, op=job.op, state=job.state, attempts=job.attempts)
            self._attempt_ended(job, "lease_expired")
            await self._changed(job)

    async def _changed(self, job: QueuedJob) -> QueuedJob:
        self.signals.notify(job.id)
        if job.state == "queued":
            self.signals.notify(_QUEUED)
        await self._mirror.show(job)
        return job


def _with_url(project: str, result: JsonObject) -> JsonObject:
    """Where the result is a file, also where to fetch it."""
    if "blob" not in result:
        return result
    name = quote(str(result.get("name", "")))
    return {**result, "url": f"/api/v1/projects/{project}/blobs/{result['blob']}" + (f"?name={name}" if name else "")}
