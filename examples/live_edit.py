"""Adds a chair to a live project: python examples/live_edit.py http://127.0.0.1:8000/p/{project} [token]"""

import asyncio
import sys

import crdt
from crdt import nodes


async def main(url: str, token: str | None = None) -> None:
    async with crdt.join(url, token, name="ten lines") as scene:
        chair = nodes.add(scene, name="Chair", translation=(1.0, 0.0, 0.0))
        await scene.saved()
        print(f"{chair} is saved; the scene has {len(scene.ids('nodes'))} nodes")


asyncio.run(main(*sys.argv[1:3]))
