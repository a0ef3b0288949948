"""A branch for oneself: its room finished, at whichever node, and everybody kept out for a while."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from crdt.lib0 import Decoder, encode_string
from crdt.messages import RESTART
from server.errors import Conflict
from server.nodes.ownership import Lease, Ownership
from server.storage.base import StorageUnavailable
from server.sync.outbox import Closing

SEIZE_ATTEMPTS = 5

End = Callable[[str, Closing], Awaitable[None]]
"""Finish the room of a branch at this node, if there is one."""
Ask = Callable[[str, str, bytes], Awaitable[bytes]]
"""(node, verb, payload): a question to another node."""


class Exclusive:
    def __init__(self, ownership: Ownership, end: End, ask: Ask) -> None:
        self._ownership = ownership
        self._end = end
        self._ask = ask
        self._kept_closed: dict[str, asyncio.Event] = {}
        self._heirs: dict[str, str] = {}

    @asynccontextmanager
    async def hold(self, key: str, closing: Closing) -> AsyncIterator[None]:
        """Conflict where another one holds it already."""
        if key in self._kept_closed:
            raise Conflict("document_closed", f"{key} is being worked on", "try again in a moment")
        reopened = self._kept_closed[key] = asyncio.Event()
        try:
            await self._end(key, closing)
            lease = await self._seize(key)
            try:
                yield
            finally:
                await self.release(key, lease)
        finally:
            del self._kept_closed[key]
            reopened.set()

    async def reopened(self, key: str) -> None:
        """Wait while somebody here holds it."""
        while (kept := self._kept_closed.get(key)) is not None:
            await kept.wait()

    async def release(self, key: str, lease: Lease) -> None:
        """Give a lease back, or to the node that asked for it."""
        # Where the database is away the lease stays: this node claims it anew, or others do when it is gone.
        with suppress(StorageUnavailable):
            await self._ownership.release(key, lease.epoch, self._heirs.get(key, ""))

    async def let_go(self, payload: bytes) -> bytes:
        """Another node wants a branch for itself: end its room here, and leave it to that one."""
        decoder = Decoder(payload)
        key = decoder.string()
        self._heirs[key] = decoder.string()
        try:
            await self._end(key, Closing(RESTART, "worked on at another node"))
        finally:
            self._heirs.pop(key, None)
        return b""

    async def _seize(self, key: str) -> Lease:
        """The lease of a branch, whoever has it now."""
        for _ in range(SEIZE_ATTEMPTS):
            lease = await self._ownership.claim(key)
            if lease.is_mine:
                return lease
            await self._ask(lease.node, "room.let_go", encode_string(key) + encode_string(self._ownership.node))
        raise Conflict("document_in_use", f"other nodes hold on to {key}", "try again in a moment")
