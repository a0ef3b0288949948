"""What was made offline goes out in parts: more than one message may hold is saved all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

from crdt.channel import WebSocketChannel
from crdt.document import SceneDocument
from crdt.nodes import add
from crdt.provider import PART, Provider
from server.storage.memory import MemoryUpdateLog
from server.sync.session import Limits
from tests.support.served import PROJECT, serving
from tests.support.sync import state_of

LIMIT = PART + 64 * 1024
"""Of one message."""


def worked_offline() -> SceneDocument:
    """Binaries and records, overwritten here and there, some by a second replica."""
    first, second = SceneDocument(), SceneDocument()
    chair = add(first, name="chair")
    second.apply(first.update())
    for number, document in enumerate([first, second] * 3):
        document.map("strokes")[f"s{number}"] = bytes(PART // 2)
        document.set("nodes", chair, "name", f"chair {number}")
    first.apply(second.update())
    assert len(first.update()) > 2 * LIMIT
    return first


async def test_more_than_one_message_may_hold(tmp_path: Path) -> None:
    document = worked_offline()
    async with serving(MemoryUpdateLog(), tmp_path, limits=Limits(message=LIMIT)) as served:
        async with WebSocketChannel.connect(served.url()) as channel:
            provider = Provider(document, channel)
            running = asyncio.create_task(provider.run())
            async with asyncio.timeout(20):
                await provider.synced.wait()
                await provider.saved()
                with document.transact():
                    for number in range(4):
                        document.map("strokes")[f"online {number}"] = bytes(PART // 2)
                await provider.saved()
            running.cancel()
        room = await served.rooms.room(f"{PROJECT}/scene")
        assert state_of(room.document) == state_of(document)
