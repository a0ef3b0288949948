"""Loads branches from SQLite in one hop to a thread of its own, with the driver's own statements.

Through the async driver it is a dozen hops, and with statements of SQLAlchemy's core two thirds of what opening a room
costs.
"""

from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.dialects import sqlite

from server.storage.base import Loaded
from server.storage.one_thread import OneThread
from server.storage.rows import bound_clients, entry_of, rows_after, snapshots_of


class SqliteReader:
    def __init__(self, engine: Engine) -> None:
        """engine: of this reader alone; disposed of by `close`."""
        self._engine = engine
        self._snapshot, self._rows, self._clients = (
            _text(query) for query in (snapshots_of(""), rows_after("", 0), bound_clients(""))
        )
        self._pooled: PoolProxiedConnection | None = None
        self._thread = OneThread("log reader")

    async def load(self, branch: str) -> Loaded:
        """As UpdateLog.load; what the driver raises."""
        return await self._thread.ask(lambda: self._load(branch))

    def _load(self, branch: str) -> Loaded:
        if self._pooled is None:
            self._pooled = self._engine.raw_connection()
        try:
            return self._loaded(self._pooled.driver_connection, branch)
        except BaseException:
            self._reset()
            raise

    def _loaded(self, connection: Any, branch: str) -> Loaded:
        """All in one transaction: a compaction that ends in between takes rows away."""
        connection.execute("BEGIN")
        snapshot = connection.execute(self._snapshot, (branch,)).fetchone()
        seq, payload = snapshot or (0, None)
        tail = [entry_of(*row) for row in connection.execute(self._rows, (branch, seq))]
        clients = dict(connection.execute(self._clients, (branch,)).fetchall())
        connection.execute("COMMIT")
        return Loaded(payload, seq, tail, clients)

    def _reset(self) -> None:
        pooled, self._pooled = self._pooled, None
        if pooled is not None:
            pooled.invalidate()

    async def close(self) -> None:
        await self._thread.ask(self._dispose)
        self._thread.end()

    def _dispose(self) -> None:
        if self._pooled is not None:
            self._pooled.close()
        self._engine.dispose()


def _text(query: Any) -> str:
    return str(query.compile(dialect=sqlite.dialect()))
