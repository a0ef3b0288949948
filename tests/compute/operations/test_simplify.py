"""Simplification: targets met, seams, creases and material borders kept, nothing torn, the base's attributes."""

from __future__ import annotations

import numpy as np
import pytest

from compute.errors import OperationError
from compute.mesh import Mesh, Primitive
from compute.operations.lod_chain import ChainSettings, lod_chain
from compute.operations.simplify import Target, Weights, compacted, simplify
from compute.operations.wedges import Protection
from compute.quality.distance import distances
from compute.quality.manifold import border_edges, edge_ends, nonmanifold_edges
from tests.support.shapes import box, flat, indexed, plane, smooth, sphere, two_slots, unwrapped_sphere


def by_position(mesh: Mesh) -> np.ndarray:
    return mesh.position_ids[mesh.triangles]


def torus(major: int = 64, minor: int = 24):
    """A closed ring: the fixture of genus 1."""
    u, v = np.meshgrid(np.arange(major) * 2 * np.pi / major, np.arange(minor) * 2 * np.pi / minor, indexing="ij")
    r = 1 + 0.3 * np.cos(v)
    positions = np.stack([r * np.cos(u), 0.3 * np.sin(v), -r * np.sin(u)], -1).reshape(-1, 3)
    ids = np.arange(major * minor).reshape(major, minor)
    a, b, c, d = ids, np.roll(ids, -1, 0), np.roll(np.roll(ids, -1, 0), -1, 1), np.roll(ids, -1, 1)
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return positions, faces.astype(np.uint32)


def noisy_sphere():
    positions, triangles = sphere(40, 80)
    return positions * np.random.default_rng(1).uniform(0.97, 1.03, (len(positions), 1)), triangles


