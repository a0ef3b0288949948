"""Rights on open sockets: a viewer's raw socket can do nothing, and what changes takes effect at once (1.8, 18.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from pycrdt import Doc, Map
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from crdt.document import SceneDocument
from crdt.messages import Hello, Message, Refused, SyncStep1, SyncStep2, Update, decode, encode
from crdt.nodes import add
from server.auth import COOKIE
from tests.support.people import Cast, Part
from tests.support.server import Served, serving

CAPS = "caps=saved,refusal,hello"


@dataclass
class Stage:
    served: Served
    cast: Cast
    project: str
    http: httpx.AsyncClient

    def url(self, document: str = "scene", query: str = CAPS) -> str:
        return f"{self.served.sync_url}/{self.project}/{document}?{query}"

    @asynccontextmanager
    async def socket(self, part: Part, document: str = "scene") -> AsyncIterator[ClientConnection]:
        """An open connection that has read its own hello."""
        async with connect(self.url(document), additional_headers=await self.cast.headers(part)) as socket:
            await next_of(socket, Hello)
            yield socket

    async def ask(self, part: Part, verb: str, path: str, body: object = None) -> httpx.Response:
        headers = await self.cast.headers(part)
        answer = await self.http.request(verb, f"/api/v1{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer

    async def scene(self) -> bytes:
        room = await self.served.services.rooms.room(f"{self.project}/scene")
        return room.whole()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with serving(tmp_path, accounts=True) as served, httpx.AsyncClient(base_url=served.url) as http:
        cast = await Cast.of(served.services)
        yield Stage(served, cast, await cast.project(), http)


async def next_of(socket: ClientConnection, kind: type[Message]) -> Message:
    async with asyncio.timeout(10):
        while not isinstance(message := decode(await socket.recv(decode=False)), kind):
            pass
    return message


async def end_of(socket: ClientConnection) -> tuple[list[Message], int]:
    """What still comes, and the code of the close."""
    found: list[Message] = []
    try:
        async with asyncio.timeout(10):
            while True:
                found.append(decode(await socket.recv(decode=False)))
    except ConnectionClosed as closed:
        return found, closed.rcvd.code if closed.rcvd else 1006


def an_edit() -> bytes:
    scene = SceneDocument()
    add(scene, name="Chair")
    return scene.update()


@pytest.mark.parametrize("part", ["viewer", "commenter"])
@pytest.mark.parametrize("kind", [Update, SyncStep2])
async def test_a_viewers_raw_socket_changes_nothing(stage: Stage, part: Part, kind: type[Message]) -> None:
    async with stage.socket("editor") as editor, stage.socket(part) as viewer:
        before = await stage.scene()
        await viewer.send(encode(kind(an_edit())))  # type: ignore[call-arg]
        told, code = await end_of(viewer)
        assert code == 4403
        assert [message.code for message in told if isinstance(message, Refused)] == ["read_only"]
        assert await stage.scene() == before
        await editor.send(encode(SyncStep1(b"\x00")))
        assert await next_of(editor, SyncStep2) == SyncStep2(b"\x00\x00"), "and nothing was shown before this answer"
    async with stage.socket(part) as back:
        await back.send(encode(SyncStep1(b"\x00")))
        assert await next_of(back, SyncStep2) == SyncStep2(b"\x00\x00"), "they are in step with the room again"


async def test_a_viewers_deletion_is_refused_too(stage: Stage) -> None:
    doc = Doc()
    nodes = doc.get("nodes", type=Map)
    nodes["n" * 16] = Map({"name": "Chair"})
    async with stage.socket("editor") as editor, stage.socket("viewer") as viewer:
        await editor.send(encode(Update(doc.get_update())))
        await editor.send(encode(SyncStep1(b"\x00")))
        await next_of(editor, SyncStep2)
        before, state = await stage.scene(), doc.get_state()
        del nodes["n" * 16]["name"]
        await viewer.send(encode(Update(doc.get_update(state))))
        assert (await end_of(viewer))[1] == 4403
        assert await stage.scene() == before


async def test_a_role_that_changes_is_told_and_holds_at_once(stage: Stage) -> None:
    viewer = stage.cast.users["viewer"].id
    async with stage.socket("viewer") as socket:
        await stage.ask("owner", "PUT", f"/projects/{stage.project}/members/{viewer}", {"role": "editor"})
        hello = await next_of(socket, Hello)
        assert isinstance(hello, Hello)
        assert (hello.role, hello.read_only) == ("editor", False)
        await socket.send(encode(Update(an_edit())))
        await socket.send(encode(SyncStep1(b"\x00")))
        answer = await next_of(socket, SyncStep2)
        assert answer != SyncStep2(b"\x00\x00")
        await stage.ask("owner", "PUT", f"/projects/{stage.project}/members/{viewer}", {"role": "viewer"})
        hello = await next_of(socket, Hello)
        assert isinstance(hello, Hello)
        assert (hello.role, hello.read_only) == ("viewer", True)
        before = await stage.scene()
        await socket.send(encode(Update(an_edit())))
        assert (await end_of(socket))[1] == 4403
        assert await stage.scene() == before


@pytest.mark.parametrize("document", ["scene", "session"])
async def test_who_is_taken_out_is_closed(stage: Stage, document: str) -> None:
    async with stage.socket("editor", document) as socket, stage.socket("viewer", document) as other:
        editor = stage.cast.users["editor"].id
        await stage.ask("owner", "DELETE", f"/projects/{stage.project}/members/{editor}")
        told, code = await end_of(socket)
        assert code == 4403
        assert [message.code for message in told if isinstance(message, Refused)] == ["forbidden"]
        await other.send(encode(SyncStep1(b"\x00")))
        await next_of(other, SyncStep2)


async def test_revoking_a_link_closes_whoever_came_by_it_alone(stage: Stage) -> None:
    path = f"/projects/{stage.project}/links"
    link = (await stage.ask("owner", "POST", path, {"role": "editor"})).json()
    came = await stage.http.post("/api/v1/session", json={"link": link["token"]})
    stage.http.cookies.clear()
    headers = {"Cookie": f"{COOKIE}={came.cookies[COOKIE]}"}
    async with connect(stage.url(), additional_headers=headers) as guest, stage.socket("editor") as editor:
        await next_of(guest, Hello)
        await stage.ask("owner", "DELETE", f"{path}/{link['id']}")
        assert (await end_of(guest))[1] == 4403
        await editor.send(encode(SyncStep1(b"\x00")))
        await next_of(editor, SyncStep2)


async def test_signing_out_closes_the_sockets_of_that_session_only(stage: Stage) -> None:
    one, other = await stage.cast.headers("editor"), await stage.cast.headers("editor")
    async with (
        connect(stage.url(), additional_headers=one) as first,
        connect(stage.url(), additional_headers=other) as second,
    ):
        for socket in (first, second):
            await next_of(socket, Hello)
        answer = await stage.http.delete("/api/v1/session", headers=one)
        assert answer.status_code == 204
        assert answer.headers["Clear-Site-Data"] == '"cache"'  # blobs lie there for a year
        assert (await end_of(first))[1] == 4401
        await second.send(encode(SyncStep1(b"\x00")))
        await next_of(second, SyncStep2)


async def test_a_disabled_account_is_closed(stage: Stage) -> None:
    async with stage.socket("editor") as socket:
        await stage.ask("admin", "PATCH", f"/people/{stage.cast.users['editor'].id}", {"disabled": True})
        told, code = await end_of(socket)
        assert code == 4401
        assert [message.code for message in told if isinstance(message, Refused)] == ["account_disabled"]


async def test_a_standing_that_ends_takes_its_roles_along(stage: Stage) -> None:
    async with stage.socket("team") as socket:
        await stage.ask("admin", "PATCH", f"/people/{stage.cast.users['team'].id}", {"standing": "member"})
        assert (await end_of(socket))[1] == 4403


async def test_a_commenter_writes_no_job_into_the_session(stage: Stage) -> None:
    """The server's own records of jobs are as closed to them as new ones."""
    asked = await stage.ask("editor", "POST", f"/projects/{stage.project}/export", {"format": "glb"})
    room = await stage.served.services.rooms.room(f"{stage.project}/session")
    replica = Doc()
    replica.apply_update(room.whole())
    state, jobs = replica.get_state(), replica.get("jobs", type=Map)
    jobs[asked.json()["job"]]["state"] = "succeeded"
    forged = replica.get_update(state)
    before = room.whole()
    async with stage.socket("commenter", "session") as socket:
        await socket.send(encode(Update(forged)))
        told, code = await end_of(socket)
        assert code == 4403
        assert [message.code for message in told if isinstance(message, Refused)] == ["forbidden"]
    assert room.whole() == before
    async with stage.socket("commenter", "session") as socket:  # an honest replica gives back all that it knows
        honest = Doc()
        honest.apply_update(room.whole())
        honest.get("chat", type=Map)["c" * 16] = {"by": "x", "name": "x", "at": 1, "text": "hello"}
        await socket.send(encode(SyncStep2(honest.get_update())))
        await socket.send(encode(SyncStep1(b"\x00")))
        await next_of(socket, SyncStep2)
        await socket.send(encode(SyncStep1(b"\x00")))
        await next_of(socket, SyncStep2)
    assert "c" * 16 in room.document.map("chat")


async def test_a_ticket_opens_one_socket(stage: Stage) -> None:
    ticket = (await stage.ask("viewer", "POST", "/session/ticket")).json()["ticket"]
    url = stage.url(query=f"{CAPS}&ticket={ticket}")
    async with connect(url) as socket:
        hello = await next_of(socket, Hello)
        assert isinstance(hello, Hello)
        assert (hello.user["id"], hello.role) == (stage.cast.users["viewer"].id, "viewer")
    async with connect(url) as socket:
        assert (await end_of(socket))[1] == 4401
    assert (await stage.http.get("/api/v1/session", params={"ticket": ticket})).status_code == 401
