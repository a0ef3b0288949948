"""What a provider says when its connection is gone, and what it calls saved."""

from __future__ import annotations

import asyncio

import pytest

from crdt import nodes
from crdt import provider as providers
from crdt.channel import ChannelClosed
from crdt.document import SceneDocument
from crdt.errors import ConnectionRefused
from crdt.messages import RESTART, TOO_FAST, UPDATE_REFUSED, Hello, Notice, Refused, Saved, SyncStep1, SyncStep2
from crdt.provider import PART, Provider
from tests.support.channels import HandChannel


async def test_an_edit_after_the_end_is_not_saved() -> None:
    scene, server, channel = SceneDocument(), SceneDocument(), HandChannel()
    provider = Provider(scene, channel)
    running = asyncio.create_task(provider.run())
    channel.greet(server)
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


class StubbornChannel(HandChannel):
    """Its send does not end, and when it is cancelled only once it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.sending = asyncio.Event()
        self.free = asyncio.Event()

    async def send(self, _: bytes) -> None:
        self.sending.set()
        try:
            await asyncio.Event().wait()
        finally:
            await self.free.wait()


async def test_who_waits_is_told_even_if_the_end_is_cancelled_half_way() -> None:
    channel = StubbornChannel()
    provider = Provider(SceneDocument(), channel)
    running = asyncio.create_task(provider.run())
    waiting = asyncio.create_task(provider.saved())
    await channel.sending.wait()
    channel.hang_up()
    while not waiting.done() and not running.done():
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(ConnectionRefused):
        await waiting
    channel.free.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not provider.is_saved


async def test_nothing_is_saved_while_a_large_edit_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, channel = SceneDocument(), HandChannel()
    provider = Provider(scene, channel)
    running = asyncio.create_task(provider.run())
    channel.greet(SceneDocument())
    channel.say(Saved(1, 1))
    assert await provider.saved() == 1
    split, go_on, splitting = providers._in_parts, asyncio.Event(), asyncio.Event()

    async def slowly(update: bytes) -> list[bytes]:
        splitting.set()
        await go_on.wait()
        return await split(update)

    monkeypatch.setattr(providers, "_in_parts", slowly)
    with scene.transact():
        for number in range(3):
            scene.map("strokes")[f"s{number}"] = bytes(PART // 2)
    await splitting.wait()
    assert not provider.is_saved
    go_on.set()
    copy = SceneDocument()
    for update in await channel.carried(4):
        copy.apply(update)
    assert copy.hash() == scene.hash()
    assert not provider.is_saved
    channel.say(Saved(4, 2))
    assert await provider.saved() == 2
    await _stop(running)


async def test_edits_made_while_the_answer_is_split_follow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, channel = SceneDocument(), HandChannel()
    with scene.transact():
        for number in range(3):
            scene.map("strokes")[f"s{number}"] = bytes(PART // 2)
    provider = Provider(scene, channel)
    split = providers._in_parts

    async def with_an_edit(update: bytes) -> list[bytes]:
        parts = await split(update)
        nodes.add(scene, name="meanwhile")
        assert not provider.is_saved
        return parts

    monkeypatch.setattr(providers, "_in_parts", with_an_edit)
    running = asyncio.create_task(provider.run())
    channel.say(SyncStep1(SceneDocument().state_vector()))
    copy = SceneDocument()
    for update in await channel.carried(4):
        copy.apply(update)
    assert copy.hash() == scene.hash()
    assert not provider.is_saved
    channel.say(Saved(4, 4))
    assert await provider.saved() == 4
    await _stop(running)


async def test_a_document_that_cannot_be_split_goes_out_whole() -> None:
    """The server says what is wrong with it; a client that never sends it would never know."""
    scene, channel = SceneDocument(), HandChannel()
    scene.map("strokes")["s"] = bytes(providers.PART * 17)
    running = asyncio.create_task(Provider(scene, channel).run())
    channel.say(SyncStep1(SceneDocument().state_vector()))
    assert await channel.carried(1) == [scene.update()]
    await _stop(running)


async def test_a_greeting_may_come_again_and_notices_at_any_time() -> None:
    words: list[Hello | Notice] = []
    channel = HandChannel()
    provider = Provider(SceneDocument(), channel, on_word=words.append)
    first, second = (Hello(0, 1, {"id": "ada"}, role, role == "viewer", 5) for role in ("editor", "viewer"))
    notice = Notice("not_saving", "the disk is full")
    for word in (first, notice, second):
        channel.say(word)
    channel.say(SyncStep2(SceneDocument().update()))
    channel.hang_up()
    with pytest.raises(ChannelClosed):
        await provider.run()
    assert words == [first, notice, second]
    assert (provider.hello, provider.notice) == (second, notice)


async def _stop(running: asyncio.Task[None]) -> None:
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
