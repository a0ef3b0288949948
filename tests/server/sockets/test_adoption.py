"""A connection that was taken over from ASGI: called back at once, sent to without waiting, told when it is full."""

import asyncio

import pytest

from server.sockets import Layer
from server.sockets.frames import FRAGMENT
from server.sockets.frames import frame as framed
from tests.server.attacks.raw import CLOSE, PING, PONG, RawSocket, frame
from tests.server.sockets.conftest import Keeper, Site

BINARY = 2


@pytest.fixture(params=["direct", "picows"])
def layer(request: pytest.FixtureRequest) -> Layer:
    if request.param == "picows":
        pytest.importorskip("picows")
    return request.param  # type: ignore[no-any-return]


async def until(keeper: Keeper, what: str) -> None:
    """Wait for something to be told, at most ten seconds."""
    async with asyncio.timeout(10):
        while not getattr(keeper, what):
            keeper.changed.clear()
            await keeper.changed.wait()


@pytest.fixture
async def socket(site: Site) -> RawSocket:
    site.may_adopt.set()
    opened = await site.open("/adopted")
    await opened.message(b"hello")
    await until(site.keeper, "received_")
    return opened


async def test_messages_come_by_callback_and_the_endpoint_is_gone(site: Site, socket: RawSocket) -> None:
    assert site.keeper.received_ == [b"hello"]
    assert site.server is not None
    assert not site.server.server_state.tasks, "no task waits with the connection"
    await socket.send(frame(b"text", 1) + frame(b"", BINARY))
    assert await socket.lives()
    assert site.keeper.received_ == [b"hello", "text", b""]


async def test_messages_before_the_adoption_come_first(site: Site) -> None:
    opened = await site.open("/adopted")
    await opened.message(b"early", b"bird")
    assert await opened.lives()
    site.may_adopt.set()
    await until(site.keeper, "received_")
    assert site.keeper.received_ == [b"early", b"bird"]


async def test_what_is_sent_arrives_in_order(site: Site, socket: RawSocket) -> None:
    for n in range(100):
        site.keeper.connection.send(b"%d" % n)
    assert [await socket.receive() for _ in range(100)] == [(BINARY, b"%d" % n) for n in range(100)]


async def test_a_frame_that_goes_to_many_is_written_as_it_is(site: Site, socket: RawSocket, layer: Layer) -> None:
    connection = site.keeper.connection
    if layer != "direct":
        assert connection.wire is None, "the layer frames messages itself"
        return
    connection.send(b"before it")
    connection.wire(framed(BINARY, b"made once"))
    connection.send(b"after it")
    received = [await socket.receive() for _ in range(3)]
    assert received == [(BINARY, b"before it"), (BINARY, b"made once"), (BINARY, b"after it")]


async def test_a_large_message_goes_out_in_pieces_for_which_the_reader_is_waited(site: Site, socket: RawSocket) -> None:
    connection, message = site.keeper.connection, bytes(20 * 2**20)
    connection.send(message)
    assert not connection.is_free
    assert site.keeper.filled == 1, "its listener is told"
    assert connection.waiting <= 2 * FRAGMENT, "the rest waits in the one buffer that all receivers share"
    await socket.send(frame(b"still there?", PING))
    received, ponged = 0, False
    while received < len(message):
        opcode, payload = await socket.receive()
        if opcode == PONG:
            ponged = True
        else:
            assert len(payload) <= FRAGMENT
            received += len(payload)
    assert ponged, "control frames go between the pieces"
    while not connection.is_free:
        await asyncio.sleep(0)
    connection.send(b"after it")
    assert await socket.receive() == (BINARY, b"after it")


async def test_a_listener_may_stop_reading(site: Site, socket: RawSocket) -> None:
    site.keeper.connection.pause_reading()
    await socket.message(b"later")
    await asyncio.sleep(0)
    assert site.keeper.received_ == [b"hello"]
    site.keeper.connection.resume_reading()
    assert await socket.lives()
    assert site.keeper.received_ == [b"hello", b"later"]


async def test_the_end_is_told_once_with_the_peers_code(site: Site, socket: RawSocket) -> None:
    await socket.send(frame(b"\x0f\xa0", CLOSE))
    await until(site.keeper, "code")
    assert site.keeper.code == 4000
    site.keeper.connection.send(b"nobody is there")
    site.keeper.connection.close(1000)


async def test_closing_waits_for_the_answer(site: Site, socket: RawSocket) -> None:
    site.keeper.connection.close(4408, "too slow")
    assert (await socket.ended()).code == 4408
    assert site.keeper.code is None
    await socket.send(frame(b"\x11\x38", CLOSE))
    await until(site.keeper, "code")
    assert await socket.reader.read() == b""


async def test_frames_that_break_the_protocol_end_it(site: Site, socket: RawSocket) -> None:
    await socket.send(frame(b"x", 3))
    assert (await socket.ended()).code == 1002
    await until(site.keeper, "code")


async def test_a_server_that_stops_tells_the_listener(site: Site, socket: RawSocket) -> None:
    assert site.server is not None
    site.server.should_exit = True
    assert (await socket.ended()).code == 1012
    await until(site.keeper, "code")
    assert site.keeper.code == 1012
