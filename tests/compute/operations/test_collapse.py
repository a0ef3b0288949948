"""Greedy collapses: the cheapest first, on a subset of the vertices, manifold, nothing turned over, repeatable."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from compute.operations import simplify as simplification
from compute.operations.collapse import collapse
from compute.operations.lod_chain import lod_chain
from compute.operations.simplify import Target
from compute.operations.wedges import face_normals
from compute.quality.distance import deviation
from compute.quality.manifold import border_edges, edge_ends, nonmanifold_edges
from tests.compute.operations.test_simplify import FIXTURES, by_position
from tests.support.shapes import box, plane, sphere


def euler(triangles: np.ndarray) -> int:
    corners = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    return len(np.unique(triangles)) - len(np.unique(corners, axis=0)) + len(triangles)


def test_a_closed_surface_stays_one():
    points, triangles = sphere(24, 48)
    for target in (1000, 200, 40):
        found = collapse(triangles, points.astype(np.float32), target)
        assert len(found) == pytest.approx(target, abs=1)
        assert not len(nonmanifold_edges(found))
        assert not len(border_edges(found))
        assert euler(found) == 2
        assert set(found.ravel()) <= set(triangles.ravel())


def test_it_never_goes_below_a_tetrahedron():
    points, triangles = sphere(8, 12)
    found = collapse(triangles, points.astype(np.float32), 0)
    assert len(found) >= 4
    assert euler(found) == 2
    assert not len(nonmanifold_edges(found))


def test_nothing_is_turned_over():
    points, triangles = sphere(24, 48)
    found = collapse(triangles, points.astype(np.float32), 300)
    outward = np.einsum("ij,ij->i", face_normals(points, found), points[found].mean(axis=1))
    assert (outward > 0).all()


def fan(corners: np.ndarray, centre: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """A flat polygon as triangles around vertex 0, with a wall standing on every side."""
    count = len(corners)
    points = np.zeros((2 * count + 1, 3), np.float32)
    points[0, :2], points[1 : count + 1, :2] = centre, corners
    points[count + 1 :] = (points[1 : count + 1] + np.roll(points[1 : count + 1], -1, axis=0)) / 2 + [0, 0, 1]
    around = np.arange(1, count + 1, dtype=np.uint32)
    after = np.roll(around, -1)
    flat = np.stack([np.zeros_like(around), around, after], axis=1)
    assert (face_normals(points.astype(float), flat)[:, 2] > 0).all()
    return np.concatenate([flat, np.stack([around + count, after, around], axis=1)]), points


def test_a_collapse_that_turns_a_triangle_over_is_refused():
    """Of an L's corners the nearest, 2, does not see all others; the inner one, 4, does."""
    ell = np.array([[-4, -1], [2, -1], [2, 1], [1, 1], [1, 3], [-4, 3]])
    triangles, points = fan(ell, (0.95, -0.95))
    found = collapse(triangles, points, 10)
    assert len(found) == 10
    assert (found[:4] == 4).any(axis=1).all()
    assert (face_normals(points.astype(float), found[:4])[:, 2] > 0).all()


def test_a_vertex_that_can_go_nowhere_stays():
    """No corner of a star with deep notches sees all others."""
    angles = np.arange(10) * np.pi / 5
    star = np.c_[np.cos(angles), np.sin(angles)] * np.where(np.arange(10) % 2, 0.25, 1.0)[:, None]
    triangles, points = fan(star, (0.0, 0.0))
    assert np.array_equal(collapse(triangles, points, 1), triangles)


def test_hubs_and_their_neighbours_stay():
    """A pole with a thousand triangles: walking around it for each of its neighbours would take a million steps."""
    points, triangles = sphere(6, 1000)
    found = collapse(triangles, points.astype(np.float32), len(triangles) // 2)
    assert (found == 0).sum() == 1000
    assert len(found) == pytest.approx(len(triangles) // 2, abs=1)
    assert not len(nonmanifold_edges(found))


def test_flat_places_go_first_and_borders_stay():
    points, triangles = plane(32)
    bumped = points.copy()
    high = points[:, 0] > 0.5
    bumped[high, 1] += 0.02 * np.random.default_rng(0).random(int(high.sum()))
    found = collapse(triangles, bumped.astype(np.float32), len(triangles) * 6 // 10)
    border = set(edge_ends(border_edges(triangles)).ravel())
    assert border == set(edge_ends(border_edges(found)).ravel())
    kept = np.isin(np.flatnonzero(high), found)
    assert kept.mean() > 0.95
    assert deviation(bumped, bumped, found).greatest < 1e-3


def test_locked_vertices_stay():
    points, triangles = sphere(24, 48)
    locked = np.zeros(len(points), np.bool_)
    locked[::7] = True
    found = collapse(triangles, points.astype(np.float32), 500, locked)
    assert set(np.flatnonzero(locked)) <= set(found.ravel())
    assert locked.sum() == len(points[::7])


def test_equal_input_gives_equal_bytes():
    """All of a cube's inner vertices cost nothing: ties are broken by index."""
    points, triangles = box(12)
    before = triangles.copy()
    runs = {collapse(triangles, points.astype(np.float32), 400).tobytes() for _ in range(3)}
    assert len(runs) == 1
    assert np.array_equal(triangles, before)


def test_surfaces_that_are_not_manifold_keep_those_places():
    """A fin on an edge of a sphere: its ends stay, the rest goes."""
    points, triangles = sphere(24, 48)
    fin = np.array([[triangles[200][0], triangles[200][1], len(points)]], np.uint32)
    every = np.concatenate([triangles, fin])
    found = collapse(every, np.concatenate([points, [[0, 3.0, 0]]]).astype(np.float32), 300)
    assert set(fin[0]) <= set(found.ravel())
    assert len(nonmanifold_edges(found)) == len(nonmanifold_edges(every)) == 1
    assert len(found) == pytest.approx(300, abs=1)


@pytest.mark.parametrize("name", FIXTURES)
def test_chains_that_begin_with_it_meet_their_targets(name, monkeypatch):
    monkeypatch.setattr(simplification, "FINE", 0)
    monkeypatch.setattr(simplification, "FEW_LINES", 1.0)
    mesh = FIXTURES[name]()
    targets = {number: Target(mesh.triangle_count // 2**number) for number in (1, 2, 3)}
    for number, level in lod_chain(mesh, targets).items():
        assert level.triangles == pytest.approx(targets[number].triangles, rel=0.1)
        assert not len(nonmanifold_edges(by_position(level.mesh)))
        assert level.mesh.positions is mesh.positions


def test_it_runs_where_nothing_can_be_cached(tmp_path: Path):
    """Compiled code is kept beside the module or in the user's cache; neither may be there in an installation."""
    blocked = tmp_path / "file"
    blocked.touch()
    code = """
import numba.core.caching as caching
for locator in caching.CacheImpl._locator_classes:
    locator.from_function = classmethod(lambda cls, *_: None)
import numpy as np
from compute.operations.collapse import _before
print(_before(np.int32(0), np.int32(1), np.array([1.0, 1.0])), len(_before.stats.cache_path or ""))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "HOME": str(blocked)},
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.split() == ["True", "0"]
