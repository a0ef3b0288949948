"""Position ids from bare vertices: which vertices are one point of the shape.

Coincident vertices of one shell are one position (seams of normals and UVs must not tear); coincident vertices of two
shells that merely touch stay apart. A shell is what triangles connect through shared vertices, or across an edge where
open triangle edges lie on each other.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from compute import meshopt
from compute.mesh import Mesh

Ids = NDArray[np.uint32]


def coincident(positions: NDArray[np.floating]) -> tuple[Ids, int]:
    """(v,) uint32: the number of each point among the bitwise distinct ones (−0 is 0), and how many there are."""
    return meshopt.vertex_remap(positions + np.zeros((), positions.dtype))


def first_of(ids: Ids, count: int) -> NDArray[np.int64]:
    """(count,): the first row that carries each id."""
    first = np.empty(count, np.int64)
    first[ids[::-1]] = np.arange(len(ids) - 1, -1, -1)
    return first


def weld_shells(positions: NDArray[np.float64], triangles: Ids) -> tuple[NDArray[np.float64], Ids]:
    """(p, 3) positions and (v,) position ids of vertices at (v, 3) positions, numbered by first appearance."""
    classes, distinct = coincident(positions)
    if distinct == len(positions):
        return positions, np.arange(len(positions), dtype=np.uint32)
    shells = _shells(classes, triangles.astype(np.int64))
    ids, count = meshopt.vertex_remap(np.stack([classes, shells], axis=1))
    return positions[first_of(ids, count)], ids


def _shells(classes: Ids, triangles: NDArray[np.int64]) -> Ids:
    """(v,): a number for each vertex's shell."""
    a, b, c = triangles.T
    label = components(len(classes), np.concatenate([a, b]), np.concatenate([b, c]))
    left, right = _matched_edges(classes.astype(np.int64), triangles)
    return components(len(classes), left, right, label).astype(np.uint32)


def _matched_edges(
    classes: NDArray[np.int64], triangles: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of vertices, one from each of two open edges that lie on each other.

    An edge is open when no other triangle uses its two vertices. Where two lie on each other they are matched, unless
    their triangles cover each other: those are back and front. Where four or more do, shells touch; a file lists one
    shell after the other, so they are matched in file order, two and two, if they run against each other. Of an odd
    number, none is.
    """
    tails, heads = triangles.reshape(-1), np.roll(triangles, -1, axis=1).reshape(-1)
    opposite = np.roll(triangles, -2, axis=1).reshape(-1)
    open_ = np.flatnonzero(_once(np.minimum(tails, heads) * len(classes) + np.maximum(tails, heads)))
    tails, heads, opposite = tails[open_], classes[heads[open_]], classes[opposite[open_]]
    ends = classes[tails]
    key = np.minimum(ends, heads) * len(classes) + np.maximum(ends, heads)
    order = np.argsort(key, kind="stable")
    key, ends, opposite, tails, heads = key[order], ends[order], opposite[order], tails[order], heads[order]
    pairs, alone = _neighbours(key)
    against = ends[pairs] == heads[pairs + 1]
    pairs = pairs[(opposite[pairs] != opposite[pairs + 1]) & (ends[pairs] != heads[pairs]) & (alone | against)]
    return tails[pairs], tails[pairs + 1]


def _neighbours(key: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """In sorted keys: the places i of pairs (i, i + 1) in runs of even length, and whether a pair is its whole run."""
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.zeros(0, np.int64)
    lengths = np.diff(np.r_[starts, len(key)])
    within = np.arange(len(key)) - np.repeat(starts, lengths)
    run = np.repeat(lengths, lengths)
    pairs = np.flatnonzero((run % 2 == 0) & (within % 2 == 0))
    return pairs, run[pairs] == 2


def _once(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which keys occur exactly once."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    changes = np.r_[True, ordered[1:] != ordered[:-1], True]
    result = np.empty(len(keys), bool)
    result[order] = changes[:-1] & changes[1:]
    return result


def components(
    count: int, a: NDArray[np.int64], b: NDArray[np.int64], start: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """(count,): the smallest member of each element's component under the edges a–b, by hooking and pointer jumping.

    start: components known already, as this function returns them.
    """
    parent = np.arange(count) if start is None else start.copy()
    while len(a):
        roots_a, roots_b = parent[a], parent[b]
        apart = roots_a != roots_b
        a, b, roots_a, roots_b = a[apart], b[apart], roots_a[apart], roots_b[apart]
        parent[np.maximum(roots_a, roots_b)] = np.minimum(roots_a, roots_b)
        jumped = parent[parent]
        while not np.array_equal(jumped, parent):
            parent = jumped
            jumped = parent[parent]
    return parent


def compact(mesh: Mesh) -> Mesh:
    """The mesh without vertices and positions that no triangle uses; the order of what is left stays."""
    triangles = mesh.triangles
    vertices = _used(triangles, len(mesh.position_ids))
    ids = mesh.position_ids[vertices]
    places = _used(ids, len(mesh.positions))
    if vertices.all() and places.all():
        return mesh
    new_vertex = (np.cumsum(vertices) - 1).astype(np.uint32)
    new_place = (np.cumsum(places) - 1).astype(np.uint32)
    return Mesh(
        positions=mesh.positions[places],
        position_ids=new_place[ids],
        primitives=[replace(p, triangles=new_vertex[p.triangles]) for p in mesh.primitives],
        normals=None if mesh.normals is None else mesh.normals[vertices],
        texcoords=[t[vertices] for t in mesh.texcoords],
        colors=None if mesh.colors is None else mesh.colors[vertices],
    )


def _used(numbers: NDArray[np.unsignedinteger], count: int) -> NDArray[np.bool_]:
    used = np.zeros(count, bool)
    used[numbers] = True
    return used
