"""Who may do what, over two servers on PostgreSQL and Redis: a change at one holds at both at once (rows 18.1, 18.2).

Sockets are at the owner of the scene (a) and at the node that follows it (b); changes are made at either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from crdt.messages import Hello, Refused, Saved, SyncStep1, SyncStep2, Update, encode
from server.accounts.throttle import LIMITS
from tests.server.accounts.test_live_rights import CAPS, an_edit, end_of, next_of
from tests.support.people import Cast, Part
from tests.support.postgres import Postgres, postgres
from tests.support.redis import RedisProcess, running_redis
from tests.support.server import Served, serving

NODES = ("a", "b")
SIMPLIFY = {"op": "lod.chain", "target": {"mesh": "m" * 16}}


@pytest.fixture(scope="module")
def stores() -> Iterator[tuple[Postgres, RedisProcess]]:
    with postgres() as database, running_redis() as redis:
        yield database, redis


@dataclass
class House:
    """Two servers, one project whose scene is owned by a."""

    servers: dict[str, Served]
    clients: dict[str, httpx.AsyncClient]
    cast: Cast
    project: str
    stack: AsyncExitStack

    async def socket(self, node: str, headers: dict[str, str], document: str = "scene") -> ClientConnection:
        """An open connection that has read its hello and been answered, so that it is in the room's books."""
        url = f"{self.servers[node].sync_url}/{self.project}/{document}?{CAPS}"
        socket = await self.stack.enter_async_context(connect(url, additional_headers=headers))
        await next_of(socket, Hello)
        await in_step(socket)
        return socket

    async def sockets(self, headers: dict[str, str]) -> list[ClientConnection]:
        return [await self.socket(node, headers) for node in NODES]

    async def ask(self, node: str, part: Part, verb: str, path: str, body: Any = None) -> httpx.Response:
        return await self.call(node, await self.cast.headers(part), verb, path, body)

    async def call(self, node: str, headers: dict[str, str], verb: str, path: str, body: Any = None) -> httpx.Response:
        return await self.clients[node].request(verb, f"/api/v1{path}", json=body, headers=headers)

    async def scenes(self) -> list[bytes]:
        return [(await one.services.rooms.room(f"{self.project}/scene")).whole() for one in self.servers.values()]

    async def may_nothing(self, headers: dict[str, str], status: int) -> None:
        """Neither edits nor jobs over HTTP, at any node."""
        for node in NODES:
            edits = {"edits": [{"edit": "node.add", "name": "Chair"}]}
            for verb, path, body in (("PATCH", "scene", edits), ("POST", "jobs", SIMPLIFY)):
                answer = await self.call(node, headers, verb, f"/projects/{self.project}/{path}", body)
                assert answer.status_code == status, (node, path, answer.text)


async def in_step(socket: ClientConnection) -> None:
    await socket.send(encode(SyncStep1(b"\x00")))
    await next_of(socket, SyncStep2)


