"""Distances from points to meshes: against values that a drawing gives, and against every triangle tried."""

from __future__ import annotations

import numpy as np
import pytest

from compute.quality.distance import deviation, distances, point_to_triangle
from compute.quality.manifold import border_edges, nonmanifold_edges
from tests.support.shapes import box, plane, sphere

#  c (0,1)
#  | \
#  a ─ b (1,0)
TRIANGLE = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((0.25, 0.25, 2.0), 2.0),
        ((-3.0, -4.0, 0.0), 5.0),
        ((0.5, -2.0, 0.0), 2.0),
        ((1.0, 1.0, 0.0), np.sqrt(0.5)),
        ((2.0, 0.0, 0.0), 1.0),
        ((0.2, 0.2, 0.0), 0.0),
    ],
)
def test_point_to_triangle(point, expected):
    assert point_to_triangle(np.array([point]), TRIANGLE[None])[0] == pytest.approx(expected)


def test_a_triangle_without_area_is_a_segment():
    corners = np.array([[[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]])
    assert point_to_triangle(np.array([[1.5, 3.0, 0.0]]), corners)[0] == pytest.approx(3.0)


def test_greatest_is_exact_and_mean_is_never_too_small():
    positions, triangles = sphere(12, 20)
    points = np.random.default_rng(4).normal(size=(400, 3))
    every = np.array(
        [point_to_triangle(np.repeat(p[None], len(triangles), 0), positions[triangles]).min() for p in points]
    )
    measured = deviation(points, positions, triangles)
    assert measured.greatest == pytest.approx(every.max())
    assert every.mean() <= measured.mean <= every.mean() * 1.01
    assert (distances(points, positions, triangles) >= every - 1e-12).all()


def test_positions_of_the_mesh_itself_have_distance_zero():
    positions, triangles = box(3)
    assert deviation(positions, positions, triangles).greatest == 0.0


def test_large_triangles_among_small_ones_are_found():
    """Every point of a fine plane lies on the two triangles of a coarse one, far from their corners and centroids."""
    fine, coarse = plane(32)[0], plane(1)
    crumbs = sphere(20, 40, radius=0.01)
    positions = np.concatenate([coarse[0], crumbs[0] + [0.5, -0.05, 0.5]])
    triangles = np.concatenate([coarse[1], crumbs[1] + 4]).astype(np.uint32)
    assert deviation(fine, positions, triangles).greatest == pytest.approx(0, abs=1e-6)


def test_large_sets_are_sampled_and_say_so():
    positions, triangles = plane(4)
    measured = deviation(np.tile([[0.5, 2.0, 0.5]], (1000, 1)), positions, triangles, sample=100)
    assert measured.points == 100
    assert measured.mean == pytest.approx(2.0)


def test_three_triangles_on_an_edge_are_not_manifold():
    fan = np.array([[0, 1, 2], [1, 0, 3], [0, 1, 4]], np.uint32)
    assert nonmanifold_edges(fan).tolist() == [1]
    assert len(border_edges(fan)) == 6


def test_a_closed_box_has_neither_border_nor_bad_edges():
    triangles = box(4)[1]
    assert not len(border_edges(triangles))
    assert not len(nonmanifold_edges(triangles))
