"""A server alone on a PostgreSQL database, whatever its data folder: a second one is refused before it can do harm.

The lock belongs to a session of the database: it ends with the process, and where the machine is gone the database's
own probes find that out within `_PROBES`. Nodes of one installation hold it together; a server alone holds it alone.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from server.nodes.ownership import DataInUse

KEY = int.from_bytes(b"maquette", "big", signed=True)
PATIENCE = 5.0
"""Seconds that a predecessor gets to end: the database learns of a lost session a little later than we do."""
_PAUSE = 0.25
_PROBES = "SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"

_log = structlog.get_logger()


class DatabaseLock:
    """on_lost: called when the session broke and another server has the database by now."""

    def __init__(self, engine: AsyncEngine, *, exclusive: bool, on_lost: Callable[[], None]) -> None:
        self._engine = engine
        self._attempt = f"SELECT pg_try_advisory_lock{'' if exclusive else '_shared'}($1)"
        self._on_lost = on_lost
        self._session: Any = None
        self._broken = asyncio.Event()

    async def take(self) -> None:
        """DataInUse where another server has it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while not await self._try():
            if loop.time() > deadline:
                raise DataInUse(
                    "data_in_use", f"the database {self._engine.url.database!r} is used by another server already",
                    "stop it, use another --database, or give all servers the same --redis",
                )  # fmt: skip
            await asyncio.sleep(_PAUSE)

    async def run(self) -> None:
        """Take it again whenever the session breaks."""
        while True:
            await self._broken.wait()
            try:
                await self.take()
            except DataInUse as error:
                _log.critical("database_lost", error=error.message, hint=error.hint)
                self._on_lost()
                return
            except (SQLAlchemyError, OSError):
                await asyncio.sleep(_PAUSE)  # the database is away: nobody else has it either

    async def drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.driver_connection.remove_termination_listener(self._ended)
            session.invalidate()

    async def _try(self) -> bool:
        await self.drop()
        session = await self._engine.raw_connection()
        connection: Any = session.driver_connection
        try:
            await connection.execute(_PROBES)
            is_taken = bool(await connection.fetchval(self._attempt, KEY))
        except BaseException:
            session.invalidate()
            raise
        if not is_taken:
            session.invalidate()
            return False
        self._session = session
        self._broken.clear()
        connection.add_termination_listener(self._ended)
        return True

    def _ended(self, _connection: object) -> None:
        self._broken.set()
