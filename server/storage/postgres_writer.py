"""Appends to PostgreSQL: one statement, one round trip, on a connection of its own.

Through SQLAlchemy a group is five round trips (begin, leases, rows, client ids, commit), and with 100 rooms two thirds
of the server's CPU.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.failpoint import failpoint
from server.storage.appends import Append, leases_of, rows_of, users_of
from server.storage.base import Deposed
from server.storage.engine_writer import InTask
from server.storage.one_thread import Ended

_APPEND = """
WITH lease AS (SELECT * FROM unnest($1::text[], $2::bigint[]) AS lease(branch, epoch)),
held AS MATERIALIZED (
    SELECT owners.branch FROM owners, lease
    WHERE owners.branch = lease.branch AND owners.epoch = lease.epoch
    FOR SHARE OF owners
),
allowed AS MATERIALIZED (SELECT (SELECT count(*) FROM held) = cardinality($1::text[]) AS yes),
bound AS (
    INSERT INTO client_ids (branch, client, "user")
    SELECT new.* FROM unnest($3::text[], $4::bigint[], $5::text[]) AS new(branch, client, "user"), allowed
    WHERE allowed.yes ON CONFLICT DO NOTHING
),
appended AS (
    INSERT INTO updates (branch, seq, at, author, via, job, payload)
    SELECT new.* FROM unnest(
        $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::bytea[]
    ) AS new(branch, seq, at, author, via, job, payload), allowed
    WHERE allowed.yes
)
SELECT yes FROM allowed
"""
"""Whether all leases are held; where one is not, nothing is written. Who wants to take a branch over waits for it."""


COMMIT_SECONDS = 5.0
"""After which a commit that was not answered is repeated on another connection: one that was cut off would say nothing
until TCP gives it up, minutes later.
"""


class PostgresWriter:
    """engine: its pool lends the connection, and makes a new one after a failure.

    A round trip costs both sides half a millisecond of CPU: commits of many rooms start further apart than on a disk.
    """

    window = 0.01

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._pooled: Any = None
        self._tasks = InTask()

    def commit(self, group: Sequence[Append], ended: Ended) -> None:
        self._tasks.start(self._commit(group), ended)

    async def _commit(self, group: Sequence[Append]) -> None:
        try:
            if self._pooled is None:
                self._pooled = await self._engine.raw_connection()
            failpoint("log.commit")
            connection = self._pooled.driver_connection
            is_allowed = await connection.fetchval(_APPEND, *_arguments(group), timeout=COMMIT_SECONDS)
        except asyncpg.IntegrityConstraintViolationError as error:
            raise IntegrityError(None, None, error) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            self._reset()
            raise DBAPIError(None, None, error) from error
        except BaseException:
            self._reset()
            raise
        if not is_allowed:
            raise Deposed(min(leases_of(group)))

    def _reset(self) -> None:
        """A new connection next time: what became of a statement on this one nobody knows."""
        pooled, self._pooled = self._pooled, None
        if pooled is not None:
            pooled.invalidate()

    async def close(self) -> None:
        self._reset()


def _arguments(group: Sequence[Append]) -> list[Sequence[Any]]:
    """Columns: leases, client ids, rows."""
    leases = leases_of(group)
    return [
        list(leases), list(leases.values()), *_columns(users_of(group), 3), *_columns(rows_of(group), 7),
    ]  # fmt: skip


def _columns(rows: Sequence[Sequence[Any]], count: int) -> list[list[Any]]:
    return [[row[column] for row in rows] for column in range(count)]
