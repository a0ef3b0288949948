"""What a provider says of *saved* when its connection is gone."""

from __future__ import annotations

import asyncio

import pytest

from crdt import nodes
from crdt.channel import ChannelClosed
from crdt.document import SceneDocument
from crdt.errors import ConnectionRefused
from crdt.messages import Message, Saved, SyncStep1, SyncStep2, encode
from crdt.provider import Provider


class HandChannel:
    """A channel whose other end is the test."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[bytes | None] = asyncio.Queue()

    def say(self, message: Message) -> None:
        self.incoming.put_nowait(encode(message))

    def hang_up(self) -> None:
        self.incoming.put_nowait(None)

    async def send(self, message: bytes) -> None:
        assert message

    async def receive(self) -> bytes:
        received = await self.incoming.get()
        if received is None:
            raise ChannelClosed(1006, "gone")
        return received

    async def close(self, *_: object) -> None:
        self.hang_up()


async def test_an_edit_after_the_end_is_not_saved() -> None:
    scene, server, channel = SceneDocument(), SceneDocument(), HandChannel()
    provider = Provider(scene, channel)
    running = asyncio.create_task(provider.run())
    channel.say(SyncStep1(server.state_vector()))
    channel.say(SyncStep2(server.update()))
    channel.say(Saved(1, 1))
    assert await provider.saved() == 1
    channel.hang_up()
    with pytest.raises(ChannelClosed):
        await running
    nodes.add(scene, name="nobody sees this")
    assert not provider.is_saved
    with pytest.raises(ConnectionRefused):
        await provider.saved()
