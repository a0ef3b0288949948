"""The web client's Project, in Node over real sockets, keeps its word when the server is killed and comes back."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import crdt
import crdt.nodes
from crdt.document import SceneDocument
from crdt.update_reader import read_state_vector
from tests.interop.foreign import NodeClient
from tests.support.studio import studio

WEB = Path(__file__).parents[2] / "web"
SOURCE = Path(__file__).with_name("project_client.ts")


@asynccontextmanager
async def project_in_node(folder: Path, origin: str, project: str) -> AsyncIterator[NodeClient]:
    script = folder / "project_client.mjs"
    command = [WEB / "node_modules/.bin/rolldown", SOURCE, "--file", script, "--format", "esm", "--platform", "node"]
    await asyncio.to_thread(subprocess.run, list(map(str, command)), cwd=WEB, check=True, capture_output=True)
    process = await asyncio.create_subprocess_exec(
        "node", str(script), str(WEB), origin, project,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**26,
    )  # fmt: skip
    try:
        yield NodeClient(process)
    finally:
        process.kill()
        await process.communicate()


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.05)


def digest(scene: SceneDocument) -> tuple[str, dict[int, int], dict[int, list[tuple[int, int]]]]:
    """What must be equal (SPEC D9)."""
    return scene.canonical(), read_state_vector(scene.state_vector()), scene.delete_set()


async def scene_of(client: NodeClient) -> SceneDocument:
    scene = SceneDocument()
    scene.apply((await client.replica()).update)
    return scene


async def test_edits_made_while_the_server_is_down_arrive(tmp_path: Path) -> None:
    async with studio(tmp_path / "data", peer=False) as server:
        project = await server.create_project("Kept")
        async with (
            project_in_node(tmp_path, server.url, project) as client,
            crdt.join(f"{server.url}/p/{project}", name="script") as script,
        ):
            await client.ask({"until": "saved"})
            kept = (await client.ask({"add": "kept"}))["id"]
            state = await client.ask({"until": "saved"})
            assert (state["unsaved"], state["atRisk"]) == (False, False)

            await server.kill()
            state = await client.ask({"until": "offline, kept here"})
            assert not state["unsaved"], "what was saved before the kill stays saved"
            away = (await client.ask({"add": "made while away"}))["id"]
            await client.ask({"rename": [kept, "renamed while away"]})
            await client.ask({"trash": kept})
            await client.ask({"undo": True})
            state = await client.ask({"until": "offline, kept here"})
            assert (state["unsaved"], state["kept"], state["atRisk"]) == (True, True, False)
            await client.ask({"reopen": True})
            assert (await client.ask({"state": True}))["unsaved"], "a new visit knows what the server lacks"
            made_by_script = crdt.nodes.add(script, name="the script was away too")

            await server.start()
            await client.ask({"retry": True})
            state = await client.ask({"until": "saved"})
            assert not state["unsaved"]
            saved = await scene_of(client)

            await server.kill()
            await server.start()
            names = {id: node["name"] for id, node in (await server.scene(project))["nodes"].items()}
            assert names.items() >= {kept: "renamed while away", away: "made while away"}.items(), "saved, then lost"
            await client.ask({"retry": True})

            async def agree() -> bool:
                return made_by_script in script.ids("nodes") and digest(await scene_of(client)) == digest(script)

            await eventually(agree)
            await script.saved()
            assert set(saved.ids("nodes")) <= set(script.ids("nodes"))
            assert digest(await scene_of(client)) == digest(script)
