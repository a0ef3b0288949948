"""The binding: bit-exact streams, filters, orders, and refusals instead of crashes."""

import numpy as np
import pytest

from compute import meshopt


def grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    """A flat (n × n)-cell sheet: positions (…, 3) float32 and triangles."""
    y, x = np.mgrid[0 : n + 1, 0 : n + 1]
    positions = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=1).astype(np.float32)
    a = (np.arange(n)[:, None] * (n + 1) + np.arange(n)).ravel()
    triangles = np.concatenate([np.stack([a, a + 1, a + n + 2], 1), np.stack([a, a + n + 2, a + n + 1], 1)])
    return positions, triangles.astype(np.uint32)


def test_vertex_stream_is_bit_exact_and_of_version_zero():
    rows = np.random.default_rng(1).random((1000, 3)).astype(np.float32)
    data = meshopt.encode_vertices(rows)
    assert data[0] == 0xA0
    assert np.array_equal(meshopt.decode_vertices(data, 1000, 12).view(np.float32).reshape(-1, 3), rows)


def test_triangle_stream_keeps_order_and_winding():
    positions, triangles = grid(20)
    data = meshopt.encode_triangles(triangles, len(positions))
    back = meshopt.decode_triangles(data, triangles.size).reshape(-1, 3)
    assert data[0] == 0xE1
    turn = np.argmax(back == triangles[:, :1], axis=1)
    assert np.array_equal(np.take_along_axis(back, (turn[:, None] + np.arange(3)) % 3, axis=1), triangles)


def test_sequence_stream_is_exact():
    indices = np.array([5, 1, 4, 2, 3, 0, 5], np.uint32)
    data = meshopt.encode_sequence(indices, 6)
    assert data[0] == 0xD1
    assert np.array_equal(meshopt.decode_sequence(data, 7), indices)


def test_octahedral_filter_comes_back_within_its_bits():
    vectors = np.random.default_rng(2).normal(size=(500, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = meshopt.encode_filter_oct(vectors, size=8, bits=16)
    back = meshopt.decode_filter("OCTAHEDRAL", rows.view(np.uint8).reshape(-1, 8), 8).view(np.int16).reshape(-1, 4)
    assert np.abs(back[:, :3] / 32767 - vectors).max() < 1e-3


def test_quaternion_filter_comes_back():
    quaternions = np.array([[0, 0, 0, 1], [0.5, 0.5, 0.5, 0.5], [0.6, 0, 0, 0.8]], np.float32)
    rows = meshopt.encode_filter_quat(quaternions)
    back = meshopt.decode_filter("QUATERNION", rows.view(np.uint8).reshape(-1, 8), 8).view(np.int16) / 32767
    assert np.allclose(np.abs((back * quaternions).sum(axis=1)), 1, atol=1e-3)


def test_exponential_filter_keeps_24_bits():
    values = np.array([[1.5, -2.25, 1024.0]], np.float32)
    rows = meshopt.encode_filter_exp(values)
    back = meshopt.decode_filter("EXPONENTIAL", rows.view(np.uint8).reshape(-1, 12), 12).view(np.float32)
    assert np.array_equal(back, values)


def test_orders_keep_the_same_triangles():
    positions, triangles = grid(12)

    def shapes(t: np.ndarray) -> set[frozenset[int]]:
        return {frozenset(row) for row in t.tolist()}

    cached = meshopt.optimize_cache(triangles, len(positions))
    assert shapes(cached) == shapes(triangles)
    assert shapes(meshopt.optimize_overdraw(cached, positions)) == shapes(triangles)
    assert shapes(meshopt.spatial_triangles(triangles, positions)) == shapes(triangles)
    assert sorted(meshopt.spatial_remap(positions)) == list(range(len(positions)))


def test_fetch_remap_numbers_by_first_use_and_marks_the_unused():
    remap, used = meshopt.fetch_remap(np.array([[3, 1, 0]], np.uint32), 5)
    assert used == 3
    assert remap.tolist() == [2, 1, 0xFFFFFFFF, 0, 0xFFFFFFFF]


def test_equal_rows_share_a_number():
    rows = np.array([[1, 2], [3, 4], [1, 2]], np.float32)
    remap, distinct = meshopt.vertex_remap(rows)
    assert (remap.tolist(), distinct) == ([0, 1, 0], 2)
    assert meshopt.shadow_indices(np.array([[2, 1, 0]], np.uint32), rows).tolist() == [[2, 1, 2]]


@pytest.mark.parametrize("attributes", [None, 2])
def test_simplification_reaches_its_goal_on_a_flat_sheet(attributes):
    positions, triangles = grid(30)
    values = None if attributes is None else positions[:, :attributes] / 30
    less, error = meshopt.simplify(triangles, positions, 100, attributes=values)
    assert 2 <= len(less) <= 100
    assert error < 1e-3
    assert set(less.ravel()) <= set(range(len(positions)))


def test_locked_vertices_stay():
    positions, triangles = grid(10)
    locked = np.zeros(len(positions), bool)
    locked[60] = True
    less, _ = meshopt.simplify(triangles, positions, 2, locked=locked)
    assert 60 in less


def test_sloppy_simplification_and_scale():
    positions, triangles = grid(30)
    less, _ = meshopt.simplify_sloppy(triangles, positions, 50)
    assert 0 < len(less) <= 50
    assert meshopt.simplify_scale(positions) == 30


def test_bad_input_is_an_error_and_no_crash():
    positions, triangles = grid(2)
    with pytest.raises(ValueError, match="out of range"):
        meshopt.simplify(triangles + 100, positions, 1)
    with pytest.raises(ValueError, match="not a vertex stream"):
        meshopt.decode_vertices(b"\xa0\x00\x01", 10, 12)
    with pytest.raises(ValueError, match="not an index stream"):
        meshopt.decode_triangles(b"\xe1", 30)
    with pytest.raises(ValueError, match="multiple of 4"):
        meshopt.encode_vertices(np.zeros((3, 3), np.uint8))
    with pytest.raises(ValueError, match="not defined"):
        meshopt.decode_filter("OCTAHEDRAL", np.zeros((2, 12), np.uint8), 12)
