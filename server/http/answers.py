"""`Idempotency-Key`: a POST that is sent twice has one effect and one answer.

The answer is kept under (user, key) with a fingerprint of the request. What a request makes takes ids that are derived
from the key, so that one which was cut off between its effect and its answer makes the same thing when it is repeated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.ids import job_id_maker, new_id
from server.errors import Conflict, Malformed
from server.locks import KeyedLocks
from server.storage.api_tables import answers
from server.storage.sql import READ_ONLY

_MAX_KEY = 200
_KEPT_SECONDS = 24 * 3600
JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    body: JsonObject


@dataclass(frozen=True)
class Slot:
    """One keyed request. answer: what it was answered before, if it was."""

    user: str
    key: str
    fingerprint: str
    answer: Answer | None

    def make_id(self) -> str:
        """The id of what this request makes: the same for the same user and key, random without a key."""
        return job_id_maker(f"{self.user}/{self.key}")("made") if self.key else new_id()


class Answers:
    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._clock = clock
        self._locks = KeyedLocks()

    @asynccontextmanager
    async def slot(self, user: str, key: str, *request: Any) -> AsyncIterator[Slot]:
        """Hold a key while its request runs; two requests of the same key run one after the other.

        `idempotency_conflict` when the key was used for another request.
        """
        if not key:
            yield Slot(user, "", "", None)
            return
        if len(key) > _MAX_KEY:
            raise Malformed(
                "bad_idempotency_key", f"the Idempotency-Key has {len(key)} characters", f"at most {_MAX_KEY}"
            )
        async with self._locks.hold((user, key)):
            yield await self._find(user, key, _fingerprint(request))

    async def keep(self, slot: Slot, status: int, body: JsonObject) -> Answer:
        """Store the answer of a slot that had none."""
        if slot.key:
            now = int(self._clock() * 1000)
            row = {
                "user": slot.user,
                "key": slot.key,
                "fingerprint": slot.fingerprint,
                "status": status,
                "body": body,
                "at": now,
            }
            async with self._engine.begin() as connection:
                await connection.execute(delete(answers).where(answers.c.at < now - _KEPT_SECONDS * 1000))
                await connection.execute(insert(answers).values(row))
        return Answer(status, body)

    async def _find(self, user: str, key: str, fingerprint: str) -> Slot:
        query = select(answers).where(answers.c.user == user, answers.c.key == key)
        async with self._reader.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is not None and row.fingerprint != fingerprint:
            raise Conflict("idempotency_conflict", f"the key {key!r} was used for another request", "use a new key")
        return Slot(user, key, fingerprint, Answer(row.status, row.body) if row else None)


def _fingerprint(request: tuple[Any, ...]) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()