@pytest.fixture
async def house(stores: tuple[Postgres, RedisProcess], tmp_path: Path) -> AsyncIterator[House]:
    database, redis = stores
    shared: dict[str, Any] = {
        "accounts": True, "database": database.url, "redis": redis.url, "secret": "one secret for both of the servers",
        "blobs": (tmp_path / "blobs").as_uri(),
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        servers = {name: await stack.enter_async_context(serving(tmp_path / name, **shared)) for name in NODES}
        clients = {
            name: await stack.enter_async_context(httpx.AsyncClient(base_url=server.url, timeout=30))
            for name, server in servers.items()
        }
        cast = await Cast.of(servers["a"].services)
        project = await cast.project()
        await servers["a"].services.rooms.room(f"{project}/scene")
        async with AsyncExitStack() as sockets:
            yield House(servers, clients, cast, project, sockets)


@pytest.mark.parametrize("at", NODES)
async def test_a_lower_role_holds_at_both(house: House, at: str) -> None:
    headers = await house.cast.headers("editor")
    sockets = await house.sockets(headers)
    path = f"/projects/{house.project}/members/{house.cast.users['editor'].id}"
    assert (await house.ask(at, "owner", "PUT", path, {"role": "viewer"})).is_success
    for socket in sockets:
        hello = await next_of(socket, Hello)
        assert isinstance(hello, Hello)
        assert (hello.role, hello.read_only) == ("viewer", True)
    await house.may_nothing(headers, 403)
    before = await house.scenes()
    for socket in sockets:
        await socket.send(encode(Update(an_edit())))
        told, code = await end_of(socket)
        assert code == 4403
        assert [message.code for message in told if isinstance(message, Refused)] == ["read_only"]
    for socket in await house.sockets(headers):
        await in_step(socket)
    assert await house.scenes() == before


@pytest.mark.parametrize("at", NODES)
async def test_a_higher_role_holds_at_both(house: House, at: str) -> None:
    sockets = await house.sockets(await house.cast.headers("viewer"))
    path = f"/projects/{house.project}/members/{house.cast.users['viewer'].id}"
    assert (await house.ask(at, "owner", "PUT", path, {"role": "editor"})).is_success
    for socket in sockets:
        hello = await next_of(socket, Hello)
        assert isinstance(hello, Hello)
        assert (hello.role, hello.read_only) == ("editor", False)
        await socket.send(encode(Update(an_edit())))
        await next_of(socket, Saved)
    scene = (await house.ask("b", "owner", "GET", f"/projects/{house.project}/scene")).json()
    assert len(scene["nodes"]) == 2, "one edit came in at each server"


@pytest.mark.parametrize("at", NODES)
@pytest.mark.parametrize("document", ["scene", "session"])
async def test_who_is_taken_out_is_out_at_both(house: House, at: str, document: str) -> None:
    headers = await house.cast.headers("editor")
    sockets = [await house.socket(node, headers, document) for node in NODES]
    path = f"/projects/{house.project}/members/{house.cast.users['editor'].id}"
    assert (await house.ask(at, "owner", "DELETE", path)).is_success
    for socket in sockets:
        assert (await end_of(socket))[1] == 4403
    await house.may_nothing(headers, 404)


@pytest.mark.parametrize("at", NODES)
async def test_a_session_that_ends_ends_at_both(house: House, at: str) -> None:
    headers, others = await house.cast.headers("editor"), await house.cast.headers("editor")
    sockets, spared = await house.sockets(headers), await house.sockets(others)
    assert (await house.call(at, headers, "DELETE", "/session")).status_code == 204
    for socket in sockets:
        assert (await end_of(socket))[1] == 4401
    await house.may_nothing(headers, 401)
    for socket in spared:
        await in_step(socket)


@pytest.mark.parametrize("at", NODES)
async def test_a_disabled_account_is_out_at_both(house: House, at: str) -> None:
    headers = await house.cast.headers("editor")
    sockets = await house.sockets(headers)
    path = f"/people/{house.cast.users['editor'].id}"
    assert (await house.ask(at, "admin", "PATCH", path, {"disabled": True})).is_success
    for socket in sockets:
        told, code = await end_of(socket)
        assert code == 4401
        assert [message.code for message in told if isinstance(message, Refused)] == ["account_disabled"]
    await house.may_nothing(headers, 401)


@pytest.mark.parametrize("at", NODES)
async def test_an_account_that_is_deleted_is_out_at_both(house: House, at: str) -> None:
    headers = await house.cast.headers("editor")
    sockets = await house.sockets(headers)
    hashed = await house.servers[at].services.accounts.passwords.hash("a quiet long sentence")
    await house.servers[at].services.accounts.people.change(house.cast.users["editor"].id, password=hashed)
    body = {"password": "a quiet long sentence"}
    gone = await house.call(at, headers, "DELETE", "/accounts/me", body)
    assert gone.status_code == 200, gone.text
    for socket in sockets:
        assert (await end_of(socket))[1] == 4401
    await house.may_nothing(headers, 401)


async def test_wrong_passwords_are_counted_over_both(house: House) -> None:
    body = {"email": house.cast.users["editor"].email, "password": "not the right one"}
    limit = LIMITS["both"]
    codes = [
        (await house.clients[NODES[turn % 2]].post("/api/v1/session", json=body)).status_code
        for turn in range(limit + 2)
    ]
    assert codes == [401] * limit + [429] * 2


async def test_wrong_passwords_are_counted_while_redis_is_away(
    house: House, stores: tuple[Postgres, RedisProcess]
) -> None:
    body = {"email": house.cast.users["viewer"].email, "password": "not the right one"}
    limit = LIMITS["both"]
    await asyncio.to_thread(stores[1].kill)
    try:
        codes = [(await house.clients["a"].post("/api/v1/session", json=body)).status_code for _ in range(limit + 1)]
    finally:
        await asyncio.to_thread(stores[1].start)
    assert codes == [401] * limit + [429]
