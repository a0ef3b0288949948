"""Writing buffer views and accessors, plain or with EXT_meshopt_compression."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute import meshopt
from compute.mesh import JsonObject

ARRAY, ELEMENT = 34962, 34963
EXTENSION = "EXT_meshopt_compression"
SMALL = 1024
"""Views of fewer bytes stay plain: the extension's JSON would cost more than it saves."""
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
_COMPONENTS = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123, "uint32": 5125, "float32": 5126}


@dataclass
class BufferWriter:
    """Collects views in one binary chunk; compressed views also get a place in a fallback buffer that has no data."""

    compress: bool = False
    binary: bytearray = field(default_factory=bytearray)
    views: list[JsonObject] = field(default_factory=list)
    accessors: list[JsonObject] = field(default_factory=list)
    fallback: int = 0
    """Bytes of the fallback buffer."""

    def view(self, data: bytes, **properties: Any) -> int:
        """A plain buffer view."""
        start = self._append(data)
        self.views.append({"buffer": 0, "byteOffset": start, "byteLength": len(data), **properties})
        return len(self.views) - 1

    def _append(self, data: bytes) -> int:
        self.binary.extend(b"\0" * (-len(self.binary) % 4))
        start = len(self.binary)
        self.binary.extend(data)
        return start

    def _packed(self, data: bytes, count: int, stride: int, mode: str, filter_name: str, **properties: Any) -> int:
        start = self._append(data)
        extension = {
            "buffer": 0,
            "byteOffset": start,
            "byteLength": len(data),
            "byteStride": stride,
            "count": count,
            "mode": mode,
        }
        if filter_name != "NONE":
            extension["filter"] = filter_name
        view = {"buffer": 1, "byteOffset": self.fallback, "byteLength": count * stride, **properties}
        view["extensions"] = {EXTENSION: extension}
        self.views.append(view)
        self.fallback += count * stride + (-count * stride % 4)
        return len(self.views) - 1

    def rows(
        self, values: NDArray[Any], *, width: int | None = None, normalized: bool = False, bounds: bool = False,
        octahedral: bool = False,
    ) -> int:  # fmt: skip
        """A vertex attribute. values: (n, k), padded by us to rows of a multiple of 4 bytes; width: components shown.

        octahedral: values are rows of `meshopt.encode_filter_oct`; without compression they are decoded here.
        """
        rows = _padded(values)
        stride = rows.itemsize * rows.shape[1]
        shown = width or values.shape[1]
        strided = {"byteStride": stride} if stride != rows.itemsize * shown or self.compress else {}
        if self.compress and rows.nbytes >= SMALL:
            data = meshopt.encode_vertices(rows)
            view = self._packed(
                data, len(rows), stride, "ATTRIBUTES", "OCTAHEDRAL" if octahedral else "NONE",
                byteStride=stride, target=ARRAY,
            )  # fmt: skip
        else:
            if octahedral:
                rows = meshopt.decode_filter("OCTAHEDRAL", rows.view(np.uint8), stride).view(rows.dtype)
            view = self.view(rows.tobytes(), target=ARRAY, **strided)
        return self._accessor(view, values, shown, normalized, bounds)

    def indices(self, triangles: NDArray[Any], vertex_count: int) -> int:
        """Triangle indices as uint32 (uint16 does not shrink a compressed stream)."""
        flat = np.ascontiguousarray(triangles, np.uint32).reshape(-1, 1)
        if self.compress and flat.nbytes >= SMALL:
            data = meshopt.encode_triangles(flat, vertex_count)
            view = self._packed(data, len(flat), 4, "TRIANGLES", "NONE", target=ELEMENT)
        else:
            view = self.view(flat.tobytes(), target=ELEMENT)
        return self._accessor(view, flat, 1, False, False)

    def _accessor(self, view: int, values: NDArray[Any], width: int, normalized: bool, bounds: bool) -> int:
        accessor: JsonObject = {
            "bufferView": view, "componentType": _COMPONENTS[values.dtype.name], "count": len(values),
            "type": _TYPES[width],
        }  # fmt: skip
        if normalized:
            accessor["normalized"] = True
        if bounds and len(values):
            accessor["min"] = values[:, :width].min(axis=0).tolist()
            accessor["max"] = values[:, :width].max(axis=0).tolist()
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def finish(self, document: JsonObject) -> JsonObject:
        """The document with buffers, views, accessors and the extension's declaration."""
        buffers: list[JsonObject] = [{"byteLength": len(self.binary) + (-len(self.binary) % 4)}] if self.binary else []
        if self.fallback:
            buffers.append({"byteLength": self.fallback, "extensions": {EXTENSION: {"fallback": True}}})
            for key in ("extensionsUsed", "extensionsRequired"):
                document[key] = sorted({*document.get(key, []), EXTENSION})
        for key, value in (("accessors", self.accessors), ("bufferViews", self.views), ("buffers", buffers)):
            if value:
                document[key] = value
        return document


def _padded(values: NDArray[Any]) -> NDArray[Any]:
    values = np.ascontiguousarray(values)
    spare = -values.shape[1] * values.itemsize % 4
    if not spare:
        return values
    return np.ascontiguousarray(np.pad(values, ((0, 0), (0, spare // values.itemsize))))
