"""Channels whose other end is the test: nothing comes before a test says it."""

from __future__ import annotations

import asyncio
from collections import deque

from crdt.channel import ChannelClosed
from crdt.document import Document
from crdt.messages import Message, SyncStep1, SyncStep2, Update, decode, encode


class HandChannel:
    """`say` and `hang_up` are the server's; `heard` is what came from the provider. As `connect` of a link, too."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[bytes | int | Exception] = asyncio.Queue()
        self.heard: deque[Message] = deque()
        self.opened = asyncio.Event()
        self._came = asyncio.Event()

    def say(self, message: Message) -> None:
        self.incoming.put_nowait(encode(message))

    def hang_up(self, code: int = 1006) -> None:
        self.incoming.put_nowait(code)

    def break_with(self, error: Exception) -> None:
        self.incoming.put_nowait(error)

    def greet(self, server: Document) -> None:
        """What a server says to whoever comes: its step 1, and its answer to theirs."""
        self.say(SyncStep1(server.state_vector()))
        self.say(SyncStep2(server.update()))

    async def carried(self, count: int) -> list[bytes]:
        """The first so many updates that came."""
        while len(updates := [said.update for said in self.heard if isinstance(said, Update | SyncStep2)]) < count:
            self._came.clear()
            await self._came.wait()
        return updates

    # -- what the provider calls

    async def send(self, message: bytes) -> None:
        self.heard.append(decode(message))
        self._came.set()

    async def receive(self) -> bytes:
        received = await self.incoming.get()
        if isinstance(received, int):
            raise ChannelClosed(received, "gone")
        if isinstance(received, Exception):
            raise received
        return received

    async def close(self, *_: object) -> None:
        self.hang_up()

    # -- as an open connection

    async def __aenter__(self) -> HandChannel:
        self.opened.set()
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


class HandConnector:
    """A link's `connect`: hands out these channels, one for each attempt; the last one again and again."""

    def __init__(self, *channels: HandChannel) -> None:
        self._channels = deque(channels)
        self.attempts = 0

    def __call__(self, _url: str, _token: str | None) -> HandChannel:
        self.attempts += 1
        return self._channels.popleft() if len(self._channels) > 1 else self._channels[0]
