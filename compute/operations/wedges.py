"""What simplification works on: corners of a mesh joined into as few vertices as seams and creases allow.

A *node* is a vertex of the base in one material slot. A *joint* is a set of nodes at one position that simplification
moves as one: nodes whose attributes run on from one triangle to the next. Around a position there is one joint where
the surface is smooth, two along a seam, a crease or the border of two materials. Flat-shaded and unindexed models have
many nodes and few joints, so they reduce like smooth ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from compute.mesh import Mesh
from compute.quality.manifold import drop_degenerate, edge_keys

CREASE_COSINE = np.cos(np.radians(40.0))
"""An edge is a crease when its faces meet at more than 40° and the mesh has different normals on its two sides."""


class Protection(IntEnum):
    """What keeps nodes apart. Borders between materials always do."""

    MATERIALS = 0
    SEAMS = 1
    CREASES = 2


@dataclass(frozen=True)
class Wedges:
    """vertex, slot: (n,) uint32, the base vertex and the primitive of each node. position: (n,) uint32.

    triangles: (t, 3) uint32 of nodes, without those that are degenerate by position.
    """

    mesh: Mesh
    vertex: NDArray[np.uint32]
    slot: NDArray[np.uint32]
    position: NDArray[np.uint32]
    triangles: NDArray[np.uint32]
    _pairs: NDArray[np.uint32]
    """(k, 4): nodes a, b (one end) and c, d (other end) on the two sides of an inner edge, where they differ."""
    _creased: NDArray[np.bool_]


def wedges(mesh: Mesh) -> Wedges:
    """The nodes of `mesh` and the inner edges across which they differ."""
    triangles = mesh.triangles
    slots = np.repeat(np.arange(len(mesh.primitives)), [len(p.triangles) for p in mesh.primitives])
    sound = drop_degenerate(mesh.position_ids[triangles])
    triangles, slots = triangles[sound], slots[sound]
    vertex, slot, nodes = _nodes(triangles, slots, len(mesh.position_ids))
    position = mesh.position_ids[vertex]
    pairs, sides = _inner_edges(nodes, position)
    return Wedges(mesh, vertex, slot, position, nodes, pairs, _creases(mesh, triangles, vertex, pairs, sides))


def joints(of: Wedges, protection: Protection) -> tuple[NDArray[np.intp], int]:
    """(n,) the joint of each node, and how many there are."""
    links = _links(of, protection)
    if not len(links):
        return np.arange(len(of.vertex)), len(of.vertex)
    count = len(of.vertex)
    graph = coo_matrix((np.ones(len(links), np.bool_), (links[:, 0], links[:, 1])), shape=(count, count))
    number, labels = connected_components(graph, directed=False)
    return labels, number


def charts(of: Wedges) -> NDArray[np.intp]:
    """(n,) the UV chart of each node: nodes that triangles and equal texture coordinates connect."""
    links = [of.triangles[:, [0, 1]], of.triangles[:, [1, 2]], _links(of, Protection.SEAMS)]
    ends = np.concatenate(links)
    count = len(of.vertex)
    graph = coo_matrix((np.ones(len(ends), np.bool_), (ends[:, 0], ends[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def _nodes(
    triangles: NDArray[np.uint32], slots: NDArray[np.intp], vertices: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]:
    keys = slots[:, None] * np.int64(vertices) + triangles
    used = np.zeros((int(slots.max(initial=0)) + 1) * vertices, np.bool_)
    used[keys] = True
    number = np.cumsum(used, dtype=np.int64) - 1
    distinct = np.flatnonzero(used)
    vertex, slot = distinct % max(vertices, 1), distinct // max(vertices, 1)
    return vertex.astype(np.uint32), slot.astype(np.uint32), number[keys].astype(np.uint32)


def _inner_edges(
    nodes: NDArray[np.uint32], position: NDArray[np.uint32]
) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Edges that two triangles share in opposite directions and whose nodes differ: (k, 4) nodes, (k, 2) triangles."""
    if np.bincount(position).max(initial=0) < 2:
        return np.zeros((0, 4), np.uint32), np.zeros((0, 2), np.intp)
    keys = edge_keys(position[nodes])
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    change = np.concatenate([[True], ordered[1:] != ordered[:-1], [True]])
    first = np.flatnonzero(change[:-1])
    pair = first[np.diff(np.flatnonzero(change)) == 2]
    one, two = order[pair], order[pair + 1]
    start, end = nodes.ravel(), nodes[:, [1, 2, 0]].ravel()
    found = np.stack([start[one], end[two], end[one], start[two]], axis=1)
    opposite = position[start[one]] == position[end[two]]
    keep = opposite & ((found[:, 0] != found[:, 1]) | (found[:, 2] != found[:, 3]))
    return found[keep], np.stack([one // 3, two // 3], axis=1)[keep]


def _creases(
    mesh: Mesh,
    triangles: NDArray[np.uint32],
    vertex: NDArray[np.uint32],
    pairs: NDArray[np.uint32],
    sides: NDArray[np.intp],
) -> NDArray[np.bool_]:
    """(k,) bool: the edges whose sides have different normals and meet at a sharp angle."""
    if mesh.normals is None or not len(pairs):
        return np.zeros(len(pairs), np.bool_)
    faces = face_normals(mesh.positions, mesh.position_ids[triangles[sides]].reshape(-1, 3)).reshape(-1, 2, 3)
    sharp = np.einsum("ij,ij->i", faces[:, 0], faces[:, 1]) < CREASE_COSINE
    normals = mesh.normals[vertex[pairs]]
    return sharp & ((normals[:, 0] != normals[:, 1]) | (normals[:, 2] != normals[:, 3])).any(axis=1)


def _links(of: Wedges, protection: Protection) -> NDArray[np.uint32]:
    """(m, 2) nodes that are one joint, directly."""
    pairs = of._pairs
    apart = of.slot[pairs[:, 0]] != of.slot[pairs[:, 1]]
    if protection >= Protection.SEAMS:
        for texcoord in of.mesh.texcoords:
            values = texcoord[of.vertex[pairs]]
            apart |= ((values[:, 0] != values[:, 1]) | (values[:, 2] != values[:, 3])).any(axis=1)
    if protection >= Protection.CREASES:
        apart |= of._creased
    together = pairs[~apart]
    links = np.concatenate([together[:, :2], together[:, 2:]])
    return links[links[:, 0] != links[:, 1]]


def face_normals(positions: NDArray[np.float64], triangles: NDArray[np.uint32]) -> NDArray[np.float64]:
    """(t, 3) float64 unit normals; zero for triangles without area. triangles: (t, 3) indices of positions."""
    normals = face_vectors(positions, triangles)
    length = np.sqrt(np.einsum("ij,ij->i", normals, normals))
    return normals / np.where(length > 0, length, 1.0)[:, None]


def face_vectors(positions: NDArray[np.float64], triangles: NDArray[np.uint32]) -> NDArray[np.float64]:
    """(t, 3) float64: normals as long as twice the area."""
    corners = positions[triangles]
    ab, ac = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.cross(ab, ac)
