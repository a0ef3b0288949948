"""Twelve files of six formats dropped into one live room: each arrives upright, in metres, with a clean document."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from compute.formats import WriteOptions, write
from compute.formats.transforms import world_matrices
from compute.scene import Scene, SceneMesh, SceneNode
from crdt import revisions
from crdt.client import LiveScene
from crdt.validation import validate
from tests.compute.engine.in_process import InProcessEngine
from tests.support.gltf_builder import quad_file
from tests.support.meshes import cube
from tests.support.peers import working_peer

BOX = Scene(nodes=[SceneNode("Box", mesh=0)], meshes=[SceneMesh("Box", cube(0.5))], name="box")


def box(format: str, **options) -> bytes:
    return write(BOX, format, WriteOptions(**options)).data


def obj(comment: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(box("obj"))) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".obj")]
        lines = archive.read(name).decode().splitlines()
    return "\n".join([comment, *(line for line in lines if not line.startswith(("#", "mtllib", "usemtl")))]).encode()


def gltf() -> bytes:
    builder = quad_file()
    builder.glb()
    builder.json["buffers"][0]["uri"] = "square.bin"
    return json.dumps(builder.json).encode()


def square_bin() -> bytes:
    builder = quad_file()
    builder.glb()
    return bytes(builder.binary)


def package(unit: str, size: float) -> bytes:
    """A 3MF of one tetrahedron, `size` in its unit."""
    corners = ((0, 0, 0), (size, 0, 0), (0, size, 0), (0, 0, size))
    vertices = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in corners)
    faces = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (2, 0, 3))
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in faces)
    mesh = f"<mesh><vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh>"
    resources = f'<resources><object id="1">{mesh}</object></resources><build><item objectid="1"/></build>'
    namespace = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("3D/3dmodel.model", f'<model unit="{unit}" xmlns="{namespace}">{resources}</model>')
    return target.getvalue()


FILES: dict[str, tuple[list[bytes], float]] = {
    "plain.glb": ([box("glb")], 0.5),
    "packed.glb": ([box("glb", compression="meshopt")], 0.5),
    "square.gltf": ([gltf(), square_bin()], 1.0),
    "stated.obj": ([obj("# unit=m up=Y")], 0.5),
    "bare.obj": ([obj("# from somewhere")], 0.5),
    "binary.stl": ([box("stl")], 0.5),
    "ascii.stl": ([box("stl", binary=False)], 0.5),
    "inches.stl": ([box("stl", unit="inch")], 0.5),
    "binary.ply": ([box("ply")], 0.5),
    "ascii.ply": ([box("ply", binary=False)], 0.5),
    "millimetres.3mf": ([package("millimeter", 500)], 0.5),
    "inches.3mf": ([package("inch", 10)], 0.254),
}
"""Name → the file (and what belongs to it), and how large the model is, in metres."""


def height(scene: LiveScene, top: str) -> float:
    """Of everything below a node, along the world's Y."""
    tree = scene.tree()
    found, stack, nodes = [], [(top, None)], []
    while stack:
        node, parent = stack.pop()
        record = scene.read("nodes", node)
        place = (record.translation, record.rotation, record.scale)
        nodes.append(SceneNode(parent=parent, translation=place[0], rotation=place[1], scale=place[2]))
        if record.mesh is not None:
            found.append((len(nodes) - 1, revisions.head(scene, record.mesh)))
        stack += [(child, len(nodes) - 1) for child in tree.children.get(node, ())]
    worlds = world_matrices(nodes)
    reach = [
        (np.array([[x, y, z, 1] for x in m[0] for y in m[1] for z in m[2]]) @ worlds[index].T)[:, 1]
        for index, revision in found
        for m in [tuple(zip(revision.min, revision.max, strict=True))]
    ]
    return float(np.ptp(np.concatenate(reach)))


async def test_twelve_files_of_six_formats_come_into_a_live_room(server, scene, tmp_path: Path):
    assert len(FILES) == 12
    async with working_peer(server.url, server.peer_token, engine=InProcessEngine()):
        for name, (contents, size) in FILES.items():
            paths = [tmp_path / file for file in (name, "square.bin")[: len(contents)]]
            for path, content in zip(paths, contents, strict=True):
                path.write_bytes(content)
            result = await scene.import_file(*paths)
            assert abs(height(scene, result["nodes"][0]) - size) < 1e-4, name
            guessed = {entry["what"] for entry in result["report"] if entry["kind"] == "note"}
            assert ({"unit", "up axis"} <= guessed) is (name == "bare.obj"), name
    assert validate(scene) == []
