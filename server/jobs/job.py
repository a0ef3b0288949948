"""A job as the durable queue holds it, and the two forms in which others see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

JsonObject = dict[str, Any]

FINAL = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True)
class QueuedJob:
    """One row of `jobs`. Times are milliseconds since 1970; progress 0…1; causes: why earlier attempts ended."""

    id: str
    project: str
    op: str
    target: JsonObject
    params: JsonObject
    by: str
    state: str
    attempts: int
    causes: list[JsonObject]
    worker: str
    lease: str | None
    expires: int | None
    cancelling: bool
    progress: float
    message: str
    result: JsonObject | None
    error: JsonObject | None
    at: int
    started: int | None
    finished: int | None
    trace: str | None = None
    """W3C traceparent of the asker's span, where traces are on."""

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    def as_api(self, position: int | None = None, eta: float | None = None) -> JsonObject:
        """docs/api.md. position: 1 is next, while queued; eta: seconds until it is likely done."""
        return {
            "id": self.id, "op": self.op, "target": self.target, "params": self.params, "by": self.by,
            "state": self.state, "cancelling": self.cancelling and not self.is_final,
            "progress": self.progress, "message": self.message, "position": position, "eta": eta,
            "attempts": self.attempts, "causes": self.causes, "worker": self.worker,
            "result": self.result, "error": self.error,
            "at": self.at, "started": self.started, "finished": self.finished,
        }  # fmt: skip

    def as_record(self) -> JsonObject:
        """The keys of `jobs/{id}` in the session document that the server writes."""
        return {
            "state": self.state, "attempts": self.attempts, "worker": self.worker, "started": self.started,
            "finished": self.finished, "result": self.result, "error": self.error,
        }  # fmt: skip


def job_of(row: Row[Any]) -> QueuedJob:
    return QueuedJob(**row._mapping)
