"""Matrices and TRS: (4, 4) float64, column vectors, `world = parent @ local`. Quaternions are (x, y, z, w)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.mesh import Mesh, Primitive
from compute.scene import SceneNode

Matrix = NDArray[np.float64]
ORTHOGONAL = 1e-5
"""Greatest cosine between two axes that still counts as a right angle: matrices in files carry five to seven digits."""


@dataclass(frozen=True)
class Trs:
    translation: tuple[float, float, float]
    rotation: tuple[float, float, float, float]
    scale: tuple[float, float, float]


def decompose(matrix: Matrix) -> Trs | None:
    """The TRS of a matrix, None where its axes are not at right angles. A mirror becomes a negative x scale."""
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    axes = _axes(matrix[:3, :3], lengths)
    if axes is None:
        return None
    if np.linalg.det(axes) < 0:
        axes[:, 0], lengths[0] = -axes[:, 0], -lengths[0]
    return Trs(_floats(matrix[:3, 3]), _floats(quaternion(_nearest_rotation(axes))), _floats(lengths))


def _axes(linear: Matrix, lengths: NDArray[np.float64]) -> Matrix | None:
    """Unit axes; those of length zero are made up at right angles to the others."""
    known = lengths > 1e-12 * max(float(lengths.max()), 1e-300)
    axes = np.where(known, linear / np.where(known, lengths, 1), 0.0)
    products = axes.T @ axes - np.diag(known.astype(float))
    if np.abs(products).max() > ORTHOGONAL:
        return None
    for i in np.flatnonzero(~known):
        axes[:, i] = _perpendicular(axes)
    return axes


def _perpendicular(axes: Matrix) -> NDArray[np.float64]:
    """A unit vector at right angles to the non-zero columns."""
    candidates = np.eye(3) - axes @ (axes.T @ np.eye(3))
    best = candidates[:, np.argmax(np.linalg.norm(candidates, axis=0))]
    return best / np.linalg.norm(best)


def _nearest_rotation(axes: Matrix) -> Matrix:
    u, _, v = np.linalg.svd(axes)
    return u @ v


def quaternion(rotation: Matrix) -> NDArray[np.float64]:
    """Unit quaternion of a rotation matrix, w ≥ 0 (Shepperd's method)."""
    m = rotation
    diagonal = np.array([m[0, 0], m[1, 1], m[2, 2], m.trace()])
    i = int(np.argmax(diagonal))
    if i == 3:
        q = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], 1 + m.trace()])
    else:
        j, k = (i + 1) % 3, (i + 2) % 3
        q = np.empty(4)
        q[i], q[j], q[k] = 1 + 2 * m[i, i] - m.trace(), m[j, i] + m[i, j], m[k, i] + m[i, k]
        q[3] = m[k, j] - m[j, k]
    q = q / np.linalg.norm(q)
    return (-q if q[3] < 0 else q) + 0.0


def compose(translation: tuple[float, ...], rotation: tuple[float, ...], scale: tuple[float, ...]) -> Matrix:
    """The matrix of a TRS."""
    x, y, z, w = rotation
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, :3] *= scale
    matrix[:3, 3] = translation
    return matrix


def local_matrix(node: SceneNode) -> Matrix:
    return compose(node.translation, node.rotation, node.scale)


def world_matrices(nodes: list[SceneNode]) -> list[Matrix]:
    """The world matrix of every node; parents may stand before or after their children."""
    worlds: list[Matrix | None] = [None] * len(nodes)
    for start in range(len(nodes)):
        path, at = [], start
        while at is not None and worlds[at] is None:
            path.append(at)
            at = nodes[at].parent
        for number in reversed(path):
            parent = nodes[number].parent
            local = local_matrix(nodes[number])
            worlds[number] = local if parent is None else worlds[parent] @ local
    return [w for w in worlds if w is not None]


def transformed(mesh: Mesh, matrix: Matrix) -> Mesh:
    """A copy of the mesh with the matrix in its positions and normals; a mirror flips the winding. Shapes are kept."""
    linear = matrix[:3, :3]
    primitives = list(mesh.primitives)
    if np.linalg.det(linear) < 0:
        primitives = [_flipped(p) for p in primitives]
    return replace(
        mesh,
        positions=mesh.positions @ linear.T + matrix[:3, 3],
        primitives=primitives,
        normals=None if mesh.normals is None else _turned(mesh.normals, linear),
    )


def _flipped(primitive: Primitive) -> Primitive:
    return replace(primitive, triangles=np.ascontiguousarray(primitive.triangles[:, [0, 2, 1]]))


def _turned(normals: NDArray[np.float32], linear: Matrix) -> NDArray[np.float32]:
    """Normals go by the cofactor matrix, which unlike the inverse exists for flattening matrices too."""
    a, b, c = linear.T
    cofactor = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
    turned = normals @ (cofactor * np.sign(np.linalg.det(linear) or 1.0)).T
    return unit(turned, normals)


def unit(vectors: NDArray[np.floating], instead: NDArray[np.floating] | None = None) -> NDArray[np.float32]:
    """(n, 3) float32 of length 1; where there is no direction, the row of `instead` or +Y."""
    with np.errstate(invalid="ignore", over="ignore"):
        length = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    good = np.isfinite(length) & (length > 0)
    fallback = np.array([[0.0, 1.0, 0.0]]) if instead is None else instead
    return np.where(good, np.divide(vectors, length, where=good, out=np.zeros(vectors.shape)), fallback).astype(
        np.float32
    )


def _floats(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(v) for v in values + 0.0)


Z_UP = (-(0.5**0.5), 0.0, 0.0, 0.5**0.5)
"""The rotation that stands a Z-up model upright in a Y-up scene: −90° about x."""
