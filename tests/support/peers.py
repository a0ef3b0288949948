"""Compute peers in tests: in this event loop for jobs and faults, as a process for signals and kills."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx

from compute.blob_client import BlobClient
from compute.codec import encode_geometry
from compute.engine.base import Engine
from compute.engine.local import LocalEngine
from compute.lease_client import LeaseClient
from compute.mesh import Mesh
from compute.operation import revision_value
from compute.operations.geometry import describe
from compute.operations.registry import OPERATIONS
from compute.peer import Peer
from compute.rooms import JoinedRooms
from crdt import nodes, resources, revisions
from crdt.client import LiveScene, join
from crdt.document import new_id

TOP = Path(__file__).parents[2]


@asynccontextmanager
async def working_peer(
    url: str, token: str, *, engine: Engine | None = None, workers: int = 1, name: str = "Test peer", **options: Any
) -> AsyncIterator[Peer]:
    """A peer at work in this event loop."""
    engine = engine or LocalEngine(workers)
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}) as http:
        rooms = JoinedRooms(url, token, name)
        options = {"offered": list(OPERATIONS), **options}
        peer = Peer(LeaseClient(http), BlobClient(http), rooms, engine, name=name, **options)
        working = asyncio.create_task(peer.run(workers))
        try:
            yield peer
        finally:
            working.cancel()
            await asyncio.wait({working})
            await engine.close()


@contextmanager
def peer_process(
    url: str, token_file: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m compute peer`, ended with the block."""
    command = [sys.executable, "-m", "compute", "peer", "--server", url, "--token-file", str(token_file), *options]
    process = subprocess.Popen(command, cwd=TOP, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@asynccontextmanager
async def project(url: str, name: str = "Test") -> AsyncIterator[LiveScene]:
    """A new project, joined by a script."""
    async with httpx.AsyncClient(base_url=url) as http:
        answer = await http.post("/api/v1/projects", json={"name": name})
        answer.raise_for_status()
    async with join(f"{url}/p/{answer.json()['id']}", name="asker") as scene:
        yield scene


async def add_mesh(scene: LiveScene, mesh: Mesh, name: str = "Ball") -> str:
    """Upload a mesh, write its records and a node; the mesh's id, when all is saved."""
    for primitive in mesh.primitives:
        primitive.slot = new_id()
    encoded = encode_geometry(mesh, topology=new_id())
    await scene.upload(encoded.blob)
    with scene.transact():
        mesh_id = resources.add_mesh(scene, name=name, slots=dict.fromkeys(encoded.slots))
        revision = revisions.add_revision(scene, revision_value(describe(encoded), mesh=mesh_id, op="import"))
        revisions.set_head(scene, mesh_id, revision)
        nodes.add(scene, name=name, mesh=mesh_id)
    await scene.saved()
    return mesh_id


async def until(reached: Callable[[], object]) -> None:
    """Wait for what presence shows, which tells nobody that it changed."""
    async with asyncio.timeout(30):
        while not reached():
            await asyncio.sleep(0.01)
