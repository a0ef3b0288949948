"""Clients of other projects, unchanged, that speak the Yjs protocol to our server."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pycrdt
import websockets
from pycrdt import YMessageType, YSyncMessageType

from crdt.ids import new_client_id

HERE = Path(__file__).parent


@dataclass
class Replica:
    """What a foreign client holds, in terms that can be compared."""

    update: bytes
    state_vector: bytes
    canonical: str | None = None


class NodeClient:
    """The stock y-websocket provider in Node (tests/interop/y_websocket_client.mjs)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, request: dict[str, object]) -> dict[str, str]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        return await self.line()

    async def line(self) -> dict[str, str]:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 30)
        return json.loads(line)

    async def rename(self, node: str, name: str) -> None:
        await self.ask({"name": [node, name]})

    async def replica(self) -> Replica:
        answer = await self.ask({"dump": True})
        update, vector = (base64.b64decode(answer[key]) for key in ("update", "stateVector"))
        return Replica(update, vector, answer["canonical"])


@asynccontextmanager
async def y_websocket(url: str, room: str) -> AsyncIterator[NodeClient]:
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "y_websocket_client.mjs"),
        url,
        room,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )
    client = NodeClient(process)
    try:
        assert (await client.line()).get("synced")
        yield client
    finally:
        process.kill()
        await process.communicate()


class WebSocketChannel:
    """What pycrdt's provider wants of a socket, over the `websockets` package."""

    def __init__(self, socket: websockets.ClientConnection, path: str) -> None:
        self._socket = socket
        self.path = path

    def __aiter__(self) -> WebSocketChannel:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self.recv()
        except websockets.ConnectionClosed:
            raise StopAsyncIteration from None

    async def send(self, message: bytes) -> None:
        await self._socket.send(message)

    async def recv(self) -> bytes:
        message = await self._socket.recv()
        assert isinstance(message, bytes)
        return message


class PycrdtClient:
    def __init__(self, doc: pycrdt.Doc) -> None:
        self.doc = doc

    async def rename(self, node: str, name: str) -> None:
        self.doc.get("nodes", type=pycrdt.Map)[node]["name"] = name

    async def replica(self) -> Replica:
        return Replica(self.doc.get_update(), self.doc.get_state())


@asynccontextmanager
async def pycrdt_provider(url: str, room: str) -> AsyncIterator[PycrdtClient]:
    doc = pycrdt.Doc(client_id=new_client_id())  # y-py, in the same room, cuts longer ids off
    async with (
        websockets.connect(f"{url}/{room}", max_size=2**26) as socket,
        pycrdt.Provider(doc, WebSocketChannel(socket, room)),
    ):
        yield PycrdtClient(doc)


class YPyClient:
    """y-py 0.6 (2023), which brings no provider: the thirty lines that its users write."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        import y_py  # noqa: PLC0415  absent on newer Pythons, where the test skips

        self._y = y_py
        self._socket = socket
        self.doc = y_py.YDoc()

    async def run(self) -> None:
        await self._send(YSyncMessageType.SYNC_STEP1, self._y.encode_state_vector(self.doc))
        async for message in self._socket:
            assert isinstance(message, bytes)
            if message[0] == YMessageType.SYNC:
                await self._on_sync(message[1], pycrdt.Decoder(message[2:]).read_message())

    async def _on_sync(self, kind: int, body: bytes | None) -> None:
        if kind == YSyncMessageType.SYNC_STEP1:
            await self._send(YSyncMessageType.SYNC_STEP2, self._y.encode_state_as_update(self.doc, body))
        else:
            self._y.apply_update(self.doc, body)

    async def _send(self, kind: int, body: bytes) -> None:
        await self._socket.send(bytes([YMessageType.SYNC, kind]) + pycrdt.write_message(bytes(body)))

    async def rename(self, node: str, name: str) -> None:
        before = self._y.encode_state_vector(self.doc)
        with self.doc.begin_transaction() as transaction:
            self.doc.get_map("nodes")[node].set(transaction, "name", name)
        await self._send(YSyncMessageType.SYNC_UPDATE, self._y.encode_state_as_update(self.doc, before))

    async def replica(self) -> Replica:
        return Replica(bytes(self._y.encode_state_as_update(self.doc)), bytes(self._y.encode_state_vector(self.doc)))


@asynccontextmanager
async def y_py_client(url: str, room: str) -> AsyncIterator[YPyClient]:
    async with websockets.connect(f"{url}/{room}", max_size=2**26) as socket:
        client = YPyClient(socket)
        running = asyncio.create_task(client.run())
        try:
            yield client
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
