"""A link tells everybody who waits what became of it, and is left in bounded time whatever happens at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from crdt import nodes
from crdt.document import SceneDocument
from crdt.errors import ConnectionRefused
from crdt.link import Link
from crdt.messages import FORBIDDEN, TOO_FAST, Hello, Notice, Refused, Saved
from crdt.pauses import LAST_PAUSE, LONGEST, Pauses, seconds_of
from tests.support.channels import HandChannel, HandConnector

URL = "ws://host/sync/project/scene"


@pytest.fixture(autouse=True)
async def _in_time() -> AsyncIterator[None]:
    async with asyncio.timeout(20):
        yield


def hello(generation: int = 0, role: str = "editor") -> Hello:
    return Hello(generation, 1, {"id": "ada"}, role, role == "viewer", 5)


class Unforeseen(Exception):
    pass


async def test_what_breaks_reaches_everybody_who_waits() -> None:
    channel = HandChannel()
    with pytest.raises(Unforeseen):  # noqa: PT012
        async with Link(SceneDocument(), URL, connect=HandConnector(channel)) as link:
            waiting = [link.synced(20), link.saved(), link.presence_changed(), link.until(lambda: False)]
            tasks = [asyncio.create_task(one) for one in waiting]
            await channel.opened.wait()
            channel.break_with(Unforeseen())
            for task in tasks:
                with pytest.raises(Unforeseen):
                    await task


async def test_a_block_that_ends_with_an_error_ends_with_that_one() -> None:
    channel = HandChannel()
    channel.break_with(Unforeseen())
    with pytest.raises(KeyError):  # noqa: PT012
        async with Link(SceneDocument(), URL, connect=HandConnector(channel)) as link:
            with pytest.raises(Unforeseen):
                await link.saved()
            raise KeyError


async def test_a_refusal_reaches_everybody_who_waits() -> None:
    channel = HandChannel()
    async with Link(SceneDocument(), URL, connect=HandConnector(channel)) as link:
        waiting = [link.synced(20), link.saved(), link.presence_changed(), link.until(lambda: False)]
        tasks = [asyncio.create_task(one) for one in waiting]
        await channel.opened.wait()
        channel.say(Refused("forbidden", "your role has ended"))
        channel.hang_up(FORBIDDEN)
        for task in tasks:
            with pytest.raises(ConnectionRefused) as refused:
                await task
            assert refused.value.code == "forbidden"


async def test_after_the_block_nobody_waits() -> None:
    async with Link(SceneDocument(), URL, connect=HandConnector(HandChannel())) as link:
        pass
    with pytest.raises(ConnectionRefused) as refused:
        await link.saved()
    assert refused.value.code == "left"


@pytest.mark.parametrize("turns", range(12))
async def test_a_link_can_be_left_at_any_turn_of_a_connection_that_ends(turns: int) -> None:
    """Leaving used to hang in the turns in which the tasks of a connection were waited for that ended before the state
    of the server had come.
    """
    channel, later = HandChannel(), HandChannel()
    async with Link(SceneDocument(), URL, connect=HandConnector(channel, later)):
        await channel.opened.wait()
        while not channel.heard:
            await asyncio.sleep(0)
        channel.hang_up()
        for _ in range(turns):
            await asyncio.sleep(0)


async def test_edits_of_a_broken_connection_are_saved_by_the_next() -> None:
    scene, first, second = SceneDocument(), HandChannel(), HandChannel()
    async with Link(scene, URL, connect=HandConnector(first, second)) as link:
        first.greet(SceneDocument())
        await link.synced(20)
        nodes.add(scene, name="on the way")
        saving = asyncio.create_task(link.saved())
        await first.carried(2)
        first.say(Saved(1, 1))
        first.hang_up()
        second.greet(SceneDocument())
        copy = SceneDocument()
        copy.apply((await second.carried(1))[0])
        assert copy.hash() == scene.hash()
        assert not saving.done()
        second.say(Saved(1, 2))
        assert await saving == 2


async def test_the_role_and_the_notice_are_the_latest() -> None:
    channel = HandChannel()
    link = Link(SceneDocument(), URL, connect=HandConnector(channel))
    async with link:
        channel.say(hello())
        channel.greet(SceneDocument())
        await link.synced(20)
        assert link.hello == hello()
        channel.say(hello(role="viewer"))
        channel.say(Notice("not_saving", "the disk is full"))
        marked = SceneDocument()
        nodes.add(marked, name="after the words")
        channel.greet(marked)
        await link.until(lambda: len(link._document.map("nodes")) == 1)
        assert link.hello == hello(role="viewer")
        assert link.notice == Notice("not_saving", "the disk is full")


async def test_another_generation_is_final_at_whatever_greeting() -> None:
    channel = HandChannel()
    async with Link(SceneDocument(), URL, connect=HandConnector(channel)) as link:
        channel.say(hello())
        channel.greet(SceneDocument())
        await link.synced(20)
        channel.say(hello(generation=1))
        with pytest.raises(ConnectionRefused) as refused:
            await link.until(lambda: False)
        assert refused.value.code == "other_generation"


async def test_who_was_too_fast_waits_as_long_as_the_server_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    channel = HandChannel()
    link = Link(SceneDocument(), URL, connect=HandConnector(channel))
    monkeypatch.setattr(link._pauses, "at_least", asked.append)
    async with link:
        channel.greet(SceneDocument())
        await link.synced(20)
        channel.say(Refused("too_many_connections", "enough", "close one, or try again in 30 seconds"))
        channel.hang_up(TOO_FAST)
        while not asked:
            await asyncio.sleep(0)
    assert asked == [30.0]


def test_pauses_grow_start_anew_and_respect_what_was_asked_for() -> None:
    pauses = Pauses()
    grown = [pauses.next(False) for _ in range(12)]
    assert LAST_PAUSE / 2 <= grown[-1] <= LAST_PAUSE
    assert pauses.next(True) < 0.2
    pauses.at_least(30)
    assert 30 <= pauses.next(True) < 31
    assert pauses.next(True) < 0.2
    pauses.at_least(0)
    assert pauses.next(True) >= LAST_PAUSE
    pauses.at_least(1e9)
    assert pauses.next(True) <= LONGEST + LAST_PAUSE


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [
        ("try again in 30 seconds", 30),
        ("5", 5),
        ("try again in 2 minutes", 120),
        ("1.5 s", 1.5),
        ("ask once", 0),
    ],
)
def test_spans_are_read_from_hints(hint: str, seconds: float) -> None:
    assert seconds_of(hint) == seconds
