"""The node tree of a glTF: no cycles, matrices taken apart, shears put into the geometry, instances expanded."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from compute.formats.baking import Baker
from compute.formats.files import ReadOptions, refuse
from compute.formats.gltf import checked
from compute.formats.gltf.accessors import Source, as_float
from compute.formats.report import Report
from compute.formats.transforms import Matrix, Trs, compose
from compute.mesh import JsonObject
from compute.scene import Scene, SceneNode

LIGHTS, INSTANCING = "KHR_lights_punctual", "EXT_mesh_gpu_instancing"


@dataclass
class NodeReader:
    """Fills `scene.nodes`. meshes: the file's mesh number → ours, None where nothing of it is a surface."""

    document: JsonObject
    source: Source
    scene: Scene
    meshes: list[int | None]
    report: Report
    options: ReadOptions

    def __post_init__(self) -> None:
        self.baker = Baker(self.scene, self.report)

    def read(self) -> None:
        """Every node of the default scene, parents before children, siblings in order."""
        nodes = checked.objects(self.document, "nodes")
        children = [self._children(n, i, len(nodes)) for i, n in enumerate(nodes)]
        roots = self._roots(len(nodes), children)
        _check_tree(children, roots)
        stack: list[tuple[int, int | None, Matrix | None]] = [(r, None, None) for r in reversed(roots)]
        reached = 0
        while stack:
            number, parent, residual = stack.pop()
            ours, below = self._node(nodes[number], f"nodes[{number}]", parent, residual)
            stack.extend((c, ours, below) for c in reversed(children[number]))
            reached += 1
        if reached < len(nodes):
            self.report.add(
                "dropped", "nodes", "Nodes outside of the default scene were dropped.", len(nodes) - reached
            )
        unused = self.baker.prune()
        if unused:
            self.report.add("dropped", "meshes", "Meshes that no node shows were dropped.", len(unused))

    def _children(self, node: JsonObject, number: int, count: int) -> list[int]:
        where = f"nodes[{number}].children"
        return [checked.reference(c, where, count) for c in checked.items(node, "children", f"nodes[{number}]")]

    def _roots(self, count: int, children: list[list[int]]) -> list[int]:
        scenes = checked.objects(self.document, "scenes")
        number = checked.index(self.document, "scene", "", len(scenes)) if scenes or "scene" in self.document else None
        if not scenes:
            below = {c for group in children for c in group}
            return [i for i in range(count) if i not in below] or list(range(count))
        chosen = scenes[number or 0]
        if len(scenes) > 1:
            self.report.add("dropped", "scenes", "Only the file's default scene was read.", len(scenes) - 1)
        self.scene.name = checked.name(chosen, "scenes")
        return [checked.reference(n, "scenes.nodes", count) for n in checked.items(chosen, "nodes", "scenes")]

    def _node(
        self, node: JsonObject, where: str, parent: int | None, residual: Matrix | None
    ) -> tuple[int, Matrix | None]:
        """Append the node. residual: what of its parents' matrices is no TRS. Returns its number and residual."""
        extensions = copy.deepcopy(checked.obj(node, "extensions", where))
        light, instancing = extensions.pop(LIGHTS, None), extensions.pop(INSTANCING, None)
        trs, below = self._place(node, where, residual)
        mesh = checked.index(node, "mesh", where, len(self.meshes))
        if node.get("skin") is not None:
            self.scene.has_unedited_source = True
            self.report.add("kept", "skin", "Skins stay with the source file; they are not edited here.")
        ours = SceneNode(
            name=checked.name(node, where),
            parent=parent,
            translation=trs.translation,
            rotation=trs.rotation,
            scale=trs.scale,
            mesh=self._mesh(mesh, below),
            camera=checked.index(node, "camera", where, len(self.scene.cameras)),
            light=None if light is None else checked.index(light, "light", where, len(self.scene.lights)),
            extras=node.get("extras"),
            extensions=extensions,
        )
        self.scene.nodes.append(ours)
        number = len(self.scene.nodes) - 1
        if isinstance(instancing, dict) and ours.mesh is not None:
            self._expand(instancing, number, below, f"{where}.extensions.{INSTANCING}")
        self._bound()
        return number, below

    def _bound(self) -> None:
        if len(self.scene.nodes) > self.options.max_objects:
            refuse("too_many_objects", f"The file makes more than {self.options.max_objects:,} nodes.")

    def _place(self, node: JsonObject, where: str, residual: Matrix | None) -> tuple[Trs, Matrix | None]:
        """The node's TRS, and the linear map that must go into the geometry below it (None when there is none)."""
        if residual is None and "matrix" not in node:
            return self._stated(node, where), None
        local = self._matrix(node, where)
        if residual is not None:
            local = residual @ local
        return self.baker.split(local)

    def _matrix(self, node: JsonObject, where: str) -> Matrix:
        if "matrix" not in node:
            trs = self._stated(node, where)
            return compose(trs.translation, trs.rotation, trs.scale)
        flat = checked.numbers(node, "matrix", where, tuple(np.eye(4).ravel()))
        matrix = np.array(flat).reshape(4, 4).T
        if not np.allclose(matrix[3], [0, 0, 0, 1], atol=1e-6):
            refuse(
                "matrix_not_affine", f"`{where}.matrix` has the last row {matrix[3].tolist()}; 0, 0, 0, 1 was expected."
            )
        return matrix

    def _stated(self, node: JsonObject, where: str) -> Trs:
        rotation = np.array(checked.numbers(node, "rotation", where, (0.0, 0.0, 0.0, 1.0)))
        length = float(np.linalg.norm(rotation))
        if length < 1e-6:
            self.report.add("changed", "rotation", "Rotations of length zero became none.")
            rotation, length = np.array([0.0, 0.0, 0.0, 1.0]), 1.0
        x, y, z, w = (float(v) for v in (rotation if abs(length - 1) < 1e-6 else rotation / length))
        translation = checked.numbers(node, "translation", where, (0.0, 0.0, 0.0))
        return Trs(translation, (x, y, z, w), checked.numbers(node, "scale", where, (1.0, 1.0, 1.0)))

    def _mesh(self, number: int | None, linear: Matrix | None) -> int | None:
        """Our number of the file's mesh, as it is or with a linear map in its geometry."""
        ours = None if number is None else self.meshes[number]
        return ours if ours is None else self.baker.mesh(ours, linear)

    def _expand(self, instancing: JsonObject, number: int, linear: Matrix | None, where: str) -> None:
        """EXT_mesh_gpu_instancing: the mesh moves to one child per instance."""
        numbers = checked.obj(instancing, "attributes", where)
        arrays = {}
        for key, width in (("TRANSLATION", 3), ("ROTATION", 4), ("SCALE", 3)):
            if key in numbers:
                values, normalized = self.source.accessor(checked.integer(numbers, key, where))
                arrays[key] = as_float(values, normalized).astype(np.float64)
                if arrays[key].shape[1] != width or not np.isfinite(arrays[key]).all():
                    refuse("gltf_schema", f"`{where}.{key}` does not hold rows of {width} finite numbers.")
        counts = {len(a) for a in arrays.values()}
        if len(counts) != 1:
            refuse("count_mismatch", f"The attributes of `{where}` are not equally long, or there is none.")
        count = counts.pop()
        if len(self.scene.nodes) + count > self.options.max_objects:
            refuse(
                "too_many_objects",
                f"`{where}` makes {count:,} instances; {self.options.max_objects:,} nodes are the limit.",
            )
        if linear is not None:
            refuse(
                "matrix_not_trs",
                f"`{where}` stands below a matrix with shear.",
                "Apply the transforms and export again.",
            )
        holder = self.scene.nodes[number]
        for i in range(count):
            rotation = arrays["ROTATION"][i] if "ROTATION" in arrays else np.array([0.0, 0, 0, 1])
            rotation = rotation / (np.linalg.norm(rotation) or 1)
            self.scene.nodes.append(
                SceneNode(
                    name=f"{holder.name or 'instance'} {i + 1}",
                    parent=number,
                    translation=tuple(arrays["TRANSLATION"][i].tolist())
                    if "TRANSLATION" in arrays
                    else (0.0, 0.0, 0.0),
                    rotation=tuple(rotation.tolist()) if rotation.any() else (0.0, 0.0, 0.0, 1.0),
                    scale=tuple(arrays["SCALE"][i].tolist()) if "SCALE" in arrays else (1.0, 1.0, 1.0),
                    mesh=holder.mesh,
                )
            )
        holder.mesh = None
        self.report.add("changed", "instances", "GPU instances became nodes of their own.", count)


def _check_tree(children: list[list[int]], roots: list[int]) -> None:
    """Refuse a node that is its own ancestor, and one that hangs below two parents."""
    state = [0] * len(children)  # 0 new, 1 on the path from a root, 2 done
    for root in roots:
        stack = [(root, False)]
        while stack:
            number, leaving = stack.pop()
            if leaving:
                state[number] = 2
                continue
            if state[number] == 1:
                refuse("recursive_nodes", f"Node {number} is its own ancestor.", "A node tree must not run in circles.")
            if state[number] == 2:
                refuse("node_with_two_parents", f"Node {number} hangs below two parents, or is listed twice.")
            state[number] = 1
            stack.append((number, True))
            stack.extend((c, False) for c in children[number])
