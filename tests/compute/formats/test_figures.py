"""Figures that were promised of files: volume through STL, positions through OBJ, size and error of quantised GLB."""

from __future__ import annotations

import numpy as np
import pytest

from compute.formats import NamedFile, WriteOptions, read, write
from compute.formats.transforms import transformed, world_matrices
from compute.mesh import Mesh
from compute.scene import Scene, SceneMesh, SceneNode
from tests.support.shapes import smooth, sphere


def bumpy_ball() -> Mesh:
    positions, triangles = sphere(20, 40)
    return smooth(positions * np.random.default_rng(2).uniform(0.97, 1.03, (len(positions), 1)), triangles)


def scene_of(mesh: Mesh) -> Scene:
    return Scene(nodes=[SceneNode("ball", mesh=0)], meshes=[SceneMesh("ball", mesh)], name="ball")


def through(format: str, mesh: Mesh, **options) -> tuple[Mesh, bytes]:
    """The mesh in the world after writing and reading, and the file."""
    written = write(scene_of(mesh), format, WriteOptions(**options))
    back = read([NamedFile(written.name, written.data)])
    [(found, world)] = [
        (back.meshes[node.mesh].mesh, world)
        for node, world in zip(back.nodes, world_matrices(back.nodes), strict=True)
        if node.mesh is not None
    ]
    return transformed(found, world), written.data


def volume(mesh: Mesh) -> float:
    a, b, c = np.moveaxis(mesh.vertex_positions[mesh.triangles], 1, 0)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("binary", [True, False])
def test_an_stl_keeps_its_volume_to_a_hundred_thousandth_and_says_its_unit(binary):
    mesh = bumpy_ball()
    back, data = through("stl", mesh, binary=binary)
    assert volume(back) == pytest.approx(volume(mesh), rel=1e-5)
    assert b"unit=mm" in data[:80]


def test_an_obj_keeps_positions_to_a_millionth():
    mesh = bumpy_ball()
    back, _ = through("obj", mesh)
    assert len(back.positions) == len(mesh.positions)
    before, after = (m.vertex_positions[m.triangles].reshape(-1, 9) for m in (mesh, back))
    rows = [one[np.lexsort(np.round(one, 4).T)] for one in (before, after)]
    assert np.abs(rows[0] - rows[1]).max() <= 1e-6 * np.ptp(mesh.positions)


def test_a_quantised_glb_has_half_the_bytes_and_a_ten_thousandth_of_error():
    mesh = bumpy_ball()
    (plain, whole), (packed, small) = through("glb", mesh), through("glb", mesh, compression="quantised")
    assert len(small) <= 0.5 * len(whole)
    before, after = (m.vertex_positions[m.triangles].mean(axis=1) for m in (plain, packed))
    nearest = np.linalg.norm(before[:, None] - after[None], axis=2).min(axis=1)
    assert nearest.max() <= 1e-4 * np.ptp(mesh.positions)
