"""Jobs in the session document (SPEC J): a participant asks, the server alone says how it goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdt.document import SessionDocument
from crdt.errors import InvalidEdit, UnknownRecord
from crdt.ids import new_id
from crdt.nodes import now_ms
from crdt.schema import Job, JobState

TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    "queued": frozenset({"running", "cancelled", "failed"}),
    "running": frozenset({"succeeded", "failed", "cancelled", "queued", "awaiting_input"}),
    "awaiting_input": frozenset({"queued", "cancelled", "failed"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
"""State → what it may become (J1)."""

ASKED = ("op", "target", "params", "by", "at")
"""The keys that the asker writes, once."""


def can_become(now: JobState, then: JobState) -> bool:
    return then in TRANSITIONS[now]


def is_final(state: JobState) -> bool:
    return not TRANSITIONS[state]


def request(
    session: SessionDocument,
    op: str,
    target: Mapping[str, Any],
    params: Mapping[str, Any],
    by: str,
    id: str | None = None,
    at: int | None = None,
) -> str:
    """Asks for a job; the server queues it or answers with a failed state."""
    values = {"op": op, "target": target, "params": params, "by": by, "at": now_ms() if at is None else at}
    return session.create("jobs", id or new_id(), values)


def set_state(session: SessionDocument, job: str, **fields: Any) -> None:
    """Mirrors the queue into the document: the server's keys only, without judging the transition (J2)."""
    refused = [key for key in fields if key in ASKED or key not in Job.model_fields]
    if refused:
        raise InvalidEdit("unknown_key", f"{', '.join(refused)}: not a key that the server writes in a job.")
    with session.transact("system"):
        for key, value in fields.items():
            session.set("jobs", job, key, value)


def read(session: SessionDocument, job: str) -> Job:
    """The job as the document has it; raises UnknownRecord."""
    found: Job | None = session.read("jobs", job)
    if found is None:
        raise UnknownRecord("unknown_record", f"There is no jobs/{job}.")
    return found
