"""Meshes from files that list faces as rings of corners (OBJ, PLY): triangles, polygons, vertices, position ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute import meshopt, polygons
from compute.formats import weld
from compute.formats.report import Report
from compute.mesh import Mesh, Primitive


@dataclass
class Faces:
    """sizes: (k,) corners of each face. rows: (Σ sizes, 1…3) numbers of each corner's position, UV, normal; −1: none.

    slots: (k,) the slot number of each face; slot numbers count by first use.
    """

    sizes: NDArray[np.int64]
    rows: NDArray[np.int64]
    slots: NDArray[np.int64]

    def take(self, chosen: NDArray[np.bool_]) -> Faces:
        """The chosen (k,) faces."""
        return Faces(self.sizes[chosen], self.rows[np.repeat(chosen, self.sizes)], self.slots[chosen])


def whole(faces: Faces, report: Report) -> Faces:
    """Without faces of fewer than three corners."""
    good = faces.sizes >= 3
    if good.all():
        return faces
    report.add("dropped", "faces", "Faces of fewer than three corners were dropped.", int((~good).sum()))
    return faces.take(good)


@dataclass
class Welded:
    """The mesh, and where its data come from. vertices: (v, 1…3) the rows of `Faces` that became vertices; positions:
    (p,) the file's numbers of the positions that are used."""

    mesh: Mesh
    vertices: NDArray[np.int64]
    positions: NDArray[np.int64]


def build(faces: Faces, positions: NDArray[np.float64], report: Report) -> Welded:
    """A mesh with one vertex per distinct row; position ids follow the file's order; no attributes yet."""
    used, places = np.unique(faces.rows[:, 0], return_inverse=True)
    numbers, count = meshopt.vertex_remap(faces.rows.astype(np.int32))
    first = weld.first_of(numbers, count)
    primitives = []
    for slot in dict.fromkeys(faces.slots.tolist()):
        chosen = faces.slots == slot
        corners = np.repeat(chosen, faces.sizes)
        primitives.append(
            _primitive(str(slot), faces.sizes[chosen], numbers[corners], positions[faces.rows[corners, 0]], report)
        )
    mesh = Mesh(positions[used], places[first].astype(np.uint32), primitives)
    return Welded(mesh, faces.rows[first], used)


def _primitive(
    slot: str, sizes: NDArray[np.int64], corners: NDArray[np.uint32], points: NDArray[np.float64], report: Report
) -> Primitive:
    if (sizes == 3).all():
        return Primitive(slot, corners.reshape(-1, 3))
    cut = polygons.cut(sizes, points)
    if cut.uncut:
        report.add("note", "polygons", "Polygons that cross themselves were cut as fans.", cut.uncut)
    return Primitive(slot, corners[cut.triangles], sizes.astype(np.uint32))


def face_normals(sizes: NDArray[np.int64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k, 3): area vector of each face; points: (Σ sizes, 3) its corners."""
    if not len(sizes):
        return np.zeros((0, 3))
    starts = np.cumsum(sizes) - sizes
    following = np.arange(1, len(points) + 1)
    following[starts + sizes - 1] = starts
    base = np.repeat(points[starts], sizes, axis=0)
    return np.add.reduceat(np.cross(points - base, points[following] - base), starts)
