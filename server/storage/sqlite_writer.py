"""Appends to SQLite in one hop to a thread of its own, with the driver's own statements.

Through the async driver one commit is eight hops (each statement, its cursor, the rollback of the pool), and with
statements of SQLAlchemy's core it costs three times the CPU.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection

from crdt.failpoint import failpoint
from server.storage.appends import WINDOW, Append, Ended, Owner, check_leases, inserts, leases_of, rows_of, users_of
from server.storage.fencing import owned


class SqliteWriter:
    window = WINDOW

    def __init__(self, engine: Engine) -> None:
        """engine: of this writer alone; disposed of by `close`."""
        self._engine = engine
        self._row, self._client = (str(insert.compile(dialect=engine.dialect)) for insert in inserts("sqlite"))
        self._pooled: PoolProxiedConnection | None = None
        self._thread = OneThread("log")

    def commit(self, group: Sequence[Append], ended: Ended) -> None:
        self._thread.run(lambda: self._commit(group), ended)

    def _commit(self, group: Sequence[Append]) -> None:
        if self._pooled is None:
            self._pooled = self._engine.raw_connection()
        connection: Any = self._pooled.driver_connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            if leases := leases_of(group):
                check_leases(self._owners(connection, leases), leases)
            connection.executemany(self._row, rows_of(group))
            if clients := users_of(group):
                connection.executemany(self._client, clients)
            failpoint("log.commit")
            connection.execute("COMMIT")
        except BaseException:
            self._reset()
            raise

    def _owners(self, connection: Any, leases: Mapping[str, int]) -> list[Owner]:
        query = owned(leases).compile(dialect=self._engine.dialect, compile_kwargs={"render_postcompile": True})
        values = [query.params[name] for name in query.positiontup or ()]
        return [Owner(*row) for row in connection.execute(str(query), values)]

    def _reset(self) -> None:
        """A new connection next time: what state this one is in after a failing disk nobody knows."""
        pooled, self._pooled = self._pooled, None
        if pooled is not None:
            pooled.invalidate()

    async def close(self) -> None:
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._thread.run(self._dispose, lambda _: ended.set_result(None))
        await ended
        self._thread.end()

    def _dispose(self) -> None:
        if self._pooled is not None:
            self._pooled.close()
        self._engine.dispose()


class OneThread:
    """A thread that does one thing after the other: a fifth of what an executor and its futures cost."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], None], ended: Ended) -> None:
        """ended: called on this event loop with what `work` raised, or None."""
        self._jobs.put((work, ended, asyncio.get_running_loop()))

    def end(self) -> None:
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, ended, loop = job
            error: BaseException | None = None
            try:
                work()
            except BaseException as raised:
                error = raised
            loop.call_soon_threadsafe(ended, error)


_Job = tuple[Callable[[], None], Ended, asyncio.AbstractEventLoop]
