"""A real server, two people at work in a scene, and room for somebody with a raw socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crdt.channel import ChannelClosed, WebSocketChannel
from crdt.document import SceneDocument
from crdt.nodes import add
from crdt.provider import Provider
from crdt.update_reader import UpdateSummary, read_update
from server.storage.memory import MemoryUpdateLog
from server.sync.room import Room
from server.sync.session import Limits
from tests.server.attacks.raw import RawSocket
from tests.support.served import CAPS, PROJECT, Served, serving
from tests.support.sync import processed, state_of

SECONDS = 15.0
TARGET = f"/sync/{PROJECT}/scene?{CAPS}&name=eve&user=eveeveeveeveeve0"
MESSAGE_LIMIT = 2 * 1024 * 1024
OUTBOX_LIMIT = 256 * 1024


@dataclass
class Stage:
    served: Served
    room: Room
    ada: Provider
    bob: Provider
    node: str
    sockets: list[RawSocket] = field(default_factory=list)

    async def raw(self) -> RawSocket:
        """A connection on which nothing was said yet."""
        socket = await RawSocket.connect(self.served.port)
        self.sockets.append(socket)
        return socket

    async def eve(self) -> RawSocket:
        """An open WebSocket."""
        socket = await self.raw()
        assert await socket.request(TARGET) == 101
        return socket

    @property
    def known(self) -> UpdateSummary:
        """What is there to attack."""
        return read_update(self.room.whole())

    @property
    def victim(self) -> tuple[int, int]:
        """Ada's client id and her next clock."""
        client = self.ada.document.doc.client_id
        return client, self.known.ranges[client][-1][1]

    async def nobody_noticed(self) -> None:
        """Both are connected, see each other, work, are saved, and hold what the room holds."""
        for author, reader in ((self.ada, self.bob), (self.bob, self.ada)):
            name = f"by {author.document.doc.client_id} {self.room.seq}"
            author.document.set("nodes", self.node, "name", name)
            async with asyncio.timeout(SECONDS):
                await author.saved()
                while reader.document.read("nodes", self.node).name != name:
                    await asyncio.sleep(0.001)
            assert reader.awareness.states[author.awareness.client] == author.awareness.local
        assert not self.room.has_pending()
        assert state_of(self.ada.document) == state_of(self.bob.document) == state_of(self.room.document)


@asynccontextmanager
async def person(served: Served, name: str) -> AsyncIterator[Provider]:
    async with WebSocketChannel.connect(served.url(query=f"{CAPS}&name={name}&user={name.ljust(16, '0')}")) as channel:
        provider = Provider(SceneDocument(), channel)
        task = asyncio.create_task(provider.run())
        provider.set_presence({"user": {"name": name}})
        try:
            async with asyncio.timeout(SECONDS):
                await provider.synced.wait()
            yield provider
        finally:
            await channel.close()
            with pytest.raises(ChannelClosed):
                await task


@asynccontextmanager
async def staged(data: Path, layer: str) -> AsyncIterator[Stage]:
    limits = Limits(message=MESSAGE_LIMIT, outbox=OUTBOX_LIMIT)
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(
            serving(MemoryUpdateLog(), data, limits=limits, sockets=layer)  # type: ignore[arg-type]
        )
        ada = await stack.enter_async_context(person(served, "ada"))
        bob = await stack.enter_async_context(person(served, "bob"))
        node = add(ada.document, name="chair", translation=[1.0, 2.0, 3.0])
        await ada.saved()
        room = await served.rooms.room(f"{PROJECT}/scene")
        async with asyncio.timeout(SECONDS):
            while bob.document.record("nodes", node) is None or not (_sees(ada, bob) and _sees(bob, ada)):
                await asyncio.sleep(0.001)
        stage = Stage(served, room, ada, bob, node)
        yield stage
        await asyncio.gather(*(socket.close() for socket in stage.sockets))
        await processed(room)


def _sees(somebody: Provider, other: Provider) -> bool:
    return other.awareness.client in somebody.awareness.states


@pytest.fixture
def layer() -> str:
    return "direct"


@pytest.fixture
async def stage(tmp_path: Path, layer: str) -> AsyncIterator[Stage]:
    async with staged(tmp_path, layer) as made:
        yield made
