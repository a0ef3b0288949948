"""One suite for every bus: within a process, and over Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from crdt.errors import MaquetteError
from server.bus.base import Bus, BusTimeout
from server.bus.local import Hub, LocalBus
from server.bus.redis import RedisBus
from server.bus.requests import Requests
from tests.support.redis import RedisProcess, running_redis

OpenBus = Callable[[], "asyncio.Future[Bus]"]


@pytest.fixture
def redis() -> Iterator[RedisProcess]:
    with running_redis() as started:
        yield started


@pytest.fixture(params=["local", "redis"])
async def open_bus(request: pytest.FixtureRequest) -> AsyncIterator[Callable]:
    """Another node's bus of the same installation."""
    async with AsyncExitStack() as stack:
        if request.param == "local":
            hub = Hub()

            async def local() -> Bus:
                bus = LocalBus(hub)
                stack.push_async_callback(bus.close)
                return bus

            yield local
            return
        url = request.getfixturevalue("redis").url

        async def over_redis(prefix: str = "maquette") -> Bus:
            return await stack.enter_async_context(RedisBus(url, prefix))

        yield over_redis


class Heard:
    """What came over one channel, and a way to wait for it."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self._more = asyncio.Event()

    def __call__(self, payload: bytes) -> None:
        self.messages.append(payload)
        self._more.set()

    async def until(self, is_there: Callable[[list[bytes]], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_there(self.messages):
                self._more.clear()
                await self._more.wait()


async def test_messages_arrive_in_order_and_whole(open_bus: Callable) -> None:
    here, there = await open_bus(), await open_bus()
    heard = Heard()
    await there.subscribe("news", heard)
    sent = [n.to_bytes(2, "big") * (n % 50) + b"\r\n\x00$" for n in range(500)]
    for payload in sent:
        here.publish("news", payload)
    await heard.until(lambda messages: len(messages) >= 500)
    assert heard.messages == sent


async def test_a_large_message_arrives_whole(open_bus: Callable) -> None:
    here, there = await open_bus(), await open_bus()
    heard = Heard()
    await there.subscribe("news", heard)
    here.publish("news", bytes(range(256)) * 16384)
    await heard.until(bool)
    assert heard.messages == [bytes(range(256)) * 16384]


async def test_every_subscriber_hears_and_nobody_else(open_bus: Callable) -> None:
    here, there, elsewhere = await open_bus(), await open_bus(), await open_bus()
    mine, theirs, others = Heard(), Heard(), Heard()
    await here.subscribe("news", mine)
    await there.subscribe("news", theirs)
    await elsewhere.subscribe("other", others)
    here.publish("news", b"1")
    here.publish("other", b"2")
    await asyncio.gather(*(heard.until(bool) for heard in (mine, theirs, others)))
    assert (mine.messages, theirs.messages, others.messages) == ([b"1"], [b"1"], [b"2"])


async def test_who_has_left_a_channel_hears_no_more(open_bus: Callable) -> None:
    bus = await open_bus()
    left, stayed = Heard(), Heard()
    await bus.subscribe("left", left)
    await bus.subscribe("stayed", stayed)
    await bus.unsubscribe("left")
    bus.publish("left", b"1")
    bus.publish("stayed", b"2")
    await stayed.until(bool)
    assert left.messages == []


async def test_questions_are_answered(open_bus: Callable) -> None:
    asker, answerer = Requests(await open_bus(), "a"), Requests(await open_bus(), "b")

    async def double(payload: bytes) -> bytes:
        return payload * 2

    async def refuse(payload: bytes) -> bytes:
        raise MaquetteError("no_way", payload.decode(), "another way")

    answerer.answer("double", double)
    answerer.answer("refuse", refuse)
    await asker.open()
    await answerer.open()
    asked = [asker.ask("b", "double", b"%d" % n, 10) for n in range(20)]
    assert await asyncio.gather(*asked) == [b"%d" % n * 2 for n in range(20)]
    with pytest.raises(MaquetteError) as refused:
        await asker.ask("b", "refuse", b"why", 10)
    assert (refused.value.code, refused.value.message, refused.value.hint) == ("no_way", "why", "another way")
    with pytest.raises(MaquetteError) as unknown:
        await asker.ask("b", "what", b"", 10)
    assert unknown.value.code == "unknown_verb"
    with pytest.raises(BusTimeout):
        await asker.ask("nobody", "double", b"", 0.05)


async def test_redis_comes_back_and_so_does_the_bus(redis: RedisProcess) -> None:
    async with RedisBus(redis.url) as here, RedisBus(redis.url) as there:
        heard, gaps = Heard(), Heard()
        await there.subscribe("news", heard)
        there.on_gap(lambda: gaps(b"gap"))
        here.publish("news", b"before")
        await heard.until(bool)
        redis.kill()
        here.publish("news", b"lost or late")
        redis.start()
        await gaps.until(bool)
        await _heard_after(here, heard)


async def _heard_after(bus: Bus, heard: Heard) -> None:
    """The publisher comes back by itself too; what it publishes meanwhile may be lost."""
    async with asyncio.timeout(20):
        while b"after" not in heard.messages:
            bus.publish("news", b"after")
            await asyncio.sleep(0.05)


async def test_a_frozen_redis_is_noticed(redis: RedisProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.bus.redis.PULSE", 0.05)
    async with RedisBus(redis.url) as bus:
        heard, gaps = Heard(), Heard()
        await bus.subscribe("news", heard)
        bus.on_gap(lambda: gaps(b"gap"))
        assert bus.is_up
        redis.freeze()
        async with asyncio.timeout(20):
            while bus.is_up:
                await asyncio.sleep(0.02)
        redis.thaw()
        await gaps.until(bool)
        await _heard_after(bus, heard)


async def test_installations_that_share_a_redis_are_apart(redis: RedisProcess) -> None:
    async with RedisBus(redis.url, "one") as one, RedisBus(redis.url, "two") as two:
        first, second = Heard(), Heard()
        await one.subscribe("news", first)
        await two.subscribe("news", second)
        one.publish("news", b"1")
        two.publish("news", b"2")
        await asyncio.gather(first.until(bool), second.until(bool))
        assert (first.messages, second.messages) == ([b"1"], [b"2"])


async def test_a_redis_that_is_not_there_yet_is_waited_for(redis: RedisProcess) -> None:
    redis.kill()
    async with RedisBus(redis.url) as bus:
        heard = Heard()
        subscribing = asyncio.create_task(bus.subscribe("news", heard))
        await asyncio.sleep(0)
        assert not bus.is_up
        redis.start()
        async with asyncio.timeout(20):
            await subscribing
        await _heard_after(bus, heard)
