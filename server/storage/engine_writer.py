"""Appends through SQLAlchemy's async engine: what every database understands, and jobs share a transaction with."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crdt.failpoint import failpoint
from server.storage.appends import (
    CLIENT,
    ROW,
    WINDOW,
    Append,
    check_leases,
    inserts,
    leases_of,
    rows_of,
    users_of,
)
from server.storage.fencing import owned
from server.storage.one_thread import Ended


class InTask:
    """Runs a coroutine in a task of its own and says how it ended."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self, work: Coroutine[Any, Any, None], ended: Ended) -> None:
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(lambda task: ended(_error_of(task)))


def _error_of(task: asyncio.Task[None]) -> BaseException | None:
    return asyncio.CancelledError() if task.cancelled() else task.exception()


class EngineWriter:
    """Every statement carries the rows of the whole group."""

    window = WINDOW

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._row, self._client = inserts(engine.dialect.name)
        self._tasks = InTask()

    def commit(self, group: Sequence[Append], ended: Ended) -> None:
        self._tasks.start(self._commit(group), ended)

    async def _commit(self, group: Sequence[Append]) -> None:
        async with self._engine.begin() as connection:
            await self.write(connection, group)
            failpoint("log.commit")

    async def write(self, connection: AsyncConnection, group: Sequence[Append]) -> None:
        """The rows of the group in a transaction of the caller's. Deposed."""
        if leases := leases_of(group):
            check_leases(await connection.execute(owned(leases)), leases)
        await connection.execute(self._row, [dict(zip(ROW, row, strict=True)) for row in rows_of(group)])
        if clients := users_of(group):
            await connection.execute(self._client, [dict(zip(CLIENT, row, strict=True)) for row in clients])

    async def close(self) -> None:
        """The engine is the caller's."""
