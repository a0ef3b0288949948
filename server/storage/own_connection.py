"""A driver's connection in a thread of its own: each question is one hop, whatever it asks."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Engine, PoolProxiedConnection

from server.storage.one_thread import Ended, OneThread

T = TypeVar("T")


class OwnConnection:
    """`await connection.ask(lambda driver: driver.execute(…).fetchall())`; a new one is made after every failure, as
    nobody knows what state the old one is in.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        """engine: of this connection alone; disposed of by `close`."""
        self._engine = engine
        self._pooled: PoolProxiedConnection | None = None
        self._thread = OneThread(name)

    def run(self, work: Callable[[Any], None], ended: Ended) -> None:
        """ended: called on this event loop with what `work` raised, or None."""
        self._thread.run(lambda: self._with(work), ended)

    async def ask(self, work: Callable[[Any], T]) -> T:
        """What `work` returns or raises."""
        return await self._thread.ask(lambda: self._with(work))

    def _with(self, work: Callable[[Any], T]) -> T:
        if self._pooled is None:
            self._pooled = self._engine.raw_connection()
        try:
            return work(self._pooled.driver_connection)
        except BaseException:
            self._pooled.invalidate()
            self._pooled = None
            raise

    async def close(self) -> None:
        await self._thread.ask(self._dispose)
        self._thread.end()

    def _dispose(self) -> None:
        if self._pooled is not None:
            self._pooled.close()
        self._engine.dispose()
