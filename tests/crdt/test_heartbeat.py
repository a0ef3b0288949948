"""A connection that was cut without a word ends in bounded time, even when what was sent can no longer leave."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from crdt import heartbeat
from crdt.channel import ChannelClosed, WebSocketChannel


class Wire:
    """A TCP relay that can stop carrying, with both its ends left open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._carries = asyncio.Event()
        self._carries.set()
        self._chunks = asyncio.Semaphore(0)

    async def carried_back(self, count: int) -> None:
        """Wait until something came from the far end so many times, the answer to the opening first."""
        for _ in range(count):
            await self._chunks.acquire()

    def cut(self) -> None:
        self._carries.clear()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump(reader, far_writer))
            group.create_task(self._pump(far_reader, writer, self._chunks))

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counter: asyncio.Semaphore | None = None
    ) -> None:
        try:
            while data := await reader.read(65536):
                await self._carries.wait()
                writer.write(data)
                await writer.drain()
                if counter is not None:
                    counter.release()
        except OSError:
            pass
        finally:
            writer.close()


async def _echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@asynccontextmanager
async def wired() -> AsyncIterator[tuple[Wire, str]]:
    async with serve(_echo, "127.0.0.1", 0, max_size=None) as server:
        wire = Wire(server.sockets[0].getsockname()[1])
        relay = await asyncio.start_server(wire.carry, "127.0.0.1", 0, family=socket.AF_INET)
        try:
            yield wire, f"ws://127.0.0.1:{relay.sockets[0].getsockname()[1]}/"
        finally:
            wire._carries.set()
            relay.close()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "QUIET", 0.1)
    monkeypatch.setattr(heartbeat, "PATIENCE", 0.2)


async def test_a_quiet_connection_that_answers_lives() -> None:
    async with asyncio.timeout(20), wired() as (wire, url), WebSocketChannel.connect(url) as channel:
        await wire.carried_back(6)
        await channel.send(b"still here")
        assert await channel.receive() == b"still here"


async def test_a_cut_connection_ends() -> None:
    async with asyncio.timeout(20), wired() as (wire, url), WebSocketChannel.connect(url) as channel:
        wire.cut()
        with pytest.raises(ChannelClosed) as closed:
            await channel.receive()
        assert closed.value.code == 1006


async def test_a_cut_connection_ends_although_nothing_leaves_any_more() -> None:
    async with asyncio.timeout(20), wired() as (wire, url), WebSocketChannel.connect(url) as channel:
        wire.cut()
        await channel.send(bytes(64 * 1024 * 1024))
        with pytest.raises(ChannelClosed):
            await channel.receive()
