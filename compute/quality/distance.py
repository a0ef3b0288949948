"""Distance from points to a triangle mesh, for measured errors. Vectorised, without a compiled helper of our own.

A k-d tree over the vertices and one over points spread on the triangles name a few candidates for every point;
the nearest bounds the distance from above. The greatest distance is then made exact: the points with the highest
bounds are compared with every triangle whose box comes closer than the bound. So `greatest` is exact over the points
asked, and mean and RMS never read too low.
Point to triangle after C. Ericson, "Real-Time Collision Detection" (2005), 5.1.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

SAMPLE = 200_000
"""Points measured at most; of larger sets every n-th one (the order of position ids is spatially mixed)."""
_CHUNK = 16_384
_NEAREST = 4
_SPREAD = 20_000
_FINEST = 64
_EXACT = 64
_Points = NDArray[np.float64]


@dataclass(frozen=True)
class Deviation:
    """Distances from a set of points to a mesh, in the mesh's unit. `points`: how many were measured."""

    greatest: float
    mean: float
    rms: float
    points: int


def deviation(points: _Points, positions: _Points, triangles: NDArray[np.uint32], sample: int = SAMPLE) -> Deviation:
    """How far `points` lie from the mesh. points: (n, 3); of more than `sample` an even subset is measured."""
    step = -(-len(points) // sample) if len(points) else 1
    chosen = np.asarray(points[::step], np.float64)
    if not len(chosen) or not len(triangles):
        return Deviation(0.0, 0.0, 0.0, 0)
    bounds = distances(chosen, positions, triangles)
    greatest = _exact_greatest(chosen, bounds, positions[triangles])
    return Deviation(greatest, float(bounds.mean()), float(np.sqrt((bounds**2).mean())), len(chosen))


def distances(points: _Points, positions: _Points, triangles: NDArray[np.uint32]) -> NDArray[np.float64]:
    """(n,) float64, exact where a candidate is the nearest triangle, never too small. Points on a vertex give 0."""
    used, compact = _compacted(triangles, len(positions))
    corners = positions[triangles]
    near, vertex = cKDTree(positions[used], balanced_tree=False, compact_nodes=False).query(points)
    open_points = np.flatnonzero(near > 0)
    result = np.zeros(len(points))
    if not len(open_points):
        return result
    asked = points[open_points]
    best = np.minimum(near[open_points], _to_fans(asked, vertex[open_points], compact, corners))
    spread, owner = _spread(corners)
    tree = cKDTree(spread, balanced_tree=False, compact_nodes=False)
    count = min(_NEAREST, len(spread))
    nearest = owner[tree.query(asked, k=count)[1].reshape(len(asked), count)]
    for column in nearest.T:
        best = np.minimum(best, point_to_triangle(asked, corners[column]))
    result[open_points] = best
    return result


def _compacted(triangles: NDArray[np.uint32], count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The positions that triangles use, ascending, and the triangles in numbers of that list."""
    flags = np.zeros(count, np.bool_)
    flags[triangles] = True
    return np.flatnonzero(flags), (np.cumsum(flags) - 1)[triangles]


def _to_fans(
    points: _Points, vertex: NDArray[np.intp], triangles: NDArray[np.intp], corners: _Points
) -> NDArray[np.float64]:
    """(n,): the distance from each point to the triangles around its nearest vertex."""
    order = np.argsort(triangles.ravel(), kind="stable") // 3
    start = np.concatenate([[0], np.cumsum(np.bincount(triangles.ravel()))])
    size = start[vertex + 1] - start[vertex]
    best = np.full(len(points), np.inf)
    for turn in range(min(int(size.max()), 16)):
        has = np.flatnonzero(size > turn)
        best[has] = np.minimum(best[has], point_to_triangle(points[has], corners[order[start[vertex[has]] + turn]]))
    return best


def _spread(corners: _Points) -> tuple[_Points, NDArray[np.intp]]:
    """Points on all triangles, closer together than about three average edges, and the triangle of each.

    One a triangle where they are alike and many; large ones among small ones, and few large ones, get more.
    """
    edges = corners[:, [1, 2, 0]] - corners
    longest = np.sqrt(np.einsum("ijk,ijk->ij", edges, edges)).max(axis=1)
    area = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1).sum() / 2
    gap = 3 * np.sqrt(area / max(len(corners), _SPREAD)) or 1.0
    parts = np.clip(np.ceil(longest / gap), 1, _FINEST).astype(np.intp)
    points, owners = [], []
    for count in np.unique(parts):
        chosen = np.flatnonzero(parts == count)
        weights = _barycentric(int(count))
        points.append(np.einsum("wc,tcx->twx", weights, corners[chosen]).reshape(-1, 3))
        owners.append(np.repeat(chosen, len(weights)))
    return np.concatenate(points), np.concatenate(owners)


def _barycentric(parts: int) -> NDArray[np.float64]:
    """(n, 3): inner points of a triangle whose edges are cut into `parts`; its centroid for one."""
    a, b = np.meshgrid(np.arange(parts), np.arange(parts), indexing="ij")
    inside = a + b < parts
    first, second = (a[inside] + 1 / 3) / parts, (b[inside] + 1 / 3) / parts
    return np.stack([first, second, 1 - first - second], axis=1)


def _exact_greatest(points: _Points, bounds: NDArray[np.float64], corners: _Points) -> float:
    low, high = (np.ascontiguousarray(side(corners, axis=1).T) for side in (np.min, np.max))
    greatest = 0.0
    for index in np.argsort(bounds)[::-1][:_EXACT]:
        if bounds[index] <= greatest:
            return greatest
        point, bound = points[index], bounds[index]
        close = np.flatnonzero((low[0] <= point[0] + bound) & (high[0] >= point[0] - bound))
        for axis in (1, 2):
            beside = (low[axis, close] <= point[axis] + bound) & (high[axis, close] >= point[axis] - bound)
            close = close[beside]
        near = point_to_triangle(np.broadcast_to(point, (len(close), 3)), corners[close])
        greatest = max(greatest, float(near.min(initial=bound)))
    return max(greatest, float(np.partition(bounds, -_EXACT - 1)[-_EXACT - 1]) if len(bounds) > _EXACT else greatest)


def point_to_triangle(points: _Points, corners: _Points) -> NDArray[np.float64]:
    """(n,) float64: distance from point i to triangle i. points: (n, 3), corners: (n, 3, 3), degenerate ones too."""
    result = np.empty(len(points))
    for start in range(0, len(points), _CHUNK):
        part = slice(start, start + _CHUNK)
        result[part] = _point_to_triangle(points[part], corners[part])
    return result


def _point_to_triangle(points: _Points, corners: _Points) -> NDArray[np.float64]:
    a = corners[:, 0]
    ab, ac, ap = corners[:, 1] - a, corners[:, 2] - a, points - a
    aa, ab_ac, cc = _dot(ab, ab), _dot(ab, ac), _dot(ac, ac)
    d1, d2 = _dot(ab, ap), _dot(ac, ap)
    area = aa * cc - ab_ac * ab_ac
    v, w = cc * d1 - ab_ac * d2, aa * d2 - ab_ac * d1
    inside = (v >= 0) & (w >= 0) & (v + w <= area) & (area > 0)
    squared = np.minimum(_to_segment(_dot(ap, ap), d1, aa), _to_segment(_dot(ap, ap), d2, cc))
    bp, bc = points - corners[:, 1], corners[:, 2] - corners[:, 1]
    squared = np.minimum(squared, _to_segment(_dot(bp, bp), _dot(bc, bp), _dot(bc, bc)))
    normal = np.cross(ab, ac)
    plane = _dot(normal, ap) ** 2 / np.maximum(_dot(normal, normal), np.finfo(np.float64).tiny)
    return np.sqrt(np.where(inside, plane, squared))


def _to_segment(
    squared: NDArray[np.float64], along: NDArray[np.float64], length: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Squared distance to a segment, from |p − start|², (p − start)·d and |d|²."""
    t = np.clip(along / np.maximum(length, np.finfo(np.float64).tiny), 0.0, 1.0)
    return np.maximum(squared - 2 * t * along + t * t * length, 0.0)


def _dot(a: _Points, b: _Points) -> NDArray[np.float64]:
    return np.einsum("ij,ij->i", a, b)
