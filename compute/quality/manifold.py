"""Edges of a triangle mesh by how many triangles share them. All on position ids: seams do not open a surface."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SHIFT = np.uint64(32)


def edge_keys(triangles: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """(3·t,) uint64: `low id << 32 | high id` of every triangle's edges (corner 0–1, 1–2, 2–0)."""
    ids = triangles.astype(np.uint64)
    start, end = ids.ravel(), ids[:, [1, 2, 0]].ravel()
    return (np.minimum(start, end) << _SHIFT) | np.maximum(start, end)


def _shared_by(triangles: NDArray[np.uint32]) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    keys = np.sort(edge_keys(triangles))
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, np.intp)
    return keys[first], np.diff(np.append(first, len(keys)))


def nonmanifold_edges(triangles: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Keys of the edges that more than two triangles share, ascending. triangles: (t, 3) position ids."""
    keys, counts = _shared_by(triangles)
    return keys[counts > 2]


def border_edges(triangles: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Keys of the edges that only one triangle has, ascending. triangles: (t, 3) position ids."""
    keys, counts = _shared_by(triangles)
    return keys[counts == 1]


def edge_ends(keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """(n, 2) uint32: the position ids of edge keys."""
    return np.stack([keys >> _SHIFT, keys & np.uint64(0xFFFFFFFF)], axis=1).astype(np.uint32)


def drop_degenerate(triangles: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """(t,) bool: the triangles whose three ids differ."""
    a, b, c = triangles.T
    return (a != b) & (b != c) & (c != a)
