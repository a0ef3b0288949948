"""Position ids from bare vertices: seams close, shells that touch stay apart."""

import numpy as np

from compute.formats.weld import components, weld_shells
from tests.support.meshes import cube


def soup(mesh, shift=(0, 0, 0)) -> np.ndarray:
    """(3 t, 3): every corner a vertex of its own."""
    return mesh.vertex_positions[mesh.triangles.ravel()] + np.array(shift)


def welded(points: np.ndarray, triangles: np.ndarray | None = None) -> tuple[int, np.ndarray]:
    triangles = np.arange(len(points), dtype=np.uint32).reshape(-1, 3) if triangles is None else triangles
    positions, ids = weld_shells(points, triangles)
    assert np.array_equal(positions[ids], points)
    return len(positions), ids


def test_the_faces_of_a_cube_without_shared_vertices_close():
    assert welded(soup(cube()))[0] == 8


def test_two_cubes_that_touch_in_a_vertex_an_edge_or_a_face_stay_two():
    for shift in ((1, 1, 1), (1, 1, 0), (1, 0, 0)):
        count, ids = welded(np.concatenate([soup(cube()), soup(cube(), shift)]))
        assert count == 16
        assert not set(ids[:36]) & set(ids[36:])


def test_two_sheets_that_meet_along_a_whole_edge_are_one_surface():
    """0──1 4──5     The edge 1–3 lies on 4–6: two open edges, so the sheets go on in each other.
    │╲ │ │╲ │
    2──3 6──7"""
    points = np.array([[0, 1, 0], [1, 1, 0], [0, 0, 0], [1, 0, 0], [1, 1, 0], [2, 1, 0], [1, 0, 0], [2, 0, 0]], float)
    triangles = np.array([[0, 2, 3], [0, 3, 1], [4, 6, 7], [4, 7, 5]], np.uint32)
    assert welded(points, triangles)[0] == 6


def test_the_back_of_a_sheet_is_not_glued_to_its_front():
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]] * 2, float)
    assert welded(points, np.array([[0, 1, 2], [3, 5, 4]], np.uint32))[0] == 6


def test_sheets_of_which_three_meet_in_an_edge_stay_apart():
    tips = [[0, 1, 0], [0, -1, 0.5], [0, -1, -0.5]]
    points = np.array([p for tip in tips for p in ([0, 0, 0], [1, 0, 0], tip)], float)
    assert welded(points)[0] == 9


def test_minus_zero_is_zero():
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [-0.0, 0, 0], [0, 1, -0.0], [-1, 0, 0]])
    assert len(weld_shells(points, np.array([[0, 1, 2], [3, 4, 5]], np.uint32))[0]) == 4


def test_components_are_named_by_their_least_member():
    generator = np.random.default_rng(7)
    order = generator.permutation(1000)
    a, b = order[:-1], order[1:]
    cut = np.arange(999) % 100 != 99
    labels = components(1000, a[cut], b[cut])
    for i in range(10):
        group = order[i * 100 : (i + 1) * 100]
        assert set(labels[group]) == {group.min()}
