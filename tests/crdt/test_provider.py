"""What a provider says when its connection is gone."""

from __future__ import annotations

import asyncio

import pytest

from crdt import nodes
from crdt.channel import ChannelClosed
from crdt.document import SceneDocument
from crdt.errors import ConnectionRefused
from crdt.messages import RESTART, TOO_FAST, UPDATE_REFUSED, Message, Refused, Saved, SyncStep1, SyncStep2, encode
from crdt.provider import Provider


class HandChannel:
    """A channel whose other end is the test."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[bytes | int] = asyncio.Queue()

    def say(self, message: Message) -> None:
        self.incoming.put_nowait(encode(message))

    def hang_up(self, code: int = 1006) -> None:
        self.incoming.put_nowait(code)

    async def send(self, message: bytes) -> None:
        assert message

    async def receive(self) -> bytes:
        received = await self.incoming.get()
        if isinstance(received, int):
            raise ChannelClosed(received, "gone")
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


@pytest.mark.parametrize(
    ("code", "error"),
    [(RESTART, ChannelClosed), (TOO_FAST, ChannelClosed), (1006, ChannelClosed), (UPDATE_REFUSED, ConnectionRefused)],
)
async def test_the_close_says_whether_a_refusal_is_final(code: int, error: type[Exception]) -> None:
    """A server that stops says so to whoever comes, and is back in a moment."""
    channel = HandChannel()
    channel.say(Refused("the_code", "for now, or for good"))
    channel.hang_up(code)
    with pytest.raises(error) as raised:
        await Provider(SceneDocument(), channel).run()
    if error is ConnectionRefused:
        assert raised.value.code == "the_code"
