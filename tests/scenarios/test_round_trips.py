"""Files through the whole product and back: import by the peer, the document, export by the peer (14.1–14.6, 13.7)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from compute import codec
from compute.formats import NamedFile, read
from compute.formats.transforms import transformed, world_matrices
from compute.scene import Scene
from tests.compute.formats.test_gltf_round_trip import FIXTURES
from tests.support import khronos
from tests.support.assets import FOLDER, asset
from tests.support.studio import Studio, studio

MODELS = (
    "AlphaBlendModeTest.glb", "BoxTextured.glb", "Duck.glb", "busted.stl", "counterXP.3mf", "cycloidal.ply",
    "fandisk.obj", "featuretype.stl", "stanford-bunny.obj", "spot",
)  # fmt: skip
EXPORTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("glb", {"compression": "none"}), ("glb", {"compression": "meshopt"}), ("obj", {}), ("stl", {}), ("ply", {}),
)  # fmt: skip


def files_of(name: str) -> dict[str, bytes]:
    path = FOLDER / name
    return {p.name: p.read_bytes() for p in sorted(path.iterdir())} if path.is_dir() else {name: path.read_bytes()}


async def exported(server: Studio, project: str, format: str, options: dict[str, Any]) -> tuple[str, bytes]:
    result = await server.succeeded(project, await server.export(project, format, **options))
    return result["name"], await server.blob(project, result["blob"])


async def through(server: Studio, files: dict[str, bytes], format: str, options: dict[str, Any]) -> tuple[str, bytes]:
    """Imports files into a new project and exports it."""
    project = await server.create_project(next(iter(files)))
    await server.succeeded(project, await server.import_files(project, files))
    return await exported(server, project, format, options)


def load(name: str, data: bytes) -> Scene:
    return read([NamedFile(name, data)])


def measures(scene: Scene) -> tuple[int, np.ndarray, list[str]]:
    """Triangles, (2, 3) bounds in the world [m], names of the materials in use."""
    triangles, points, names = 0, [], set()
    for node, world in zip(scene.nodes, world_matrices(scene.nodes), strict=True):
        if node.mesh is None:
            continue
        mesh = transformed(scene.meshes[node.mesh].mesh, world)
        triangles += mesh.triangle_count
        points.append(mesh.vertex_positions[mesh.triangles.ravel()])
        names |= {scene.materials[p.material].get("name", "") for p in mesh.primitives if p.material is not None}
    corners = np.concatenate(points)
    return triangles, np.stack([corners.min(axis=0), corners.max(axis=0)]), sorted(names)


def stated(scene: Scene) -> list[str]:
    """What a glTF says, without the order of its lists and without groups that only hold others."""

    def texture(info: Any) -> Any:
        if isinstance(info, dict) and isinstance(info.get("texture"), int):
            found = scene.textures[info["texture"]]
            return {**info, "texture": {**vars(found), "image": scene.images[found.image].data.hex()}}
        return {k: texture(v) for k, v in info.items()} if isinstance(info, dict) else info

    materials = [texture(m) for m in scene.materials]
    nodes = [
        {
            **{k: v for k, v in vars(n).items() if k not in ("parent", "materials")},
            "mesh": None if n.mesh is None else slots(scene, n.mesh, materials),
            "camera": None if n.camera is None else scene.cameras[n.camera],
            "light": None if n.light is None else scene.lights[n.light],
        }
        for n in scene.nodes
    ]
    return sorted(json.dumps(nameless(n), sort_keys=True, default=str) for n in nodes if not is_bare(n))


def nameless(value: Any) -> Any:
    """Names are compared apart: what has none is given one at import, so that people can tell it in the outliner."""
    if isinstance(value, dict):
        return {k: nameless(v) for k, v in value.items() if k != "name"}
    return [nameless(v) for v in value] if isinstance(value, list) else value


def names(scene: Scene) -> set[str]:
    named = [*scene.nodes, *scene.meshes]
    listed = [*scene.materials, *scene.cameras, *scene.lights]
    return {one.name for one in named if one.name} | {one["name"] for one in listed if one.get("name")}


def is_bare(node: dict[str, Any]) -> bool:
    return not any(node[key] for key in ("mesh", "camera", "light", "extras", "extensions"))


def slots(scene: Scene, mesh: int, materials: list[Any]) -> dict[str, Any]:
    found = scene.meshes[mesh]
    shapes = [
        {
            "material": None if p.material is None else materials[p.material],
            "triangles": len(p.triangles),
            "corners": on_grid(found.mesh.vertex_positions[p.triangles.ravel()]),
        }
        for p in found.mesh.primitives
    ]
    uvs = [np.sort(uv, axis=0).tolist() for uv in found.mesh.texcoords]
    colors = None if found.mesh.colors is None else np.sort(found.mesh.colors, axis=0).tolist()
    return {"extras": found.extras, "extensions": found.extensions, "slots": shapes, "uvs": uvs, "colors": colors}


def on_grid(points: np.ndarray) -> list[Any]:
    """Sorted, and rounded to what the grid of 2^20 steps keeps of the extent."""
    return np.sort(np.round(points, 6 - int(np.floor(np.log10(np.ptp(points) or 1)))), axis=0).tolist()


async def test_every_property_of_a_glb_comes_back(tmp_path: Path) -> None:
    written = []
    async with studio(tmp_path / "data") as server:
        for fixture in FIXTURES:
            data = fixture().glb()
            for compression in ("none", "meshopt"):
                name, back = await through(server, {"file.glb": data}, "glb", {"compression": compression})
                before, after = load("file.glb", data), load(name, back)
                assert stated(after) == stated(before), (fixture.__name__, compression)
                assert names(before) <= names(after)
                written.append(codec.plain(back) if compression == "meshopt" else back)
    assert khronos.errors(tmp_path, *written) == []


async def test_real_models_keep_counts_materials_and_bounds_in_every_format(tmp_path: Path) -> None:
    asset(MODELS[0])
    glbs = []
    async with studio(tmp_path / "data") as server:
        for name in MODELS:
            glbs += await check_every_format(server, name)
    assert khronos.errors(tmp_path, *glbs) == []


async def check_every_format(server: Studio, name: str) -> list[bytes]:
    """Exports a model in every format and imports it again; the plain GLBs."""
    project = await server.create_project(name)
    await server.succeeded(project, await server.import_files(project, files_of(name)))
    triangles, bounds, names = measures(load(*await exported(server, project, "glb", {"compression": "none"})))
    glbs = []
    for format, options in EXPORTS:
        file, data = await exported(server, project, format, options)
        if format == "glb":
            glbs.append(codec.plain(data) if options["compression"] == "meshopt" else data)
        # Re-imported by the product, then told by its plain GLB.
        again = load(*await through(server, {file: data}, "glb", {"compression": "none"}))
        count, box, kept = measures(again)
        assert count == triangles, (name, format)
        assert np.abs(box - bounds).max() <= 2e-6 * np.ptp(bounds, axis=0).max(), (name, format)
        if format in ("glb", "obj"):
            assert [n.replace(" ", "_") for n in kept] == [n.replace(" ", "_") for n in names], (name, format)
    return glbs
