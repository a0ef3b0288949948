"""Small meshes and their drawings, for tests of compute."""

from __future__ import annotations

import numpy as np

from compute.mesh import Mesh, Primitive


def cube(size: float = 1.0, slot: str = "a") -> Mesh:
    """Eight positions, six quads facing outward, 24 vertices with flat normals and UVs."""
    corners = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], float) * size - size / 2
    faces = np.array([[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]])
    normals = np.repeat(
        np.array([[0, 0, -1], [0, 0, 1], [0, -1, 0], [0, 1, 0], [-1, 0, 0], [1, 0, 0]], np.float32), 4, 0
    )
    fan = np.array([[0, 1, 2], [0, 2, 3]])
    triangles = (np.arange(6)[:, None, None] * 4 + fan).reshape(-1, 3).astype(np.uint32)
    return Mesh(
        positions=corners,
        position_ids=faces.ravel().astype(np.uint32),
        primitives=[Primitive(slot, triangles, np.full(6, 4, np.uint32))],
        normals=normals,
        texcoords=[np.tile(np.array([[0, 0], [0, 1], [1, 1], [1, 0]], np.float32), (6, 1))],
    )


def sheet(n: int, seed: int = 0) -> Mesh:
    """An n × n-cell height field of triangles, welded, with smooth normals absent."""
    y, x = np.mgrid[0 : n + 1, 0 : n + 1]
    z = np.random.default_rng(seed).random(x.size) * 0.1
    positions = np.stack([x.ravel(), y.ravel(), z], axis=1).astype(np.float64)
    a = (np.arange(n)[:, None] * (n + 1) + np.arange(n)).ravel()
    cells = np.stack([np.stack([a, a + 1, a + n + 2], 1), np.stack([a, a + n + 2, a + n + 1], 1)], axis=1)
    return Mesh(
        positions, np.arange(len(positions), dtype=np.uint32), [Primitive("s", cells.reshape(-1, 3).astype(np.uint32))]
    )


def corner_set(mesh: Mesh, decimals: int = 9) -> list[tuple]:
    """The triangles as sorted rows of positions, each from its least corner: equal shapes give equal lists."""
    points = np.round(mesh.vertex_positions[mesh.triangles], decimals) + 0.0
    rows = []
    for triangle in points.tolist():
        at = triangle.index(min(triangle))
        rows.append(tuple(map(tuple, triangle[at:] + triangle[:at])))
    return sorted(rows)
