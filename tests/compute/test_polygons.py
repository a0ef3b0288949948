"""Polygons become triangles and their outlines come back, whatever a codec did to the corners."""

import numpy as np
import pytest

from compute import polygons


def area(points: np.ndarray, triangles: np.ndarray) -> float:
    a, b, c = (points[triangles[:, i]] for i in range(3))
    return float(np.cross(b - a, c - a)[:, 2].sum() / 2), float(np.abs(np.cross(b - a, c - a)[:, 2]).sum() / 2)


SHAPES = {
    "square": [(0, 0), (1, 0), (1, 1), (0, 1)],
    "dart": [(0, 0), (2, 1), (0, 2), (0.5, 1)],  # concave at the last corner: a fan from the first would fold over
    "house": [(0, 0), (2, 0), (2, 1), (1, 2), (0, 1)],
    "L": [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)],
    "comb": [(0, 0), (5, 0), (5, 3), (4, 3), (4, 1), (3, 1), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)],
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_polygon_is_covered_once(name):
    points = np.array([(*p, 0.0) for p in SHAPES[name]])
    cut = polygons.cut(np.array([len(points)]), points)
    signed, total = area(points, cut.triangles)
    x, y = points[:, 0], points[:, 1]
    assert signed == pytest.approx(total) == pytest.approx((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)
    assert cut.uncut == 0


@pytest.mark.parametrize("turned", [False, True])
def test_outlines_come_back_in_order(turned):
    sizes = np.array([len(s) for s in SHAPES.values()] + [3])
    flat = [(x + 10 * i, y, 0.0) for i, s in enumerate([*SHAPES.values(), [(0, 0), (1, 0), (0, 1)]]) for x, y in s]
    triangles = polygons.cut(sizes, np.array(flat)).triangles.astype(np.uint32)
    if turned:
        shifts = np.random.default_rng(1).integers(0, 3, len(triangles))
        triangles = np.take_along_axis(triangles, (np.arange(3) + shifts[:, None]) % 3, axis=1)
    found = polygons.outlines(triangles, sizes.astype(np.uint32))
    assert found.sizes.tolist() == sizes.tolist()
    starts = np.cumsum(sizes) - sizes
    for start, size in zip(starts, sizes, strict=True):
        ring = found.corners[start : start + size].tolist()
        least = ring.index(min(ring))
        assert ring[least:] + ring[:least] == list(range(start, start + size))


def test_a_polygon_that_visits_a_vertex_twice_is_given_back_as_triangles():
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 5]], np.uint32)
    found = polygons.outlines(triangles, np.array([4, 4], np.uint32))
    assert (found.sizes.tolist(), found.split) == ([4, 3, 3], 1)


def test_a_figure_of_eight_is_cut_and_counted():
    points = np.array([(0, 0, 0), (1, 1, 0), (1, 0, 0), (0, 1, 0), (0.5, 3, 0)], float)
    cut = polygons.cut(np.array([5]), points)
    assert len(cut.triangles) == 3
    assert cut.concave == 1


def test_polygons_move_whole():
    triangles = np.arange(15, dtype=np.uint32).reshape(-1, 3)
    moved, sizes = polygons.move_whole(triangles, np.array([4, 3, 4], np.uint32), np.array([3, 4, 2, 0, 1]))
    assert sizes.tolist() == [4, 3, 4]
    assert moved[:, 0].tolist() == [9, 12, 6, 0, 3]
