"""What every socket layer does for a Starlette endpoint; the attacks on them are in tests/server/attacks."""

import asyncio
import struct
import sys

import pytest

from server.sockets.layers import LayerNotInstalled, configure
from tests.server.attacks.raw import CLOSE, HEADERS, PING, PONG, frame
from tests.server.sockets.conftest import LIMIT, Site

TEXT, BINARY = 1, 2


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 90_000])
async def test_messages_of_every_length_of_length(site: Site, size: int) -> None:
    socket = await site.open("/echo")
    await socket.message(bytes(range(256)) * (size // 256) + bytes(size % 256))
    opcode, payload = await socket.receive()
    assert (opcode, len(payload)) == (BINARY, size)
    assert payload == bytes(range(256)) * (size // 256) + bytes(size % 256)


async def test_text_and_order(site: Site) -> None:
    socket = await site.open("/echo")
    await socket.send(frame("größe".encode(), TEXT) + frame(b"two") + frame(b"three", TEXT))
    assert [await socket.receive() for _ in range(3)] == [(TEXT, "größe".encode()), (BINARY, b"two"), (TEXT, b"three")]


async def test_a_message_byte_by_byte(site: Site) -> None:
    socket = await site.open("/echo")
    for byte in frame(b"slowly" * 30):
        await socket.send(bytes((byte,)))
        await asyncio.sleep(0)
    assert await socket.receive() == (BINARY, b"slowly" * 30)


async def test_fragments_with_a_ping_between(site: Site) -> None:
    socket = await site.open("/echo")
    await socket.send(frame(b"one ", fin=False) + frame(b"?", PING) + frame(b"two ", 0, fin=False) + frame(b"three", 0))
    assert sorted([await socket.receive(), await socket.receive()]) == [(BINARY, b"one two three"), (PONG, b"?")]


async def test_the_largest_message(site: Site) -> None:
    socket = await site.open("/echo")
    await socket.message(bytes(LIMIT))
    assert (await site.events.get())["bytes"] == bytes(LIMIT)


async def test_a_message_over_the_limit(site: Site) -> None:
    socket = await site.open("/echo")
    await socket.message(bytes(LIMIT + 1))
    assert (await socket.ended()).code in (1009, None), "where the close frame is lost behind what was not read"
    assert (await site.events.get())["type"] == "websocket.disconnect"


async def test_the_peer_closes_with_a_code(site: Site) -> None:
    socket = await site.open("/echo")
    await socket.send(frame(struct.pack("!H", 4000) + b"bye", CLOSE))
    opcode, payload = await socket.receive()
    assert (opcode, payload[:2]) == (CLOSE, struct.pack("!H", 4000))
    event = await site.events.get()
    assert (event["type"], event["code"]) == ("websocket.disconnect", 4000)


async def test_the_peer_vanishes(site: Site) -> None:
    socket = await site.open("/echo")
    socket.writer.transport.abort()
    assert (await site.events.get())["type"] == "websocket.disconnect"


async def test_the_endpoint_closes_with_a_code(site: Site) -> None:
    socket = await site.open("/end")
    opcode, payload = await socket.receive()
    assert (opcode, payload) == (CLOSE, struct.pack("!H", 4321) + b"enough")
    await socket.send(frame(payload, CLOSE))
    assert await socket.reader.read() == b"", "and the connection ends"


async def test_what_comes_after_the_close_is_dropped(site: Site) -> None:
    socket = await site.open("/end")
    await socket.send(frame(b"too late") * 100)
    assert (await socket.ended()).code == 4321


@pytest.mark.parametrize("target", ["/refuse", "/nowhere"])
async def test_a_refusal_before_the_opening(site: Site, target: str) -> None:
    socket = await site.connect()
    assert await socket.request(target) == 403


async def test_an_endpoint_that_fails_ends_its_connection_only(site: Site) -> None:
    other = await site.open("/echo")
    socket = await site.open("/fail")
    await socket.ended()
    assert await other.lives()


@pytest.mark.parametrize(("name", "value"), [("Sec-WebSocket-Key", "short"), ("Sec-WebSocket-Version", "12")])
async def test_openings_that_are_none(site: Site, layer: str, name: str, value: str) -> None:
    if layer == "wsproto" and name.endswith("Key"):
        pytest.skip("it does not look into the key, which harms nobody but the client")
    socket = await site.connect()
    assert await socket.request("/echo", {**HEADERS, name: value}) in (400, 426)


async def test_a_server_that_stops_says_so(site: Site) -> None:
    socket = await site.open("/echo")
    assert site.server is not None
    site.server.should_exit = True
    assert (await socket.ended()).code == 1012


def test_a_layer_whose_library_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "server.sockets.picows", None)
    with pytest.raises(LayerNotInstalled, match=r"pip install 'maquette\[picows\]'"):
        configure(None, sockets="picows", max_message=1)
