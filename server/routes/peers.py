"""Compute peers: lease a job, report on it, hand in its result. All need the peer token."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field, StringConstraints

from crdt.schema import JobError
from server.errors import Forbidden, Malformed
from server.routes.api import ApiRoute, Body, JsonObject, Use, Who, allow, refusals

router = APIRouter(
    prefix="/api/v1/peers",
    tags=["peers"],
    route_class=ApiRoute,
    dependencies=[allow("peer.work")],
    responses=refusals(),
)

MAX_WAIT = 60.0
Token = Annotated[str, StringConstraints(min_length=1, max_length=64)]
PeerName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
Operation = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class LeaseRequest(Body):
    peer: PeerName
    ops: Annotated[list[Operation], Field(min_length=1, max_length=200)]
    wait: Annotated[float, Field(ge=0, le=MAX_WAIT)] = 0.0


class LeasedJob(BaseModel):
    id: str
    project: str
    op: str
    target: JsonObject
    params: JsonObject
    by: str
    attempt: int
    trace: str | None
    """W3C traceparent of the asker's span, where traces are on."""


class LeaseAnswer(BaseModel):
    job: LeasedJob
    lease: str
    expires: float


class Heartbeat(Body):
    lease: Token
    progress: Annotated[float, Field(ge=0, le=1)] = 0.0
    message: Annotated[str, StringConstraints(max_length=1000)] = ""


class HeartbeatAnswer(BaseModel):
    cancel: bool
    expires: float


class Result(Body):
    lease: Token
    result: JsonObject
    update: str | None = None
    """Base64 of a Yjs V1 update of the scene; null: the scene stays as it is."""


class Failure(Body):
    lease: Token
    error: JobError
    retry: bool = False


class StateAnswer(BaseModel):
    state: str


async def allowed_job(services: Use, who: Who, job: str) -> None:
    """A job on which this peer may report: of an operation that its token allows."""
    op = (await services.dispatcher.queue.find(job)).op
    if not who.credential.allows(op):
        raise _not_allowed(op)


Allowed = Annotated[None, Depends(allowed_job)]


def _not_allowed(ops: str) -> Forbidden:
    return Forbidden("operation_not_allowed", f"the token does not allow {ops}", "an admin makes peers' tokens")


@router.post("/lease", response_model=LeaseAnswer, responses={204: {"description": "Nothing to do."}})
async def lease(services: Use, who: Who, body: LeaseRequest) -> Any:
    """The next job of these operations, as far as the token allows them; waits for one up to `wait` seconds."""
    allowed = [op for op in body.ops if who.credential.allows(op)]
    if not allowed:
        raise _not_allowed(", ".join(body.ops)[:200])
    taken = await services.dispatcher.lease(body.peer, allowed, body.wait)
    if taken is None:
        return Response(status_code=204)
    job = taken.job
    asked = {"id": job.id, "project": job.project, "op": job.op, "target": job.target, "params": job.params,
             "by": job.by, "attempt": job.attempts, "trace": job.trace}  # fmt: skip
    return {"job": asked, "lease": taken.token, "expires": taken.expires}


@router.post("/jobs/{job}/heartbeat", response_model=HeartbeatAnswer, responses=refusals(404, 409))
async def heartbeat(services: Use, _: Allowed, job: str, body: Heartbeat) -> dict[str, Any]:
    """Keep a lease and tell how far the work is; the answer says whether to give it up."""
    held = await services.dispatcher.heartbeat(job, body.lease, body.progress, body.message)
    return {"cancel": held.cancelling, "expires": services.settings.lease_seconds}


@router.post("/jobs/{job}/result", response_model=StateAnswer, responses=refusals(404, 409))
async def result(services: Use, _: Allowed, job: str, body: Result) -> dict[str, Any]:
    """Hand in a result with its change of the scene: both take effect together, once."""
    return {"state": await services.dispatcher.complete(job, body.lease, body.result, _update(body.update))}


@router.post("/jobs/{job}/failure", response_model=StateAnswer, responses=refusals(404, 409))
async def failure(services: Use, _: Allowed, job: str, body: Failure) -> dict[str, Any]:
    """End an attempt without a result; with retry the job is tried again while attempts last."""
    failed = await services.dispatcher.fail(job, body.lease, body.error.model_dump(), body.retry)
    return {"state": failed.state}


def _update(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Malformed("bad_base64", f"the update is no base64: {error}") from error
