"""Matrices that are no TRS: the node keeps the translation, the linear part goes into the geometry of its subtree.

A child's matrix is taken together with what its parents left over, so a shear travels down until a node's matrix is a
TRS again or a mesh takes it in. A mesh under a shear becomes a mesh of its own, shared by equal matrices. Cameras and
lights keep their place only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from compute.formats.report import Report
from compute.formats.transforms import Matrix, Trs, decompose, transformed
from compute.scene import Scene


@dataclass
class Baker:
    scene: Scene
    report: Report
    _made: dict[tuple[int, bytes], int] = field(default_factory=dict)

    def prune(self) -> list[int]:
        """Drop the scene's meshes that no node shows. Returns their numbers, without originals of baked ones."""
        used = sorted({n.mesh for n in self.scene.nodes if n.mesh is not None})
        place = {number: i for i, number in enumerate(used)}
        baked = {mesh for mesh, _ in self._made}
        unused = [i for i in range(len(self.scene.meshes)) if i not in place and i not in baked]
        self.scene.meshes = [self.scene.meshes[i] for i in used]
        for node in self.scene.nodes:
            node.mesh = None if node.mesh is None else place[node.mesh]
        return unused

    def split(self, local: Matrix) -> tuple[Trs, Matrix | None]:
        """The TRS of a node's matrix, and the linear map that is left for what lies below it (None when nothing is)."""
        trs = decompose(local)
        if trs is not None:
            return trs, None
        self.report.add("changed", "matrix", "Matrices with shear went into the geometry of the nodes below them.")
        x, y, z = (float(v) for v in local[:3, 3])
        linear = local.copy()
        linear[:3, 3] = 0
        return Trs((x, y, z), (0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0)), linear

    def mesh(self, number: int, linear: Matrix | None) -> int:
        """The number of a mesh, as it is or with a linear map in its geometry; a mirror flips the winding."""
        if linear is None:
            return number
        key = (number, np.ascontiguousarray(linear).tobytes())
        if key not in self._made:
            self._made[key] = len(self.scene.meshes)
            original = self.scene.meshes[number]
            self.scene.meshes.append(replace(original, mesh=transformed(original.mesh, linear)))
        return self._made[key]
