"""Every real model goes out in every format and comes back with the same counts and bounds; GLBs are valid."""

import numpy as np
import pytest

from compute import codec
from compute.formats import NamedFile, WriteOptions, read, write
from compute.formats.transforms import transformed, world_matrices
from compute.scene import Scene
from tests.support import khronos
from tests.support.assets import asset

MODELS = [
    "AlphaBlendModeTest.glb", "BoxTextured.glb", "Duck.glb", "busted.stl", "counterXP.3mf", "cycloidal.ply",
    "fandisk.obj", "featuretype.stl", "stanford-bunny.obj", "spot/spot_triangulated.obj",
]  # fmt: skip
FORMATS = [
    ("glb", WriteOptions()), ("glb", WriteOptions(compression="meshopt")),
    ("glb", WriteOptions(compression="quantised")),
    ("obj", WriteOptions()), ("stl", WriteOptions()), ("ply", WriteOptions()),
]  # fmt: skip


def load(name: str) -> Scene:
    path = asset(name)
    return read([NamedFile(p.name, p) for p in path.parent.iterdir()] if "/" in name else [NamedFile(path.name, path)])


def measures(scene: Scene) -> tuple[int, np.ndarray]:
    """Triangles and (2, 3) bounds in the world."""
    triangles, points = 0, []
    for node, world in zip(scene.nodes, world_matrices(scene.nodes), strict=True):
        if node.mesh is not None:
            mesh = transformed(scene.meshes[node.mesh].mesh, world)
            triangles += mesh.triangle_count
            points.append(mesh.positions)
    corners = np.concatenate(points)
    return triangles, np.stack([corners.min(axis=0), corners.max(axis=0)])


@pytest.mark.parametrize("name", MODELS)
def test_counts_and_bounds_survive_every_format(name, tmp_path):
    scene = load(name)
    triangles, bounds = measures(scene)
    glbs = []
    for format, options in FORMATS:
        written = write(scene, format, options)
        back = read([NamedFile(written.name, written.data)])
        again, found = measures(back)
        step = 2e-5 if options.compression == "quantised" else 1e-6
        assert again == triangles, (format, options)
        assert np.abs(found - bounds).max() <= step * np.ptp(bounds, axis=0).max(), (format, options)
        if format in ("glb", "obj"):
            named = [[m["name"].replace(" ", "_") or "material" for m in s.materials] for s in (scene, back)]
            assert named[0] == named[1]
        if format == "glb":
            glbs.append(codec.plain(written.data))
    assert khronos.errors(tmp_path, *glbs) == []


@pytest.mark.parametrize("name", MODELS)
def test_blobs_hold_every_mesh_within_half_a_step(name):
    for mesh in (m.mesh for m in load(name).meshes):
        encoded = codec.encode_geometry(mesh, topology="t" * 16)
        back, _ = codec.decode_geometry(encoded.blob)
        assert np.abs(back.positions - mesh.positions).max() <= 2.0**encoded.grid / 2
        assert (len(back.positions), back.triangle_count) == (len(mesh.positions), mesh.triangle_count)