def charted_box() -> Mesh:
    """Six charts, hard edges: every position on an edge of the box has several vertices."""
    positions, triangles = box(24)
    normals = np.cross(*(positions[triangles[:, k]] - positions[triangles[:, 0]] for k in (1, 2)))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    axis = np.abs(normals).argmax(axis=1)
    uv = np.stack([positions[triangles][np.arange(len(triangles)), :, (axis + k) % 3] for k in (1, 2)], axis=-1)
    shift = axis * 2 + (normals.sum(axis=1) > 0)
    uv = (uv + 0.5) * 0.3 + np.stack([shift % 3, shift // 3], -1)[:, None] / 3
    return indexed(
        positions, triangles, np.repeat(normals, 3, 0).astype(np.float32), uv.reshape(-1, 2).astype(np.float32)
    )


def banded(mesh: Mesh) -> Mesh:
    return two_slots(mesh, mesh.vertex_positions[mesh.triangles].mean(axis=1)[:, 0] > 0.1)


FIXTURES = {
    "smooth sphere": lambda: smooth(*sphere(40, 80)),
    "flat sphere": lambda: flat(*sphere(40, 80)),
    "noisy sphere": lambda: smooth(*noisy_sphere()),
    "flat box": lambda: flat(*box(24)),
    "charted box": charted_box,
    "unwrapped sphere": lambda: unwrapped_sphere(40, 80),
    "open plane": lambda: smooth(*plane(48, bump=0.1)),
    "torus": lambda: smooth(*torus()),
    "two slots": lambda: banded(smooth(*sphere(40, 80))),
    "two slots, flat, unwrapped": lambda: banded(unwrapped_sphere(48, 64)),
}


@pytest.mark.parametrize("name", FIXTURES)
def test_chain_meets_its_targets_and_stays_manifold(name):
    mesh = FIXTURES[name]()
    before = mesh.triangle_count
    targets = {1: Target(before // 2), 2: Target(before // 4), 3: Target(before // 10)}
    bad = len(nonmanifold_edges(by_position(mesh)))
    for number, level in lod_chain(mesh, targets).items():
        assert level.triangles == pytest.approx(targets[number].triangles, rel=0.1), number
        assert level.triangles == level.mesh.triangle_count
        assert len(nonmanifold_edges(by_position(level.mesh))) <= bad == 0
        assert level.nonmanifold == 0
    assert mesh.triangle_count == before


def test_levels_hold_the_bases_positions_and_attributes_bit_for_bit():
    mesh = unwrapped_sphere()
    level = simplify(mesh, Target(500)).mesh
    assert level.positions is mesh.positions
    base = {row.tobytes() for row in np.concatenate([mesh.position_ids[:, None], mesh.normals, mesh.texcoords[0]], 1)}
    assert all(
        row.tobytes() in base
        for row in np.concatenate([level.position_ids[:, None], level.normals, level.texcoords[0]], 1)
    )


def test_no_crack_opens_between_slots():
    mesh = banded(smooth(*sphere(40, 80)))
    level = simplify(mesh, Target(mesh.triangle_count // 8)).mesh
    assert not len(border_edges(by_position(level)))
    assert all(len(primitive.triangles) for primitive in level.primitives)


def hausdorff(mesh: Mesh, level: Mesh, edges: np.ndarray, level_edges: np.ndarray) -> float:
    """Greatest distance between the points of two edge sets, as a fraction of the extent."""
    ends, others = edge_ends(edges), edge_ends(level_edges)
    as_triangles = np.stack([others[:, 0], others[:, 1], others[:, 1]], axis=1)
    extent = np.ptp(mesh.positions, axis=0).max()
    return float(distances(mesh.positions[np.unique(ends)], level.positions, as_triangles).max() / extent)


def test_material_borders_keep_their_line():
    mesh = banded(smooth(*sphere(60, 120)))
    level = simplify(mesh, Target(mesh.triangle_count // 4)).mesh

    def border(of: Mesh) -> np.ndarray:
        return border_edges(of.position_ids[of.primitives[0].triangles])

    assert hausdorff(mesh, level, border(mesh), border(level)) < 0.005


def seam(of: Mesh) -> np.ndarray:
    """Edges between positions that are open in the mesh of UV vertices, and inner in the mesh of positions."""
    _, uv_vertex = np.unique(np.c_[of.position_ids, of.texcoords[0]], axis=0, return_inverse=True)
    ends = edge_ends(border_edges(uv_vertex.reshape(-1)[of.triangles].astype(np.uint32)))
    position = np.zeros(uv_vertex.max() + 1, np.uint32)
    position[uv_vertex.reshape(-1)] = of.position_ids
    pairs = np.sort(position[ends].astype(np.uint64), axis=1)
    return np.unique(pairs[:, 0] << np.uint64(32) | pairs[:, 1])


def test_uv_seams_keep_their_line():
    mesh = unwrapped_sphere(60, 120)
    level = simplify(mesh, Target(mesh.triangle_count // 4))
    assert level.protection >= Protection.SEAMS
    assert hausdorff(mesh, level.mesh, seam(mesh), seam(level.mesh)) < 0.005


def test_no_triangle_spans_two_charts_while_seams_are_kept():
    mesh = unwrapped_sphere(40, 80)
    level = simplify(mesh, Target(mesh.triangle_count // 10)).mesh
    spread = np.ptp(level.texcoords[0][level.triangles], axis=1)
    assert spread[:, 0].max() < 0.5


def test_open_borders_stay_where_they_are_when_locked():
    positions, triangles = plane(32, bump=0.1)
    mesh = smooth(positions, triangles)
    level = simplify(mesh, Target(mesh.triangle_count // 8), lock_borders=True).mesh
    assert set(edge_ends(border_edges(triangles)).ravel()) <= set(level.position_ids)


def test_creases_keep_both_normals():
    mesh = flat(*box(16))
    level = simplify(mesh, Target(12)).mesh
    assert set(map(tuple, np.round(level.normals).astype(int))) == {
        tuple(sign * (np.arange(3) == axis)) for axis in range(3) for sign in (1, -1)
    }
    faces = level.vertex_positions[level.triangles]
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    assert (np.einsum("ij,ij->i", normals, level.normals[level.triangles[:, 0]]) > 0).all()


def test_error_limit_ends_before_the_target():
    mesh = smooth(*noisy_sphere())
    level = simplify(mesh, Target(50, error=0.002))
    assert level.triangles > 500
    assert level.deviation.greatest < 0.02


def test_heavily_charted_models_still_reduce():
    """Every triangle its own chart: seams are given up, and only then."""
    positions, triangles = sphere(32, 64)
    uv = np.random.default_rng(0).random((triangles.size, 2)).astype(np.float32)
    unit = positions[triangles].reshape(-1, 3).astype(np.float32)
    mesh = indexed(positions, triangles, unit, uv)
    level = simplify(mesh, Target(mesh.triangle_count // 4))
    assert level.protection == Protection.MATERIALS
    assert level.triangles == pytest.approx(mesh.triangle_count // 4, rel=0.1)


def test_coordinates_far_from_zero():
    positions, triangles = sphere(40, 80)
    near = simplify(smooth(positions, triangles), Target(800))
    far = simplify(smooth(positions + 500_000.0, triangles), Target(800))
    assert far.triangles == near.triangles
    assert far.deviation.greatest == pytest.approx(near.deviation.greatest, rel=0.05)


def test_touching_shells_are_not_glued():
    positions, triangles = box(12)
    both = np.concatenate([positions, positions + np.array([1.0, 0, 0])])
    mesh = smooth(both, np.concatenate([triangles, triangles + len(positions)]).astype(np.uint32))
    level = simplify(mesh, Target(mesh.triangle_count // 4), Weights(normal=0))
    side = level.mesh.position_ids[level.mesh.triangles] < len(positions)
    assert (side.all(axis=1) | ~side.any(axis=1)).all()
    assert not len(border_edges(by_position(level.mesh)))


def test_a_mesh_without_area_is_refused():
    mesh = Mesh(np.zeros((2, 3)), np.arange(2, dtype=np.uint32), [Primitive("s", np.array([[0, 1, 1]], np.uint32))])
    with pytest.raises(OperationError) as refused:
        simplify(mesh, Target(1))
    assert refused.value.code == "empty_mesh"


def test_compacted_has_its_own_ids():
    level = simplify(smooth(*sphere()), Target(200)).mesh
    small = compacted(level)
    assert sorted(set(small.position_ids)) == list(range(len(small.positions)))
    assert np.array_equal(small.vertex_positions, level.vertex_positions)


def test_chain_reports_progress_and_honours_its_settings():
    mesh = smooth(*plane(24, bump=0.1))
    seen: list[float] = []
    settings = ChainSettings(Weights(0, 0, 0), lock_borders=True)
    levels = lod_chain(mesh, {1: Target(600), 2: Target(300)}, settings, lambda fraction, _: seen.append(fraction))
    assert list(levels) == [1, 2]
    assert seen == sorted(seen)
    assert seen[0] == 0.0


def sponge(cells: int = 4) -> Mesh:
    """A closed block of cubes with every other column missing along all three axes: dozens of tunnels."""
    solid = np.zeros((2 * cells + 1,) * 3, bool)
    odd = np.indices(solid.shape) % 2 == 1
    solid[odd.sum(axis=0) < 2] = True
    padded = np.pad(solid, 1)
    quads = []
    for axis in range(3):
        for side in (0, 1):
            open_side = padded & ~np.roll(padded, 1 - 2 * side, axis=axis)
            cell = np.argwhere(open_side).astype(np.int64)
            u, v = np.eye(3, dtype=np.int64)[(axis + 1) % 3], np.eye(3, dtype=np.int64)[(axis + 2) % 3]
            origin = cell + np.eye(3, dtype=np.int64)[axis] * side
            ring = [origin, origin + u, origin + u + v, origin + v]
            quads.append(np.stack(ring if side else ring[::-1], axis=1))
    corners = np.concatenate(quads)
    positions, inverse = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    faces = inverse.reshape(-1, 4)
    return smooth(positions.astype(float), np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]]).astype(np.uint32))


def test_shapes_full_of_tunnels_stay_manifold_and_finer_than_asked():
    mesh = sponge()
    assert not len(nonmanifold_edges(by_position(mesh)))
    targets = {
        number: Target(max(8, round(mesh.triangle_count * ratio))) for number, ratio in ((1, 0.5), (2, 0.1), (3, 0.01))
    }
    levels = lod_chain(mesh, targets)
    counts = [level.triangles for level in levels.values()]
    assert [level.nonmanifold for level in levels.values()] == [0, 0, 0]
    assert mesh.triangle_count > counts[0] >= counts[1] >= counts[2] > targets[3].triangles


def test_a_base_that_is_not_manifold_gets_no_worse():
    """Three sheets that meet along a line: it has as many bad edges as segments, and a level no more."""
    positions, triangles = plane(16, bump=0.05)
    sheets, faces = [], []
    for number, angle in enumerate((0.0, 2.0, 4.0)):
        turned = positions @ np.array(
            [[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
        )
        sheets.append(turned)
        faces.append(triangles + number * len(positions))
    every = np.concatenate(sheets)
    keys, first, inverse = np.unique(np.round(every, 9), axis=0, return_index=True, return_inverse=True)
    mesh = smooth(every[first], inverse.reshape(-1)[np.concatenate(faces)].astype(np.uint32))
    bad = len(nonmanifold_edges(by_position(mesh)))
    level = simplify(mesh, Target(mesh.triangle_count // 8))
    assert len(keys) == len(mesh.positions)
    assert 0 < level.nonmanifold <= bad == 16
    assert level.triangles == pytest.approx(mesh.triangle_count // 8, rel=0.1)
