"""Rates hold to the request, say when to come back, and come back then; in memory and over Redis (row 18.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from limits import parse
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.errors import TooMany
from server.limits.rates import MemoryWindow, Rates
from server.limits.redis_rates import RedisWindow
from tests.server.limits.test_sockets import Clock
from tests.support.redis import running_redis
from tests.support.server import api, services, serving


@pytest.fixture(params=["memory", "redis"])
async def rates(request: pytest.FixtureRequest) -> AsyncIterator[Rates]:
    if request.param == "memory":
        yield Rates(MemoryWindow())
        return
    with running_redis() as redis:
        rates = Rates(RedisWindow(redis.url))
        yield rates
        await rates.close()


async def allowed(rates: Rates, rate: str, key: str, tries: int) -> int:
    """How many of so many requests pass."""
    passed = 0
    for _ in range(tries):
        with suppress(TooMany):
            await rates.take("user", rate, key)
            passed += 1
    return passed


async def test_exactly_as_many_pass_as_the_rate_says(rates: Rates) -> None:
    assert await allowed(rates, "20/hour", "ada", 60) == 20
    assert await allowed(rates, "20/hour", "bob", 10) == 10, "others are not concerned"
    assert await allowed(rates, "5/hour", "ada", 10) == 5, "another rate has its own count"
    assert await allowed(rates, "", "ada", 100) == 100
    with pytest.raises(TooMany) as refused:
        await rates.take("user", "20/hour", "ada")
    assert refused.value.code == "too_many_requests"
    assert 3500 < int(refused.value.headers["Retry-After"]) <= 3600


async def test_one_that_is_given_back_can_be_taken_again(rates: Rates) -> None:
    rate = parse("3/hour")
    assert await allowed(rates, "3/hour", "ada", 5) == 3
    await rates.window.give_back(rate, "user/ada")
    assert await allowed(rates, "3/hour", "ada", 5) == 1
    await rates.window.forget(rate, "user/ada")
    assert await allowed(rates, "3/hour", "ada", 5) == 3


async def test_over_many_windows_the_rate_holds_within_five_per_cent() -> None:
    """Generation limits of plans are rates: 5, 20 or 100 an hour."""
    for limit in (5, 20, 100):
        clock = Clock()
        rates = Rates(MemoryWindow(clock))
        passed = 0
        for _ in range(10 * 3600 // 6):  # ten hours, a request every six seconds
            passed += await allowed(rates, f"{limit}/hour", "ada", 1)
            clock.now += 6
        assert passed == pytest.approx(10 * limit, rel=0.05)


async def test_the_time_to_come_back_is_the_time_when_it_works() -> None:
    clock = Clock()
    window = MemoryWindow(clock)
    rate = parse("3/minute")
    assert [await window.take(rate, "ada") for _ in range(3)] == [0, 0, 0]
    clock.now += 20
    wait = await window.take(rate, "ada")
    assert wait == pytest.approx(40)
    clock.now += wait - 0.01
    assert await window.take(rate, "ada") > 0
    clock.now += 0.02
    assert await window.take(rate, "ada") == 0


async def test_a_crowd_of_keys_does_not_grow_memory_without_end() -> None:
    window = MemoryWindow(Clock())
    for number in range(30_000):
        await window.take(parse("1/hour"), str(number))
    assert len(window._times) == 20_000
    assert await window.take(parse("1/hour"), "29999") > 0


async def test_requests_over_the_rate_of_an_address_are_told_when_to_come_back(tmp_path: Path) -> None:
    async with api(tmp_path, rate_address="10/minute") as client:
        answers = [await client.get("/api/v1/projects") for _ in range(15)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 5
        assert answers[-1].json()["error"]["code"] == "too_many_requests"
        assert 0 < int(answers[-1].headers["retry-after"]) <= 60
        assert (await client.get("/healthz")).status_code == 200, "those who watch the server are not counted"
        text = (await client.get("/metrics")).text
        assert 'maquette_limited_total{code="too_many_requests"} 5.0' in text
        assert 'maquette_http_requests_total{method="GET",route="/api/v1/projects",status="200"} 10.0' in text


async def test_each_user_has_a_rate_of_their_own(tmp_path: Path) -> None:
    async with api(tmp_path, rate_user="4/minute") as client:

        async def ask(user: str) -> int:
            return (await client.get("/api/v1/projects", params={"user": user * 16})).status_code

        assert [await ask("a") for _ in range(6)] == [200] * 4 + [429] * 2
        assert await ask("b") == 200


async def test_a_rate_of_jobs_is_by_operation(tmp_path: Path) -> None:
    async with api(tmp_path, rate_jobs={"export": "2/hour"}) as client:
        project = (await client.post("/api/v1/projects", json={"name": "x"})).json()["id"]
        body = {"op": "export", "params": {"format": "glb"}}
        answers = [await client.post(f"/api/v1/projects/{project}/jobs", json=body) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert int(answers[-1].headers["retry-after"]) > 3000
        assert len((await services(client).dispatcher.queue.page(project, None, 10))[0]) == 2


async def test_handshakes_of_an_address_are_limited_before_they_cost_anything(tmp_path: Path) -> None:
    async with serving(tmp_path, rate_handshakes="3/minute") as server, httpx.AsyncClient() as client:
        project = (await client.post(f"{server.url}/api/v1/projects", json={"name": "x"})).json()["id"]
        for _ in range(3):
            async with connect(f"{server.sync_url}/{project}/scene") as socket:
                await socket.recv()
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{server.sync_url}/{project}/scene")
        assert refused.value.response.status_code == 429
        assert int(refused.value.response.headers["Retry-After"]) > 0
