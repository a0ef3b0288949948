"""Builds glTF documents value by value, so that a test states what is in its file."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compute.formats.gltf.container import write_glb

_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
_COMPONENTS = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123, "uint32": 5125, "float32": 5126}


@dataclass
class GltfBuilder:
    """`json` may be changed freely before `glb()`."""

    json: dict[str, Any] = field(default_factory=lambda: {"asset": {"version": "2.0", "generator": "tests"}})
    binary: bytearray = field(default_factory=bytearray)

    def add(self, key: str, value: dict[str, Any]) -> int:
        """Append to a top-level list; returns the number."""
        self.json.setdefault(key, []).append(value)
        return len(self.json[key]) - 1

    def view(self, data: bytes, **properties: Any) -> int:
        self.binary.extend(b"\0" * (-len(self.binary) % 4))
        start = len(self.binary)
        self.binary.extend(data)
        return self.add("bufferViews", {"buffer": 0, "byteOffset": start, "byteLength": len(data), **properties})

    def accessor(self, values: Any, kind: str = "float32", **properties: Any) -> int:
        array = np.array(values, kind)
        array = array.reshape(len(array), -1)
        entry = {
            "bufferView": self.view(array.tobytes()),
            "componentType": _COMPONENTS[kind],
            "count": len(array),
            "type": _TYPES[array.shape[1]],
            **properties,
        }
        if kind == "float32" and np.isfinite(array).all():
            entry |= {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
        return self.add("accessors", entry)

    def primitive(self, positions: Any, indices: Any = None, **attributes: Any) -> dict[str, Any]:
        """A primitive; attributes by glTF name, as arrays or accessor numbers."""
        numbers = {"POSITION": self.accessor(positions)}
        for name, values in attributes.items():
            numbers[name] = values if isinstance(values, int) else self.accessor(values)
        result: dict[str, Any] = {"attributes": numbers}
        if indices is not None:
            result["indices"] = self.accessor(np.ravel(indices), "uint32")
        return result

    def mesh(self, *primitives: dict[str, Any], **properties: Any) -> int:
        return self.add("meshes", {"primitives": list(primitives), **properties})

    def node(self, **properties: Any) -> int:
        """A node at the top of the scene, unless a later node lists it as a child."""
        return self.add("nodes", properties)

    def image(self, width: int = 2, height: int = 2, *, grey: bool = False) -> int:
        return self.add("images", {"bufferView": self.view(png(width, height, grey=grey)), "mimeType": "image/png"})

    def glb(self) -> bytes:
        if self.binary and "buffers" not in self.json:
            self.json["buffers"] = [{"byteLength": len(self.binary)}]
        if self.json.get("nodes") and "scenes" not in self.json:
            below = {c for n in self.json["nodes"] for c in n.get("children", [])}
            self.json |= {
                "scene": 0,
                "scenes": [{"nodes": [i for i in range(len(self.json["nodes"])) if i not in below]}],
            }
        return write_glb(self.json, self.binary)


def png(width: int = 2, height: int = 2, *, grey: bool = False) -> bytes:
    """A real PNG, all black."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0 if grey else 2, 0, 0, 0)
    rows = (b"\0" + b"\0" * width * (1 if grey else 3)) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


QUAD = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
"""A unit square in the x–y plane, facing +z."""
QUAD_TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]], np.uint32)
QUAD_UV = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)


def quad_file() -> GltfBuilder:
    """One node with one square."""
    builder = GltfBuilder()
    builder.node(name="square", mesh=builder.mesh(builder.primitive(QUAD, QUAD_TRIANGLES, TEXCOORD_0=QUAD_UV)))
    return builder
