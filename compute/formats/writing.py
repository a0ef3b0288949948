"""From a scene to the bytes of a file, with a report of what the format could not hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from compute import polygons
from compute.errors import OperationError
from compute.formats import ply_writer, stl
from compute.formats.gltf.writer import GlbWriter
from compute.formats.obj_writer import ObjWriter
from compute.formats.report import Report
from compute.formats.transforms import transformed, world_matrices
from compute.mesh import Mesh
from compute.scene import ReportEntry, Scene

Format = Literal["glb", "obj", "stl", "ply"]
FORMATS = ("glb", "obj", "stl", "ply")


@dataclass(frozen=True)
class WriteOptions:
    compression: Literal["none", "meshopt", "quantised"] = "none"
    """GLB: plain; packed without loss; packed and quantised to 16 bits."""
    binary: bool = True
    """STL and PLY."""
    unit: str | None = None
    """Of the written numbers; None: millimetres in STL, metres elsewhere."""
    up: Literal["Y", "Z"] = "Z"
    """STL's up axis: slicers expect Z."""


@dataclass(frozen=True)
class Written:
    """One file: OBJ comes as a zip with its MTL and textures."""

    name: str
    data: bytes
    mime: str
    report: list[ReportEntry]


_DEFAULTS = WriteOptions()


def write(scene: Scene, format: str, options: WriteOptions = _DEFAULTS) -> Written:
    """The file of a scene. Raises OperationError `format_not_supported` or `nothing_to_export`."""
    if format not in FORMATS:
        raise OperationError("format_not_supported", f"{format!r} is not written.", f"One of {', '.join(FORMATS)}.")
    report = Report()
    name = re.sub(r"[^\w.-]+", "_", scene.name).strip("._") or "scene"
    if scene.has_unedited_source:
        report.add("dropped", "skin", "Skins, animations and morph targets of the source file are not exported.")
    if format == "glb":
        packed = options.compression != "none"
        writer = GlbWriter(scene, report, compress=packed, quantise=options.compression == "quantised")
        return Written(f"{name}.glb", writer.write(), "model/gltf-binary", report.entries)
    _check(scene)
    _note_flat(scene, report, format)
    if format == "obj":
        data = ObjWriter(scene, name, options.unit or "metre", report).write()
        return Written(f"{name}.zip", data, "application/zip", report.entries)
    meshes = _in_world(scene)
    if format == "stl":
        return Written(f"{name}.stl", _stl(meshes, options, report), "model/stl", report.entries)
    return Written(f"{name}.ply", _ply(meshes, options, report), "application/x-ply", report.entries)


def _check(scene: Scene) -> None:
    if not any(n.mesh is not None and scene.meshes[n.mesh].mesh.triangle_count for n in scene.nodes):
        raise OperationError("nothing_to_export", "The scene has no triangles.", "This format holds nothing else.")


def _note_flat(scene: Scene, report: Report, format: str) -> None:
    report.add("changed", "transforms", "Transforms went into the coordinates; the hierarchy is gone.")
    lost = [("lights", scene.lights), ("cameras", scene.cameras)]
    if format != "obj":
        lost += [("materials", scene.materials), ("textures", scene.textures)]
    for what, things in lost:
        if things:
            report.add("dropped", what, f"{what.capitalize()} cannot be kept in this format.", len(things))


def _in_world(scene: Scene) -> list[Mesh]:
    worlds = world_matrices(scene.nodes)
    return [
        transformed(scene.meshes[node.mesh].mesh, world)
        for node, world in zip(scene.nodes, worlds, strict=True)
        if node.mesh is not None
    ]


def _stl(meshes: list[Mesh], options: WriteOptions, report: Report) -> bytes:
    points = np.concatenate([m.vertex_positions[m.triangles] for m in meshes])
    if any(m.texcoords or m.colors is not None or m.normals is not None for m in meshes):
        report.add("dropped", "attributes", "STL holds triangles only: no UVs, colours, smooth normals or polygons.")
    if options.up == "Z":
        points = np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)
    encode = stl.write_binary if options.binary else stl.write_ascii
    return encode(points, options.unit or "millimetre", options.up)


def _ply(meshes: list[Mesh], options: WriteOptions, report: Report) -> bytes:
    positions, mesh = ply_writer.joined(meshes)
    if len(meshes) > 1:
        report.add("changed", "objects", "PLY holds one mesh: all objects were joined.", len(meshes))
    if any(len(m.texcoords) > 1 for m in meshes):
        report.add("dropped", "UV sets", "PLY holds one UV set; further ones were left out.")
    return ply_writer.write_ply(positions, mesh, _outlines(mesh), binary=options.binary, unit=options.unit or "metre")


def _outlines(mesh: Mesh) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    found = [polygons.outlines(p.triangles, p.polygons) for p in mesh.primitives]
    return np.concatenate([o.corners for o in found]), np.concatenate([o.sizes for o in found])
