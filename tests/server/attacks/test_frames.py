"""Attacks on the WebSocket itself; on each layer that can be configured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from server.sockets import heads
from tests.server.attacks.conftest import MESSAGE_LIMIT, TARGET, Stage
from tests.server.attacks.raw import CLOSE, HEADERS, PING, RawSocket, frame
from tests.support.served import CAPS, PROJECT

FRAME_LIMIT = MESSAGE_LIMIT + 1024 * 1024
"""What the layer takes: our own limit of a message and 1 MB."""


@pytest.fixture(params=["direct", "picows", "websockets-sansio"])
def layer(request: pytest.FixtureRequest) -> str:
    if request.param == "picows":
        pytest.importorskip("picows")
    return str(request.param)


Sent = Callable[[], bytes]
PROTOCOL_ERRORS: dict[str, Sent] = {
    "a reserved opcode": lambda: frame(b"x", 3),
    "a reserved control opcode": lambda: frame(b"x", 11),
    "the last reserved opcode": lambda: frame(b"x", 15),
    "a reserved bit": lambda: frame(b"\x03", rsv=4),
    "a compressed frame, which nobody negotiated": lambda: frame(b"\x62\x00\x00", rsv=4),
    "an unmasked frame": lambda: frame(b"\x03", mask=False),
    "a ping of 126 bytes": lambda: frame(bytes(126), PING),
    "a ping in pieces": lambda: frame(b"x", PING, fin=False),
    "a close frame of one byte": lambda: frame(b"x", CLOSE),
    "a close code that nobody may send": lambda: frame(b"\x03\xed", CLOSE),
    "a continuation of nothing": lambda: frame(b"x", 0),
    "a message inside another": lambda: frame(b"x", fin=False) + frame(b"y"),
}
TOO_BIG: dict[str, Sent] = {
    "a length of 2^62": lambda: frame(b"x", length=2**62),
    "a length of 2^63": lambda: frame(b"x", length=2**63),
    "a length of 2^64 - 1": lambda: frame(b"x", length=2**64 - 1),
    "a frame of 100 MB": lambda: frame(b"x", length=100 * 2**20),
    "fragments that add up to too much": lambda: (
        frame(bytes(FRAME_LIMIT // 2), fin=False) + frame(bytes(FRAME_LIMIT // 2 + 2), 0)
    ),
}


@pytest.mark.parametrize("name", PROTOCOL_ERRORS)
async def test_a_broken_frame_ends_its_own_connection(stage: Stage, name: str) -> None:
    eve = await stage.eve()
    await eve.send(PROTOCOL_ERRORS[name]())
    assert (await eve.ended()).code in (1002, None)
    await stage.nobody_noticed()


@pytest.mark.parametrize("name", TOO_BIG)
async def test_a_frame_that_is_too_large_is_refused_by_its_header(stage: Stage, name: str) -> None:
    eve = await stage.eve()
    await eve.send(TOO_BIG[name]())
    assert (await eve.ended()).code in (1009, 1002, None)
    await stage.nobody_noticed()


async def test_a_text_that_is_no_text(stage: Stage) -> None:
    eve = await stage.eve()
    await eve.send(frame(b"\xc3\x28", 1))
    assert (await eve.ended()).code in (1007, 4400, None)
    await stage.nobody_noticed()


async def test_a_message_between_the_limits_is_told_why(stage: Stage) -> None:
    eve = await stage.eve()
    await eve.message(bytes(MESSAGE_LIMIT + 1))
    end = await eve.ended()
    assert (end.code, end.refused) == (4413, "message_too_large")
    await stage.nobody_noticed()


async def test_a_flood_of_pings_that_nobody_reads(stage: Stage) -> None:
    eve = await stage.eve()
    flood = frame(bytes(125), PING) * 20_000
    sending = asyncio.create_task(eve.send(flood))
    await stage.nobody_noticed()
    await sending
    await stage.nobody_noticed()


async def test_fragments_without_end(stage: Stage) -> None:
    eve = await stage.eve()
    await eve.send(frame(b"", fin=False) + frame(b"", 0, fin=False) * 100_000)
    await stage.nobody_noticed()


async def test_frames_byte_by_byte(stage: Stage) -> None:
    """Slow, but legal: it is served, and costs nobody else anything."""
    eve = await stage.eve()
    for byte in frame(b"\x03"):
        await eve.send(bytes([byte]))
    assert await eve.lives()
    await stage.nobody_noticed()


async def test_gone_in_the_middle_of_a_frame(stage: Stage) -> None:
    for cut in range(1, 8):
        eve = await stage.eve()
        await eve.send(frame(bytes(200))[:cut])
        eve.writer.transport.abort()
    await stage.nobody_noticed()


# -- the opening

OPENINGS: dict[str, dict[str, str]] = {
    "no key": {**HEADERS, "Sec-WebSocket-Key": ""},
    "a key of another length": {**HEADERS, "Sec-WebSocket-Key": "YWJj"},
    "a key that is no base64": {**HEADERS, "Sec-WebSocket-Key": "\xff\xff\xff"},
    "version 8": {**HEADERS, "Sec-WebSocket-Version": "8"},
    "a version that is no number": {**HEADERS, "Sec-WebSocket-Version": "13, 8"},
    "an upgrade to something else": {**HEADERS, "Upgrade": "h2c"},
}


@pytest.mark.parametrize("name", OPENINGS)
async def test_an_opening_that_is_none(stage: Stage, name: str) -> None:
    eve = await stage.raw()
    assert await eve.request(TARGET, OPENINGS[name]) in (0, 400, 403, 404, 405, 413, 426, 431)
    await stage.nobody_noticed()


@pytest.mark.parametrize("first", ["POST {} HTTP/1.1", "GET {} HTTP/9.9", "{}", "GET\x00{} HTTP/1.1"])
async def test_a_request_that_is_none(stage: Stage, first: str) -> None:
    eve = await stage.raw()
    assert await eve.request(TARGET, first=first) in (0, 400, 403, 404, 405, 501, 505)
    await stage.nobody_noticed()


async def test_an_offered_compression_is_not_taken(stage: Stage) -> None:
    eve = await stage.raw()
    offer = {**HEADERS, "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    lines = [f"GET {TARGET} HTTP/1.1", *(f"{name}: {value}" for name, value in offer.items()), "", ""]
    await eve.send("\r\n".join(lines).encode())
    head = await eve.reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head
    assert b"permessage-deflate" not in head
    await eve.send(frame(b"\xaa" * 1000, rsv=4))
    assert (await eve.ended()).code in (1002, None)
    await stage.nobody_noticed()


NOWHERE = [
    "/sync/projectproject01/scene", "/sync/projectproject01/session", "/sync/../../etc/passwd",
    f"/sync/{PROJECT}/scene@../../x", f"/sync/{PROJECT}/scene@", f"/sync/{PROJECT}/%00", f"/sync/{PROJECT}/elsewhere",
    f"/sync/{'x' * 5000}/scene",
]  # fmt: skip


@pytest.mark.parametrize("target", NOWHERE)
async def test_a_document_that_is_not_there(stage: Stage, target: str) -> None:
    """Ids of others' projects answer as if they did not exist."""
    eve = await stage.raw()
    status = await eve.request(f"{target}?{CAPS}")
    if status == 101:
        end = await eve.ended()
        assert end.code == 4404
        assert end.refused in ("no_such_project", "no_such_document")
    else:
        assert status in (0, 400, 403, 404)
    await stage.nobody_noticed()


