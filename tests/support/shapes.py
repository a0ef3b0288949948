"""Small meshes that tests of operations make themselves: smooth, flat-shaded, with seams and slots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from compute.mesh import Mesh, Primitive

Points = NDArray[np.float64]
Triangles = NDArray[np.uint32]


def sphere(rings: int = 24, sectors: int = 48, radius: float = 1.0) -> tuple[Points, Triangles]:
    """A closed sphere: a pole, `rings` − 1 rows of `sectors` positions, a pole."""
    polar = np.linspace(0, np.pi, rings + 1)[1:-1]
    around = np.arange(sectors) * 2 * np.pi / sectors
    rows = np.stack(
        [
            np.outer(np.sin(polar), np.cos(around)),
            np.outer(np.cos(polar), np.ones(sectors)),
            np.outer(-np.sin(polar), np.sin(around)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    positions = np.concatenate([[[0, 1.0, 0]], rows, [[0, -1.0, 0]]]) * radius
    grid = 1 + np.arange((rings - 1) * sectors).reshape(rings - 1, sectors)
    right = np.roll(grid, -1, axis=1)
    last = len(positions) - 1
    faces = [
        np.stack([np.zeros(sectors, int), grid[0], right[0]], axis=1),
        np.stack([grid[:-1], grid[1:], right[1:]], axis=-1).reshape(-1, 3),
        np.stack([grid[:-1], right[1:], right[:-1]], axis=-1).reshape(-1, 3),
        np.stack([np.full(sectors, last), right[-1], grid[-1]], axis=1),
    ]
    return positions, np.concatenate(faces).astype(np.uint32)


def plane(cells: int = 32, bump: float = 0.0) -> tuple[Points, Triangles]:
    """A square of side 1 in the xz plane with y = bump · sin · sin, counter-clockwise from above."""
    axis = np.linspace(0, 1, cells + 1)
    x, z = np.meshgrid(axis, axis, indexing="ij")
    positions = np.stack([x, bump * np.sin(2 * np.pi * x) * np.sin(2 * np.pi * z), z], axis=-1).reshape(-1, 3)
    corner = (np.arange(cells)[:, None] * (cells + 1) + np.arange(cells)).ravel()
    low = np.stack([corner, corner + 1, corner + cells + 2], axis=1)
    high = np.stack([corner, corner + cells + 2, corner + cells + 1], axis=1)
    return positions, np.concatenate([low, high]).astype(np.uint32)


def box(cells: int = 8) -> tuple[Points, Triangles]:
    """A closed cube of side 1 around zero, `cells` squares along an edge, coincident positions welded."""
    flat, triangles = plane(cells)
    top = flat - 0.5 + [0, 1.0, 0]
    sides = [top, top * [1, -1, -1]]
    sides += [sides[i][:, order] for order in ((1, 2, 0), (2, 0, 1)) for i in (0, 1)]
    every = np.concatenate(sides)
    faces = np.concatenate([triangles + i * len(flat) for i in range(6)])
    keys, inverse = np.unique(np.round(every * cells * 2).astype(int), axis=0, return_inverse=True)
    return keys / (cells * 2), inverse.reshape(-1)[faces].astype(np.uint32)


def smooth(positions: Points, triangles: Triangles) -> Mesh:
    """One vertex a position, with area-weighted normals."""
    vectors = _face_vectors(positions, triangles)
    normals = np.zeros_like(positions)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], vectors)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    ids = np.arange(len(positions), dtype=np.uint32)
    return Mesh(positions, ids, [Primitive("only", triangles)], normals.astype(np.float32))


def flat(positions: Points, triangles: Triangles) -> Mesh:
    """Three vertices of its own for every triangle, each with the face's normal."""
    vectors = _face_vectors(positions, triangles)
    normals = np.repeat(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), 3, axis=0).astype(np.float32)
    corners = np.arange(triangles.size, dtype=np.uint32).reshape(-1, 3)
    return Mesh(positions, triangles.ravel(), [Primitive("only", corners)], normals)


def two_slots(mesh: Mesh, first: NDArray[np.bool_]) -> Mesh:
    """The same mesh with the flagged triangles in slot "first", the others in "second"."""
    triangles = mesh.triangles
    primitives = [Primitive("first", triangles[first]), Primitive("second", triangles[~first])]
    return Mesh(mesh.positions, mesh.position_ids, primitives, mesh.normals, mesh.texcoords, mesh.colors)


def unwrapped_sphere(rings: int = 24, sectors: int = 48) -> Mesh:
    """A sphere with longitude and latitude as UVs: a seam along one meridian, poles split by sector."""
    positions, triangles = sphere(rings, sectors)
    unit = positions / np.linalg.norm(positions, axis=1, keepdims=True)
    u = (np.arctan2(-unit[:, 2], unit[:, 0]) / (2 * np.pi)) % 1.0
    v = np.arccos(np.clip(unit[:, 1], -1, 1)) / np.pi
    u[u > 1 - 1e-9] = 0.0
    corner_u = u[triangles]
    wraps = (corner_u.max(axis=1) - corner_u.min(axis=1)) > 0.5
    corner_u[wraps] = np.where(corner_u[wraps] < 0.25, corner_u[wraps] + 1.0, corner_u[wraps])
    pole = np.isin(triangles, [0, len(positions) - 1])
    others = np.where(pole, 0.0, corner_u).sum(axis=1) / 2
    corner_u = np.where(pole, others[:, None], corner_u)
    corners = np.stack([corner_u, v[triangles]], axis=-1).reshape(-1, 2).astype(np.float32)
    return indexed(positions, triangles, unit[triangles].reshape(-1, 3).astype(np.float32), corners)


def indexed(positions: Points, triangles: Triangles, normals: NDArray[np.float32], uvs: NDArray[np.float32]) -> Mesh:
    """A mesh from per-corner attributes: corners that agree share a vertex."""
    rows = np.concatenate([triangles.reshape(-1, 1).astype(np.float64), normals, uvs], axis=1)
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    vertices = inverse.reshape(-1, 3).astype(np.uint32)
    return Mesh(
        positions, triangles.ravel()[first], [Primitive("only", vertices)], normals[first], texcoords=[uvs[first]]
    )


def _face_vectors(positions: Points, triangles: Triangles) -> Points:
    a, b, c = (positions[triangles[:, corner]] for corner in range(3))
    return np.cross(b - a, c - a)
