"""One document kept connected: reconnects with back-off, and what was edited meanwhile goes out when it is back.

async with Link(document, "ws://host/sync/{project}/scene?caps=saved,refusal,hello", token) as link:
    await link.synced()
    ...
    await link.saved()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import InvalidStatus, WebSocketException

from crdt.channel import Channel, ChannelClosed, WebSocketChannel
from crdt.document import Document
from crdt.errors import ConnectionRefused, MaquetteError
from crdt.messages import TOO_FAST, Hello, Notice
from crdt.pauses import Pauses, seconds_of
from crdt.presence import Awareness
from crdt.provider import Provider

_TOO_MANY_REQUESTS = 429

Connect = Callable[[str, str | None], AbstractAsyncContextManager[Channel]]
"""An open channel to this URL, with this token."""


class Link:
    """hello: the server's latest greeting; it comes again when the role changes. notice: its latest word to everybody.

    Ends for good when the server refuses this replica, or when something breaks here: whoever waits is then told, by
    the ConnectionRefused or by what broke.
    """

    def __init__(
        self, document: Document, url: str, token: str | None = None, connect: Connect = WebSocketChannel.connect
    ) -> None:
        self.awareness = Awareness(document.doc.client_id)
        self.hello: Hello | None = None
        self.notice: Notice | None = None
        self._document = document
        self._url = url
        self._token = token
        self._connect = connect
        self._provider: Provider | None = None
        self._refusal: ConnectionRefused | None = None
        self._last_failure: Exception | None = None
        self._is_left = False
        self._pauses = Pauses()
        self._turned = asyncio.Event()
        self._seen = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"link {self._url.split('?')[0]}")
        self._task.add_done_callback(self._wake_all)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raises what broke, if that is the news: a block that ended with an error ends with that one."""
        assert self._task is not None
        self._is_left = True
        self._task.cancel()
        await asyncio.wait({self._task})
        broke = None if self._task.cancelled() else self._task.exception()
        if broke is not None and error is None:
            raise broke

    def _wake_all(self, _: object = None) -> None:
        self._turned.set()
        self._seen.set()

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
        self._raise_if_ended()
        self._seen.clear()
        await self._seen.wait()
        self._raise_if_ended()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until this holds, which is asked after every change of the document."""
        subscription = self._document.doc.observe(lambda _: self._turned.set())
        try:
            await self._until(reached)
        finally:
            subscription.drop()

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            self._raise_if_ended()
            self._turned.clear()
            await self._turned.wait()

    def _raise_if_ended(self) -> None:
        if self._refusal is not None:
            raise self._refusal
        if self._is_left:
            raise ConnectionRefused("left", "the block of this connection has ended", "join anew")
        if self._task is not None and self._task.done():
            with suppress(asyncio.CancelledError):
                self._task.result()
            raise ConnectionRefused("disconnected", "the connection was given up", "join anew")

    # -- connecting

    async def _run(self) -> None:
        # Asked each time: a cancellation may be lost in the libraries that a connection is made of.
        while not self._is_over():
            was_synced = await self._connect_once()
            self._turned.set()
            if not self._is_over():
                await asyncio.sleep(self._pauses.next(was_synced))

    def _is_over(self) -> bool:
        return self._is_left or self._refusal is not None

    async def _connect_once(self) -> bool:
        """One connection from its opening to its end; whether it got as far as the server's state."""
        provider: Provider | None = None
        try:
            async with self._connect(self._url, self._token) as channel:
                provider = Provider(self._document, channel, self.awareness, self._see, self._hear)
                self._provider = provider
                await self._run_provider(provider)
        except ConnectionRefused as refused:
            self._note(refused)
        except (ChannelClosed, OSError, TimeoutError, WebSocketException, MaquetteError) as failed:
            self._last_failure = failed
            if isinstance(failed, ChannelClosed) and failed.code == TOO_FAST:
                told = provider.refused if provider is not None else None
                self._pauses.at_least(seconds_of(told.hint if told is not None else failed.reason))
        finally:
            self._provider = None
        return provider is not None and provider.synced.is_set()

    async def _run_provider(self, provider: Provider) -> None:
        # No task group: when its block ends with an error, a cancellation that comes while it waits for its tasks is
        # lost (Python 3.11), and whoever left this link would wait for ever.
        announcing = asyncio.create_task(self._announce(provider))
        try:
            await provider.run()
        finally:
            announcing.cancel()

    async def _announce(self, provider: Provider) -> None:
        self._turned.set()
        await provider.synced.wait()
        self._turned.set()

    def _see(self, _clients: set[int]) -> None:
        self._seen.set()

    def _note(self, error: ConnectionRefused) -> None:
        cause = error.__cause__
        answer = cause.response if isinstance(cause, InvalidStatus) else None
        if answer is not None and (answer.status_code >= 500 or answer.status_code == _TOO_MANY_REQUESTS):
            self._last_failure = error  # a proxy whose server is away, or one that has enough for now
            self._pauses.at_least(seconds_of(answer.headers.get("Retry-After", "")))
        else:
            self._refusal = error

    def _hear(self, word: Hello | Notice) -> None:
        if isinstance(word, Notice):
            self.notice = word
            return
        # Replicas of another generation never merge: this one holds what the server has since replaced.
        if self.hello is not None and word.generation != self.hello.generation:
            raise ConnectionRefused(
                "other_generation",
                f"the document was re-founded: generation {word.generation}, this replica has {self.hello.generation}",
                "join anew",
            )
        self.hello = word
