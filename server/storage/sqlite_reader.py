"""Loads branches from SQLite in one hop to a thread of its own, with the driver's own statements.

Through the async driver it is a dozen hops, and with statements of SQLAlchemy's core two thirds of what opening a room
costs.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import sqlite

from server.storage.base import Loaded
from server.storage.own_connection import OwnConnection
from server.storage.rows import bound_clients, entry_of, rows_after, snapshots_of


class SqliteReader:
    def __init__(self, engine: Engine) -> None:
        """engine: of this reader alone; disposed of by `close`."""
        self._snapshot, self._rows, self._clients = (
            _text(query) for query in (snapshots_of(""), rows_after("", 0), bound_clients(""))
        )
        self._connection = OwnConnection(engine, "log reader")

    async def load(self, branch: str) -> Loaded:
        """As UpdateLog.load; what the driver raises."""
        return await self._connection.ask(lambda connection: self._loaded(connection, branch))

    def _loaded(self, connection: Any, branch: str) -> Loaded:
        """All in one transaction: a compaction that ends in between takes rows away."""
        connection.execute("BEGIN")
        snapshot = connection.execute(self._snapshot, (branch,)).fetchone()
        seq, payload = snapshot or (0, None)
        tail = [entry_of(*row) for row in connection.execute(self._rows, (branch, seq))]
        clients = dict(connection.execute(self._clients, (branch,)).fetchall())
        connection.execute("COMMIT")
        return Loaded(payload, seq, tail, clients)

    async def close(self) -> None:
        await self._connection.close()


def _text(query: Any) -> str:
    return str(query.compile(dialect=sqlite.dialect()))
