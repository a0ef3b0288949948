"""The mesh that every operation works on: arrays only, no document, no file.

Positions and vertices are two things. A *position* is a point of the shape, addressed by its position id. A *vertex* is
a corner's attributes at a position: one position has several vertices along UV seams and hard edges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Primitive:
    """The triangles of one material slot.

    triangles: (t, 3) uint32, indices of vertices, counter-clockwise.
    polygons: (k,) uint32, corners of each polygon; polygon i owns the next polygons[i] − 2 triangles, fan order; None
    when all are triangles.
    """

    slot: str
    triangles: NDArray[np.uint32]
    polygons: NDArray[np.uint32] | None = None
    material: int | None = None
    """Index into Scene.materials while a file is read or written; unused inside operations."""


@dataclass
class Mesh:
    """positions: (p, 3) float64, metres, the mesh's local frame. position_ids: (v,) uint32, each vertex's position.

    normals: (v, 3) float32 unit, or None. texcoords: list of (v, 2) float32, v down. colors: (v, 4) float32 linear, or
    None. All primitives share these arrays.
    """

    positions: NDArray[np.float64]
    position_ids: NDArray[np.uint32]
    primitives: list[Primitive]
    normals: NDArray[np.float32] | None = None
    texcoords: list[NDArray[np.float32]] = field(default_factory=list)
    colors: NDArray[np.float32] | None = None

    @property
    def vertex_positions(self) -> NDArray[np.float64]:
        """(v, 3) float64: the position of every vertex. A copy."""
        return self.positions[self.position_ids]

    @property
    def triangles(self) -> NDArray[np.uint32]:
        """(t, 3) uint32: all primitives' triangles, in order. A copy."""
        return (
            np.concatenate([p.triangles for p in self.primitives]) if self.primitives else np.zeros((0, 3), np.uint32)
        )

    @property
    def triangle_count(self) -> int:
        return sum(len(p.triangles) for p in self.primitives)


JsonObject = dict[str, Any]
