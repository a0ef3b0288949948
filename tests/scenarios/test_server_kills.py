"""The server dies again and again while three clients edit, delete and undo: what was reported *saved* is there.

Every other round it dies by a failpoint between the rows and the COMMIT, or right after it; the others at a random
moment. After each death the log is read from the disk, before any client could send anything again.
"""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import AsyncExitStack
from pathlib import Path

import crdt
from tests.support.acknowledged import Editor, assert_kept, converge, state_in
from tests.support.studio import Studio, studio

KILLS = 500 if os.environ.get("MAQUETTE_SOAK") else 50


def failpoint_of(round_number: int, chance: random.Random) -> dict[str, str]:
    if round_number % 2 == 0:
        return {}
    return {"MAQUETTE_FAILPOINT": f"{chance.choice(['log.commit', 'log.committed'])}:{chance.randint(2, 12)}"}


async def die(server: Studio, armed: bool, chance: random.Random) -> str:
    """Lets the server die by its failpoint, or kills it after a random while; says how."""
    began = asyncio.get_running_loop().time()
    if armed:
        await asyncio.wait_for(server.wait_dead(), 30)
        how = "inside a commit"
    else:
        await asyncio.sleep(chance.uniform(0.02, 0.4))
        await server.kill()
        how = "at random"
    return f"{how}, {1000 * (asyncio.get_running_loop().time() - began):.1f} ms after the start"


async def test_everything_reported_saved_survives_kill_9(tmp_path: Path) -> None:
    chance = random.Random(20)
    offsets: list[str] = []
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(studio(tmp_path, peer=False))
        project = await server.create_project("Kills")
        url, database = f"{server.url}/p/{project}", f"sqlite+aiosqlite:///{tmp_path / 'maquette.db'}"
        scenes = [await stack.enter_async_context(crdt.join(url, name=f"client {n}")) for n in range(3)]
        editors = [Editor(scene, seed) for seed, scene in enumerate(scenes)]
        running = [asyncio.create_task(editor.run(stop)) for editor in editors]
        for number in range(KILLS):
            environment = failpoint_of(number, chance)
            if environment:
                await server.kill()
                await server.start(environment)
            how = await die(server, bool(environment), chance)
            offsets.append(how)
            told = [editor.acknowledged for editor in editors]
            assert_kept(await state_in(database, project), told, f"kill {number} ({how})")
            assert not any(task.done() for task in running), [task for task in running if task.done()]
            await server.start()
        stop.set()
        await asyncio.gather(*running)
        await converge(scenes)
        disk = await state_in(database, project)
        assert disk.canonical() == scenes[0].canonical()
        assert disk.delete_set() == scenes[0].delete_set()
    print("\n".join(offsets))
    totals = {kind: sum(editor.counts[kind] for editor in editors) for kind in editors[0].counts}
    print("edits:", totals)
    assert totals["saved"] > KILLS
    assert all(totals.values()), totals