async def test_headers_without_end(stage: Stage) -> None:
    for header in ("X-Long: " + "x" * 2**20, "".join(f"X-{number}: x\r\n" for number in range(100_000))):
        eve = await stage.raw()
        await eve.send(f"GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}".encode())
        assert await eve.status() in (431, 0)
        await stage.nobody_noticed()


async def test_a_head_that_never_comes_is_not_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.05)
    silent, slow = await stage.raw(), await stage.raw()
    await slow.send(f"GET {TARGET} HTTP/1.1\r\n".encode())
    assert (await silent.status(), await slow.status()) == (0, 0)
    eve = await stage.eve()
    assert await eve.lives(), "an open WebSocket has no such limit"
    await stage.nobody_noticed()


async def test_handshakes_that_never_end(stage: Stage) -> None:
    for number in range(200):
        eve = await stage.raw()
        await eve.send(f"GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "[: 10 + number].encode())
    await stage.nobody_noticed()


async def test_connections_that_say_nothing_and_come_and_go(stage: Stage) -> None:
    for _ in range(200):
        eve = await RawSocket.connect(stage.served.port)
        await eve.close()
    await asyncio.gather(*(stage.raw() for _ in range(100)))
    await stage.nobody_noticed()


async def test_many_that_open_and_leave_at_once(stage: Stage) -> None:
    async def once() -> None:
        eve = await stage.eve()
        eve.writer.transport.abort()

    for _ in range(10):
        await asyncio.gather(*(once() for _ in range(20)))
    await stage.nobody_noticed()
