"""One document kept connected: reconnects with back-off, and what was edited meanwhile goes out when it is back.

async with Link(document, "ws://host/sync/{project}/scene?caps=saved,refusal,hello", token) as link:
    await link.synced()
    ...
    await link.saved()
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import InvalidStatus, WebSocketException

from crdt.channel import Channel, ChannelClosed, WebSocketChannel
from crdt.document import Document
from crdt.errors import ConnectionRefused, MaquetteError
from crdt.messages import Hello, decode
from crdt.presence import Awareness
from crdt.provider import Provider

FIRST_PAUSE, LAST_PAUSE = 0.1, 5.0
"""Seconds between attempts to connect; the pause doubles up to the last one."""


class Link:
    """hello: the server's latest greeting. Ends for good when the server refuses this replica; `synced` and `saved`
    then raise the ConnectionRefused.
    """

    def __init__(self, document: Document, url: str, token: str | None = None) -> None:
        self.awareness = Awareness(document.doc.client_id)
        self.hello: Hello | None = None
        self._document = document
        self._url = url
        self._token = token
        self._provider: Provider | None = None
        self._refusal: ConnectionRefused | None = None
        self._last_failure: Exception | None = None
        self._turned = asyncio.Event()
        self._seen = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"link {self._url.split('?')[0]}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})

    @property
    def is_connected(self) -> bool:
        return self._provider is not None and self._provider.synced.is_set()

    async def synced(self, timeout: float) -> None:
        """Wait until the server's state is here. ConnectionRefused (`unreachable`) after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._until(lambda: self.is_connected)
        except TimeoutError:
            found = self._last_failure or "no answer"
            raise ConnectionRefused(
                "unreachable", f"{self._url.split('?')[0]}: {found}", "is the server running?"
            ) from None

    async def saved(self) -> int:
        """Wait, over any number of reconnections, until every edit made so far is committed; the log's number."""
        while True:
            await self._until(lambda: self._provider is not None)
            provider = self._provider
            assert provider is not None
            try:
                return await provider.saved()
            except ConnectionRefused:
                # The connection ended before the answer. The next one carries the same edits again.
                if self._provider is provider:
                    self._provider = None

    def set_presence(self, state: dict[str, Any] | None) -> None:
        """Show this state to the others, now and after every reconnection; None: not here."""
        if self._provider is not None:
            self._provider.set_presence(state)
        else:
            self.awareness.set_local(state)

    async def presence_changed(self) -> None:
        """Wait until another participant comes, goes or shows something else."""
        self._seen.clear()
        await self._seen.wait()

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            if self._refusal is not None:
                raise self._refusal
            self._turned.clear()
            await self._turned.wait()

    # -- connecting

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while self._refusal is None:
            was_synced = await self._connect_once()
            pause = FIRST_PAUSE if was_synced else min(pause * 2, LAST_PAUSE)
            self._turned.set()
            if self._refusal is None:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))

    async def _connect_once(self) -> bool:
        """One connection from its opening to its end; whether it got as far as the server's state."""
        provider: Provider | None = None
        try:
            async with WebSocketChannel.connect(self._url, self._token) as channel:
                provider = Provider(self._document, _Greeted(channel, self._greet), self.awareness, self._see)
                self._provider = provider
                async with asyncio.TaskGroup() as group:
                    announcing = group.create_task(self._announce(provider))
                    try:
                        await provider.run()
                    finally:
                        announcing.cancel()
        except* ConnectionRefused as refused:
            self._note(refused.exceptions[0])
        except* (ChannelClosed, OSError, TimeoutError, WebSocketException, MaquetteError) as failed:
            self._last_failure = _first(failed)
        self._provider = None
        return provider is not None and provider.synced.is_set()

    async def _announce(self, provider: Provider) -> None:
        self._turned.set()
        await provider.synced.wait()
        self._turned.set()

    def _see(self, _clients: set[int]) -> None:
        self._seen.set()

    def _note(self, error: BaseException) -> None:
        cause = error.__cause__
        if isinstance(cause, InvalidStatus) and cause.response.status_code >= 500:
            self._last_failure = cause  # a proxy whose server is away
        elif isinstance(error, ConnectionRefused):
            self._refusal = error

    def _greet(self, hello: Hello) -> None:
        """Replicas of another generation never merge: this one holds what the server has since replaced."""
        if self.hello is not None and hello.generation != self.hello.generation:
            raise ConnectionRefused(
                "other_generation",
                f"the document was re-founded: generation {hello.generation}, this replica has {self.hello.generation}",
                "join anew",
            )
        self.hello = hello


class _Greeted:
    """A channel that shows the server's greeting before anything is merged."""

    def __init__(self, channel: Channel, greet: Callable[[Hello], None]) -> None:
        self._channel = channel
        self._greet = greet
        self._is_first = True

    async def send(self, message: bytes) -> None:
        await self._channel.send(message)

    async def receive(self) -> bytes:
        received = await self._channel.receive()
        if self._is_first:
            self._is_first = False
            message = decode(received)
            if isinstance(message, Hello):
                self._greet(message)
        return received

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._channel.close(code, reason)


def _first(group: BaseExceptionGroup[Any]) -> Exception:
    found: Any = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, Exception)
    return found
