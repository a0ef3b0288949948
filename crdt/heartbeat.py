"""Notices a connection that is only half there: cut somewhere on its way, so that nobody is told.

TCP alone takes a quarter of an hour to give up what it sent, and a ping that waits behind it never comes to its timeout
(so `websockets`' own keepalive is off). Here any byte that comes in is a sign of life, so that a large message may take
its time.
"""

import asyncio
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

QUIET = 10.0
"""Seconds without a byte after which the other side is asked."""
PATIENCE = 10.0
"""Seconds that it has for its answer, or for anything else."""


class BeatingConnection(ClientConnection):
    """Ends with 1006 at most QUIET + PATIENCE seconds after the last byte that came in."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._heard = asyncio.get_running_loop().time()
        self._beating: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        self._heard = asyncio.get_running_loop().time()
        super().data_received(data)

    def begin(self) -> None:
        """Once the connection is open."""
        self._beating = asyncio.create_task(self._beat(), name="heartbeat")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._beating is not None:
            self._beating.cancel()
        super().connection_lost(exc)

    async def _beat(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(max(0.0, self._heard + QUIET - now()))
            asked = now()
            if asked < self._heard + QUIET:
                continue
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.ping()  # waits where nothing leaves any more
            except (ConnectionClosed, TimeoutError):
                pass
            await asyncio.sleep(max(0.0, asked + PATIENCE - now()))
            if self._heard < asked:
                self.transport.abort()
                return
