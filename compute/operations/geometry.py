"""Geometry blobs in workers: read an input, leave an encoded mesh, say what it is."""

from __future__ import annotations

from compute.codec import EncodedGeometry, GeometryInfo, decode_geometry
from compute.engine.base import Workspace
from compute.mesh import JsonObject, Mesh


def load(workspace: Workspace, sha256: str) -> tuple[Mesh, GeometryInfo]:
    """The mesh of an input blob. Raises FileRefused where it is none."""
    return decode_geometry(workspace.input(sha256).read_bytes())


def store(workspace: Workspace, encoded: EncodedGeometry) -> JsonObject:
    """Leave the blob for upload and describe it."""
    workspace.put(encoded.blob)
    return describe(encoded)


def describe(encoded: EncodedGeometry) -> JsonObject:
    """What is encoded, in the words of `crdt.schema.Revision`."""
    return {
        "geometry": encoded.sha256, "grid": encoded.grid, "origin": list(encoded.origin), "topology": encoded.topology,
        "slots": encoded.slots, "positions": encoded.positions, "vertices": encoded.vertices,
        "triangles": encoded.triangles, "min": list(encoded.min), "max": list(encoded.max), "bytes": encoded.bytes,
    }  # fmt: skip
