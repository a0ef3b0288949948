"""Polygons as runs of triangles: making the triangles, and finding the outline again.

The triangles of a polygon are contiguous. A convex polygon is a fan from one corner; a concave one is a
fan from a corner that sees all others, or cut by ears. The outline is the boundary of the run (edges that no triangle
of the run has in the opposite direction), whichever way it was cut and whichever corner a codec put first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_EAR_WORK = 20_000_000
"""Corner tests that ear clipping may spend on one mesh; beyond it, concave polygons become plain fans."""


@dataclass
class Cut:
    """triangles: (t, 3) corners, as numbers into the flat corner list. sizes: (k,) corners of each polygon, in order.

    concave: polygons that a fan from their first corner would draw wrongly. uncut: those cut by a fan all the same.
    """

    triangles: NDArray[np.int64]
    sizes: NDArray[np.int64]
    concave: int = 0
    uncut: int = 0


def cut(sizes: NDArray[np.int64], points: NDArray[np.float64]) -> Cut:
    """Triangles of polygons. sizes: (k,) corners of each, all ≥ 3; points: (Σ sizes, 3) position of each corner."""
    starts = np.cumsum(sizes) - sizes
    first = np.cumsum(sizes - 2) - (sizes - 2)
    triangles = np.empty((int((sizes - 2).sum()), 3), np.int64)
    concave = uncut = 0
    budget = [MAX_EAR_WORK]
    for size in np.unique(sizes):
        chosen = np.flatnonzero(sizes == size)
        local, bent, wrong = _cut_equal(points, starts[chosen], int(size), budget)
        rows = first[chosen][:, None] + np.arange(size - 2)
        triangles[rows] = local + starts[chosen][:, None, None]
        concave, uncut = concave + bent, uncut + wrong
    return Cut(triangles, sizes, concave, uncut)


def _cut_equal(
    points: NDArray[np.float64], starts: NDArray[np.int64], size: int, budget: list[int]
) -> tuple[NDArray[np.int64], int, int]:
    """((k, size − 2, 3) corner numbers within each polygon, how many are concave, how many could not be cut well)."""
    fan = np.stack([np.zeros(size - 2, np.int64), np.arange(1, size - 1), np.arange(2, size)], axis=1)
    result = np.broadcast_to(fan, (len(starts), size - 2, 3)).copy()
    if size == 3:
        return result, 0, 0
    outlines = points[starts[:, None] + np.arange(size)]
    normals = _newell(outlines)
    open_ = np.flatnonzero(~_fits(outlines, normals, fan))
    concave = len(open_)
    for turn in range(1, min(size, 9)):
        if not len(open_):
            break
        turned = (fan + turn) % size
        good = _fits(outlines[open_], normals[open_], turned)
        result[open_[good]] = turned
        open_ = open_[~good]
    uncut = 0
    for i in open_:
        budget[0] -= size * size * 4
        ears = _clip(outlines[i], normals[i]) if budget[0] > 0 else None
        if ears is None:
            uncut += 1
        else:
            result[i] = ears
    return result, concave, uncut


def _newell(outlines: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k, 3): area vector of each outline (k, n, 3)."""
    centred = outlines - outlines[:, :1]
    return np.cross(centred, np.roll(centred, -1, axis=1)).sum(axis=1)


