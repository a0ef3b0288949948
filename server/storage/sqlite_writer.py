"""Appends to SQLite in one hop to a thread of its own, with the driver's own statements.

Through the async driver one commit is eight hops (each statement, its cursor, the rollback of the pool), and with
statements of SQLAlchemy's core it costs three times the CPU.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine

from crdt.failpoint import failpoint
from server.storage.appends import WINDOW, Append, Owner, check_leases, inserts, leases_of, rows_of, users_of
from server.storage.fencing import owned
from server.storage.one_thread import Ended
from server.storage.own_connection import OwnConnection

AT_ONCE = 100
"""Rows that one statement inserts at most."""


class SqliteWriter:
    window = WINDOW

    def __init__(self, engine: Engine) -> None:
        """engine: of this writer alone; disposed of by `close`."""
        self._engine = engine
        self._row, self._client = (str(insert.compile(dialect=engine.dialect)) for insert in inserts("sqlite"))
        self._of_rows: dict[int, str] = {}
        self._connection = OwnConnection(engine, "log")

    def commit(self, group: Sequence[Append], ended: Ended) -> None:
        self._connection.run(lambda connection: self._commit(connection, group), ended)

    def _commit(self, connection: Any, group: Sequence[Append]) -> None:
        rows, clients, leases = rows_of(group), users_of(group), leases_of(group)
        if clients or leases or len(rows) > AT_ONCE:
            self._commit_all(connection, rows, clients, leases)
        else:
            self._commit_rows(connection, rows)

    def _commit_rows(self, connection: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """One statement is its own transaction, and the interpreter is let go and asked for once."""
        failpoint("log.commit")
        statement = self._of_rows.get(len(rows))
        if statement is None:
            statement = self._of_rows[len(rows)] = _repeated(self._row, len(rows))
        connection.execute(statement, [value for row in rows for value in row])

    def _commit_all(
        self, connection: Any, rows: Sequence[tuple[Any, ...]], clients: Sequence[tuple[Any, ...]],
        leases: Mapping[str, int],
    ) -> None:  # fmt: skip
        connection.execute("BEGIN IMMEDIATE")
        if leases:
            check_leases(self._owners(connection, leases), leases)
        connection.executemany(self._row, rows)
        if clients:
            connection.executemany(self._client, clients)
        failpoint("log.commit")
        connection.execute("COMMIT")

    def _owners(self, connection: Any, leases: Mapping[str, int]) -> list[Owner]:
        query = owned(leases).compile(dialect=self._engine.dialect, compile_kwargs={"render_postcompile": True})
        values = [query.params[name] for name in query.positiontup or ()]
        return [Owner(*row) for row in connection.execute(str(query), values)]

    async def close(self) -> None:
        await self._connection.close()


def _repeated(insert: str, count: int) -> str:
    """The statement for so many rows."""
    head, verb, values = insert.rpartition(" VALUES ")
    return head + verb + ", ".join([values] * count)
