"""The endpoint over real sockets: opening, codes of refusal, *saved*, the Python provider."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pycrdt import Array, Doc, Map, Text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from crdt.channel import ChannelClosed, WebSocketChannel
from crdt.document import SceneDocument
from crdt.errors import ConnectionRefused
from crdt.ids import new_id
from crdt.messages import (
    Hello,
    PermissionDenied,
    Refused,
    Saved,
    SyncStep1,
    SyncStep2,
    Update,
    decode,
    encode,
)
from crdt.nodes import add
from crdt.provider import Provider
from server.storage.memory import MemoryUpdateLog
from server.sync.session import Limits
from tests.support.served import CAPS, PROJECT, Served, serving
from tests.support.sync import state_of


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(MemoryUpdateLog(), tmp_path) as server:
        yield server


@asynccontextmanager
async def provided(url: str, document: SceneDocument | None = None) -> AsyncIterator[Provider]:
    async with WebSocketChannel.connect(url) as channel:
        provider = Provider(document or SceneDocument(), channel)
        task = asyncio.create_task(provider.run())
        try:
            await asyncio.wait_for(provider.synced.wait(), 10)
            yield provider
        finally:
            await channel.close()
            with pytest.raises(ChannelClosed):
                await task


async def ended(url: str, *messages: bytes | str) -> tuple[list[object], ConnectionClosed]:
    """Send messages; everything received until the server closes, and how it closed."""
    received: list[object] = []
    async with connect(url, max_size=None) as socket:
        try:
            for message in messages:
                await socket.send(message)
            while True:
                received.append(decode(await asyncio.wait_for(socket.recv(decode=False), 10)))
        except ConnectionClosed as closed:
            return received, closed


async def test_the_opening(served: Served) -> None:
    async with connect(served.url(query=f"{CAPS}&name=Ada&user=adaadaadaadaada0")) as socket:
        hello = decode(await socket.recv(decode=False))
        assert isinstance(hello, Hello)
        assert (hello.generation, hello.read_only, hello.seq) == (3, False, 0)
        assert (hello.user["id"], hello.user["name"]) == ("adaadaadaadaada0", "Ada")
        assert decode(await socket.recv(decode=False)) == SyncStep1(b"\x00")
        await socket.send(encode(SyncStep1(b"\x00")))
        assert decode(await socket.recv(decode=False)) == SyncStep2(b"\x00\x00")
        await socket.send(encode(SyncStep2(b"\x00\x00")))
        assert decode(await socket.recv(decode=False)) == Saved(1, 0)


async def test_a_stock_client_gets_nothing_of_ours(served: Served) -> None:
    async with connect(served.url(query="")) as socket:
        assert isinstance(decode(await socket.recv(decode=False)), SyncStep1)
        await socket.send(encode(SyncStep2(b"\x00\x00")))
        await socket.send(encode(SyncStep1(b"\x00")))
        assert isinstance(decode(await socket.recv(decode=False)), SyncStep2)


async def test_two_providers_agree_and_know_what_is_saved(served: Served) -> None:
    async with provided(served.url()) as ada, provided(served.url(query=CAPS + "&name=bob")) as bob:
        chair = add(ada.document, name="Chair")
        assert await ada.saved() == 1
        async with provided(served.url(query=CAPS + "&name=eve")) as eve:
            assert eve.document.read("nodes", chair).name == "Chair"
        bob.document.apply(ada.document.update())
        bob.document.set("nodes", chair, "name", "Stool")
        assert await bob.saved() == 2
        room = await served.rooms.room(f"{PROJECT}/scene")
        assert state_of(room.document) == state_of(bob.document)


async def test_offline_edits_arrive_with_the_next_connection(served: Served) -> None:
    document = SceneDocument()
    add(document, name="made offline")
    async with provided(served.url(), document) as provider:
        await provider.saved()
    add(document, name="made offline, too")
    async with provided(served.url(), document) as provider:
        await provider.saved()
    room = await served.rooms.room(f"{PROJECT}/scene")
    assert state_of(room.document) == state_of(document)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", "truncated"),
        (b"\x63", "unknown_message"),
        (b"\x00\x00", "truncated"),
        (b"\x00\x07\x00", "unknown_message"),
        (b"\x00\x02\xff\xff\xff\xff\x0f", "truncated"),
        (b"\x01\x03\xff\xff\x7f", "count_too_large"),
        (b"\x03\x00", "trailing_bytes"),
        (encode(Saved(1, 1)), "not_for_servers"),
        ("text", "text_message"),
    ],
)
async def test_malformed_messages(served: Served, message: bytes | str, code: str) -> None:
    received, closed = await ended(served.url(), message)
    assert closed.rcvd.code == 4400
    assert [refused.code for refused in received if isinstance(refused, Refused)] == [code]


def foreign_update(kind: str) -> bytes:
    doc = Doc()
    match kind:
        case "root":
            doc.get("elsewhere", type=Map)["a"] = 1
        case "array":
            doc.get("nodes", type=Array).append(1)
        case "text":
            doc.get("nodes", type=Map)["a"] = Text("words")
        case "nested array":
            doc.get("nodes", type=Map)["a"] = Array([1])
        case "subdocument":
            doc.get("nodes", type=Map)["a"] = Doc()
    return doc.get_update()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("root", "unknown_root"),
        ("array", "type_not_allowed"),
        ("text", "type_not_allowed"),
        ("nested array", "type_not_allowed"),
        ("subdocument", "type_not_allowed"),
    ],
)
async def test_what_a_document_never_holds_is_refused(served: Served, kind: str, code: str) -> None:
    received, closed = await ended(served.url(), encode(Update(foreign_update(kind))))
    assert closed.rcvd.code == 4409
    assert [refused.code for refused in received if isinstance(refused, Refused)] == [code]
    assert served.telemetry.registry.get_sample_value("maquette_refusals_total", {"code": code}) == 1


async def test_the_provider_names_the_refusal(served: Served) -> None:
    async with WebSocketChannel.connect(served.url()) as channel:
        document = SceneDocument()
        provider = Provider(document, channel)
        task = asyncio.create_task(provider.run())
        await provider.synced.wait()
        document.doc.get("elsewhere", type=Map)["a"] = 1
        with pytest.raises(ConnectionRefused, match="unknown_root"):
            await task
        with pytest.raises(ConnectionRefused, match="unknown_root"):
            await provider.saved()


@pytest.mark.parametrize(
    ("document", "project", "code"),
    [("scene", "nosuchproject000", 4404), ("elsewhere", PROJECT, 4404), ("scene@", PROJECT, 4404)],
)
async def test_unknown_places(served: Served, document: str, project: str, code: int) -> None:
    received, closed = await ended(served.url(document, project=project))
    assert closed.rcvd.code == code
    assert isinstance(received[-1], Refused)


async def test_nobody_comes_in_without_a_key(tmp_path: Path) -> None:
    async with serving(MemoryUpdateLog(), tmp_path, local=False) as server:
        received, closed = await ended(server.url())
        assert closed.rcvd.code == 4401
        assert isinstance(received[0], PermissionDenied), "what a stock client understands"
        token = (tmp_path / "access.key").read_text().strip()
        async with WebSocketChannel.connect(server.url(), token) as channel:
            assert isinstance(decode(await channel.receive()), Hello)


async def test_a_message_over_the_limit(tmp_path: Path) -> None:
    async with serving(MemoryUpdateLog(), tmp_path, limits=Limits(message=1000)) as server:
        _, closed = await ended(server.url(), encode(Update(bytes(2000))))
        assert closed.rcvd.code == 4413


async def test_stopping_tells_everybody(tmp_path: Path) -> None:
    async with serving(MemoryUpdateLog(), tmp_path) as server, connect(server.url()) as socket:
        await socket.recv()
        await server.rooms.close()
        await socket.wait_closed()
        assert socket.close_code == 1012
        _, closed = await ended(server.url())
        assert closed.rcvd.code == 1012


async def test_one_who_does_not_read_is_let_go(tmp_path: Path) -> None:
    limits = Limits(outbox=1_000_000, send=0.2)
    async with serving(MemoryUpdateLog(), tmp_path, limits=limits) as server:
        room = await server.rooms.room(f"{PROJECT}/scene")
        async with connect(server.url(), max_queue=1, close_timeout=0.1) as slow, provided(server.url()) as ada:
            await slow.send(encode(SyncStep1(b"\x00")))
            async with asyncio.timeout(30):
                while len(room.members) > 1:
                    with ada.document.doc.transaction():
                        ada.document.map("materials")[new_id()] = Map({"extras": "x" * 500_000})
                    await ada.saved()
            assert server.telemetry.registry.get_sample_value("maquette_sessions") == 1, "only she who reads is left"


async def test_one_who_was_too_slow_gets_one_difference_instead_of_the_backlog(tmp_path: Path) -> None:
    async with serving(MemoryUpdateLog(), tmp_path, limits=Limits(outbox=1_000_000)) as server:
        resyncs = 0.0
        async with connect(server.url(query=""), max_queue=1, max_size=None) as slow, provided(server.url()) as ada:
            await slow.send(encode(SyncStep1(b"\x00")))
            async with asyncio.timeout(30):
                while not resyncs:
                    with ada.document.doc.transaction():
                        ada.document.map("materials")[new_id()] = Map({"extras": "x" * 500_000})
                    await ada.saved()
                    resyncs = server.telemetry.registry.get_sample_value("maquette_resyncs_total")
                replica = SceneDocument()
                while replica.state_vector() != ada.document.state_vector():
                    message = decode(await slow.recv(decode=False))
                    if isinstance(message, SyncStep2 | Update):
                        replica.apply(message.update)
            assert state_of(replica) == state_of(ada.document)
            add(ada.document, name="afterwards")
            replica.apply(decode(await slow.recv(decode=False)).update)
            assert state_of(replica) == state_of(ada.document), "and single updates again from there on"


async def test_scene_and_session_have_roots_of_their_own(served: Served) -> None:
    doc = Doc()
    doc.get("jobs", type=Map)["j" * 16] = Map({"op": "import"})
    _, closed = await ended(served.url("scene"), encode(Update(doc.get_update())))
    assert closed.rcvd.code == 4409
    async with connect(served.url("session")) as socket:
        await socket.send(encode(Update(doc.get_update())))
        while not isinstance(message := decode(await socket.recv(decode=False)), Saved):
            continue
        assert message == Saved(1, 1)