def _fits(
    outlines: NDArray[np.float64], normals: NDArray[np.float64], triangles: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(k,): whether no triangle of this cut turns against the polygon's normal."""
    a, b, c = (outlines[:, triangles[:, i]] for i in range(3))
    turn = np.einsum("kti,ki->kt", np.cross(b - a, c - a), normals)
    slack = 1e-9 * np.einsum("ki,ki->k", normals, normals)
    return (turn >= -slack[:, None]).all(axis=1)


def _clip(outline: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """(n − 2, 3): triangles by ear clipping in the polygon's plane; None when the outline crosses itself."""
    axis = int(np.argmax(np.abs(normal)))
    keep = [(1, 2), (2, 0), (0, 1)][axis]
    flat = outline[:, keep] * (1.0 if normal[axis] >= 0 else np.array([-1.0, 1.0]))
    left, triangles = list(range(len(flat))), []
    while len(left) > 3:
        ear = next((i for i in range(len(left)) if _is_ear(flat, left, i)), None)
        if ear is None:
            return None
        triangles.append((left[ear - 1], left[ear], left[(ear + 1) % len(left)]))
        del left[ear]
    return np.array([*triangles, tuple(left)], np.int64)


def _is_ear(flat: NDArray[np.float64], left: list[int], i: int) -> bool:
    a, b, c = flat[left[i - 1]], flat[left[i]], flat[left[(i + 1) % len(left)]]
    if _turn(a, b, c) <= 0:
        return False
    others = flat[[p for p in left if p not in (left[i - 1], left[i], left[(i + 1) % len(left)])]]
    inside = (_turn(a, b, others) >= 0) & (_turn(b, c, others) >= 0) & (_turn(c, a, others) >= 0)
    corner = (others[:, None] == np.stack([a, b, c])).all(axis=2).any(axis=1)
    return not (inside & ~corner).any()


def _turn(a: NDArray[np.float64], b: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return (b[0] - a[0]) * (p[..., 1] - a[1]) - (b[1] - a[1]) * (p[..., 0] - a[0])


@dataclass
class Outlines:
    """corners: (Σ sizes,) vertices of all outlines, one after the other; sizes: (k,) corners of each.

    split: polygons that had to be written as triangles, because a vertex occurs twice in their outline.
    """

    corners: NDArray[np.uint32]
    sizes: NDArray[np.int64]
    split: int = 0


def outlines(triangles: NDArray[np.uint32], polygons: NDArray[np.uint32] | None) -> Outlines:
    """The outlines of a primitive's polygons; without `polygons` every triangle is its own."""
    if polygons is None or len(polygons) == 0:
        return Outlines(triangles.reshape(-1), np.full(len(triangles), 3, np.int64))
    sizes = polygons.astype(np.int64)
    owner = np.repeat(np.arange(len(sizes)), sizes - 2)
    tails, heads, polygon = _boundary(triangles, owner)
    whole = _simple(tails, polygon, sizes)
    corners, result_sizes, order = [], [], []
    for size in np.unique(sizes[whole]):
        chosen = np.flatnonzero(whole & (sizes == size))
        pick = np.flatnonzero(np.isin(polygon, chosen))
        ring = _rings(tails[pick].reshape(-1, size), heads[pick].reshape(-1, size))
        corners.append(ring.reshape(-1))
        result_sizes.append(np.full(len(chosen), size, np.int64))
        order.append(chosen)
    loose = np.flatnonzero(~whole[owner])
    corners.append(triangles[loose].reshape(-1))
    result_sizes.append(np.full(len(loose), 3, np.int64))
    order.append(owner[loose])
    return _in_order(corners, result_sizes, order, int((~whole).sum()))


def _boundary(
    triangles: NDArray[np.uint32], owner: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Directed edges (tail, head, polygon) that no triangle of the same polygon has reversed, sorted by polygon."""
    tri = triangles.astype(np.int64)
    tails, heads = tri.reshape(-1), np.roll(tri, -1, axis=1).reshape(-1)
    polygon = np.repeat(owner, 3)
    low, high = np.minimum(tails, heads), np.maximum(tails, heads)
    order = np.lexsort((high, low, polygon))
    same = np.ones(len(order), bool)
    p, lo, hi = polygon[order], low[order], high[order]
    same[1:] = (p[1:] != p[:-1]) | (lo[1:] != lo[:-1]) | (hi[1:] != hi[:-1])
    group = np.cumsum(same) - 1
    single = np.bincount(group)[group] == 1
    kept = np.sort(order[single])
    return tails[kept], heads[kept], polygon[kept]


def _simple(tails: NDArray[np.int64], polygon: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(k,): polygons whose boundary has as many edges as corners, each tail once."""
    edges = np.bincount(polygon, minlength=len(sizes))
    order = np.lexsort((tails, polygon))
    repeated = (np.diff(tails[order]) == 0) & (np.diff(polygon[order]) == 0)
    whole = edges == sizes
    whole[polygon[order][1:][repeated]] = False
    return whole


def _rings(tails: NDArray[np.int64], heads: NDArray[np.int64]) -> NDArray[np.uint32]:
    """(k, n): walk each polygon's edges (k, n) from its first one round."""
    ring = np.empty(tails.shape, np.uint32)
    at = tails[:, 0]
    for i in range(tails.shape[1]):
        ring[:, i] = at
        at = np.take_along_axis(heads, (tails == at[:, None]).argmax(axis=1)[:, None], axis=1)[:, 0]
    return ring


def _in_order(
    corners: list[NDArray[np.uint32]], sizes: list[NDArray[np.int64]], polygons: list[NDArray[np.int64]], split: int
) -> Outlines:
    """Put outlines that were made size by size back into the order of their polygons."""
    flat, all_sizes, owner = np.concatenate(corners), np.concatenate(sizes), np.concatenate(polygons)
    order = np.argsort(owner, kind="stable")
    starts = (np.cumsum(all_sizes) - all_sizes)[order]
    ordered = all_sizes[order]
    offsets = np.repeat(starts - (np.cumsum(ordered) - ordered), ordered) + np.arange(int(ordered.sum()))
    return Outlines(flat[offsets].astype(np.uint32), ordered, split)


def move_whole(triangles: NDArray[np.uint32], polygons: NDArray[np.uint32], rank: NDArray[np.int64]) -> tuple[
    NDArray[np.uint32], NDArray[np.uint32]
]:  # fmt: skip
    """Reorder polygons by the lowest `rank` (t,) of their triangles. Returns the triangles and polygon sizes."""
    counts = polygons.astype(np.int64) - 2
    starts = np.cumsum(counts) - counts
    order = np.argsort(np.minimum.reduceat(rank, starts), kind="stable")
    ordered = counts[order]
    rows = np.repeat(starts[order] - (np.cumsum(ordered) - ordered), ordered) + np.arange(len(triangles))
    return triangles[rows], polygons[order]
