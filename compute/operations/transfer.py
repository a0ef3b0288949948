"""From triangles of joints back to a mesh: which of the base's vertices each corner of a level takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from compute.mesh import Mesh, Primitive
from compute.operations.wedges import Protection, Wedges, charts, face_normals


def choose_nodes(
    of: Wedges, joint: NDArray[np.intp], triangles: NDArray[np.uint32], protection: Protection
) -> NDArray[np.uint32]:
    """(t, 3) nodes: for each corner the base vertex of its joint that fits the triangle best.

    With seams given up that is one of the chart which most of the triangle's corners share; then the one whose normal
    is nearest the triangle's.
    """
    order = np.argsort(joint, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(joint))])
    corners = triangles.ravel()
    chosen = order[start[corners]]
    open_corners = np.flatnonzero(start[corners + 1] - start[corners] > 1)
    if not len(open_corners):
        return chosen.reshape(-1, 3).astype(np.uint32)
    size = (start[corners + 1] - start[corners])[open_corners]
    corner = np.repeat(open_corners, size)
    turn = np.arange(len(corner)) - np.repeat(np.cumsum(size) - size, size)
    candidate = order[start[corners[corner]] + turn]
    score = _alignment(of, joint, triangles, corner, candidate)
    if protection < Protection.SEAMS and of.mesh.texcoords:
        score += _chart_votes(charts(of)[candidate], corner, score)
    ranked = np.lexsort((-score, corner))
    leading = ranked[np.concatenate([[True], corner[ranked][1:] != corner[ranked][:-1]])]
    chosen[corner[leading]] = candidate[leading]
    return chosen.reshape(-1, 3).astype(np.uint32)


def _alignment(
    of: Wedges,
    joint: NDArray[np.intp],
    triangles: NDArray[np.uint32],
    corner: NDArray[np.intp],
    candidate: NDArray[np.intp],
) -> NDArray[np.float64]:
    """(k,) cosine between each candidate's normal and its triangle's; zeros for a mesh without normals."""
    if of.mesh.normals is None:
        return np.zeros(len(corner))
    position = np.empty(int(joint.max()) + 1, np.uint32)
    position[joint] = of.position
    faces = face_normals(of.mesh.positions, position[triangles])
    return np.einsum("ij,ij->i", of.mesh.normals[of.vertex[candidate]], faces[corner // 3]).astype(np.float64)


def _chart_votes(chart: NDArray[np.intp], corner: NDArray[np.intp], score: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k,) 10 for each corner of the triangle that can take the candidate's chart, and the chart's mean fit."""
    key = (corner // 3).astype(np.int64) * (int(chart.max()) + 1) + chart
    _, group = np.unique(key, return_inverse=True)
    offers = np.unique(np.stack([group, corner], axis=1), axis=0)
    votes = np.bincount(offers[:, 0], minlength=int(group.max()) + 1)
    fit = np.bincount(group, score) / np.bincount(group)
    return 10.0 * votes[group] + 3.0 * fit[group]


def mesh_of(of: Wedges, nodes: NDArray[np.uint32]) -> Mesh:
    """The mesh of triangles of nodes: the base's vertices, slots and positions, only the vertices that are used."""
    base = of.mesh
    vertices = of.vertex[nodes]
    used = np.zeros(len(base.position_ids), np.bool_)
    used[vertices] = True
    number = (np.cumsum(used) - 1).astype(np.uint32)
    slot = of.slot[nodes[:, 0]]
    primitives = [
        Primitive(primitive.slot, number[vertices[slot == index]], material=primitive.material)
        for index, primitive in enumerate(base.primitives)
    ]
    return Mesh(
        positions=base.positions,
        position_ids=base.position_ids[used],
        primitives=primitives,
        normals=None if base.normals is None else base.normals[used],
        texcoords=[texcoord[used] for texcoord in base.texcoords],
        colors=None if base.colors is None else base.colors[used],
    )
