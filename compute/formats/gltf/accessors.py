"""Reading buffers, buffer views and accessors: interleaved, normalised, sparse, meshopt-compressed; bounded before use.

Sources: glTF 2.0 section 3.6, EXT_meshopt_compression, KHR_mesh_quantization.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from compute import meshopt
from compute.formats.files import refuse
from compute.formats.gltf import checked
from compute.mesh import JsonObject

COMPONENTS = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")
MAX_DECODED = 8 << 30
"""Bytes that one file's compressed views may unpack to."""


@dataclass
class Source:
    """A glTF document and its buffers. A buffer that only stands in for compressed data (a fallback) is None."""

    json: JsonObject
    buffers: list[memoryview | None]
    _views: dict[int, memoryview] = field(default_factory=dict)
    _decoded: int = 0

    def view(self, number: int) -> memoryview:
        """The bytes of a buffer view, decompressed where it is compressed."""
        if number not in self._views:
            views = checked.objects(self.json, "bufferViews")
            checked.reference(number, "bufferView", len(views))
            self._views[number] = self._load_view(views[number], f"bufferViews[{number}]")
        return self._views[number]

    def _load_view(self, view: JsonObject, where: str) -> memoryview:
        extensions = checked.obj(view, "extensions", where)
        packed = next((checked.obj(extensions, name, where) for name in MESHOPT if name in extensions), None)
        if packed is None:
            return self._slice(view, where)
        return self._unpack(packed, view, f"{where}.extensions.{MESHOPT[0]}")

    def _slice(self, view: JsonObject, where: str) -> memoryview:
        buffers = self.buffers
        number = checked.reference(checked.integer(view, "buffer", where), f"{where}.buffer", len(buffers))
        buffer = buffers[number]
        if buffer is None:
            refuse("missing_file", f"`{where}` lies in buffer {number}, which has no data.")
        start, length = checked.integer(view, "byteOffset", where, 0), checked.integer(view, "byteLength", where)
        if start + length > len(buffer):
            refuse(
                "truncated_file",
                f"`{where}` ends at byte {start + length:,} of buffer {number}, which has {len(buffer):,}.",
            )
        return buffer[start : start + length]

    def _unpack(self, packed: JsonObject, view: JsonObject, where: str) -> memoryview:
        data = self._slice(packed, where)
        count, stride = checked.integer(packed, "count", where), checked.integer(packed, "byteStride", where, low=1)
        self._bound(count, stride, len(data), view, where)
        mode = checked.choice(packed, "mode", where, ("ATTRIBUTES", "TRIANGLES", "INDICES"), "")
        try:
            if mode == "ATTRIBUTES":
                rows = meshopt.decode_vertices(data, count, stride)
                return memoryview(
                    meshopt.decode_filter(checked.text(packed, "filter", where, "NONE"), rows, stride)
                ).cast("B")
            decode = meshopt.decode_triangles if mode == "TRIANGLES" else meshopt.decode_sequence
            return memoryview(decode(data, count, stride)).cast("B")
        except ValueError as error:
            refuse("invalid_compression", f"`{where}` cannot be decompressed: {error}.", "The file is damaged.")

    def _bound(self, count: int, stride: int, packed: int, view: JsonObject, where: str) -> None:
        """A stream spends at least a byte on 16 rows or 3 corners; what claims more is refused before allocation."""
        self._decoded += count * stride
        declared = checked.integer(view, "byteLength", where)
        if count * stride != declared or count > packed * 512 or self._decoded > MAX_DECODED:
            refuse(
                "absurd_count",
                f"`{where}` claims {count:,} elements of {stride} bytes from {packed:,} compressed bytes.",
            )

    def accessor(self, number: int) -> tuple[NDArray[np.generic], bool]:
        """((count, width) in the stored type, whether it is normalised). Sparse values are applied. May be a view."""
        accessors = checked.objects(self.json, "accessors")
        checked.reference(number, "accessor", len(accessors))
        accessor, where = accessors[number], f"accessors[{number}]"
        kind, width, count = _shape(accessor, where)
        values = self._values(accessor, where, kind, width, count)
        if "sparse" in accessor:
            values = self._sparse(checked.obj(accessor, "sparse", where), f"{where}.sparse", values)
        return values, checked.boolean(accessor, "normalized", where)

    def _values(self, accessor: JsonObject, where: str, kind: np.dtype, width: int, count: int) -> NDArray[np.generic]:
        if accessor.get("bufferView") is None:
            self._bound_zeros(accessor, where, count)
            return np.zeros((count, width), kind)
        number = checked.integer(accessor, "bufferView", where)
        stride = checked.objects(self.json, "bufferViews")[
            checked.reference(number, where, len(checked.objects(self.json, "bufferViews")))
        ].get("byteStride", kind.itemsize * width)
        offset = checked.integer(accessor, "byteOffset", where, 0)
        return _window(self.view(number), where, kind, width, count, offset, stride)

    def _bound_zeros(self, accessor: JsonObject, where: str, count: int) -> None:
        """An accessor without a view is all zeros; only its sparse part costs bytes, so its count is bounded apart."""
        if count > 1_000_000 and "sparse" not in accessor:
            refuse("absurd_count", f"`{where}` claims {count:,} elements without any data.")
        if count > 100_000_000:
            refuse("absurd_count", f"`{where}` claims {count:,} elements.")

    def _sparse(self, sparse: JsonObject, where: str, values: NDArray[np.generic]) -> NDArray[np.generic]:
        count = checked.integer(sparse, "count", where)
        places, data = checked.obj(sparse, "indices", where), checked.obj(sparse, "values", where)
        kind = _component(places, f"{where}.indices")
        numbers = _window(
            self.view(checked.integer(places, "bufferView", where)), f"{where}.indices", kind, 1, count,
            checked.integer(places, "byteOffset", where, 0), kind.itemsize,
        ).ravel()  # fmt: skip
        replaced = _window(
            self.view(checked.integer(data, "bufferView", where)), f"{where}.values", values.dtype, values.shape[1],
            count,
            checked.integer(data, "byteOffset", where, 0), values.dtype.itemsize * values.shape[1],
        )  # fmt: skip
        if count and int(numbers.max()) >= len(values):
            refuse("index_out_of_range", f"`{where}` replaces element {int(numbers.max())} of {len(values)}.")
        result = values.copy()
        result[numbers] = replaced
        return result


def _component(accessor: JsonObject, where: str) -> np.dtype:
    number = checked.integer(accessor, "componentType", where)
    if number not in COMPONENTS:
        refuse("gltf_schema", f"`{where}.componentType` is {number}; one of {sorted(COMPONENTS)} was expected.")
    return np.dtype(COMPONENTS[number])


def _shape(accessor: JsonObject, where: str) -> tuple[np.dtype, int, int]:
    kind = checked.choice(accessor, "type", where, tuple(WIDTHS), "")
    return _component(accessor, where), WIDTHS[kind], checked.integer(accessor, "count", where)


def _window(
    data: memoryview, where: str, kind: np.dtype, width: int, count: int, offset: int, stride: object
) -> NDArray[np.generic]:
    size = kind.itemsize * width
    if not isinstance(stride, int) or stride < size:
        refuse("gltf_schema", f"`{where}` has elements of {size} bytes at a stride of {stride!r}.")
    end = offset + stride * (count - 1) + size if count else offset
    if end > len(data):
        refuse(
            "accessor_out_of_bounds",
            f"`{where}` claims {count:,} elements up to byte {end:,}; its buffer view has {len(data):,} bytes.",
            "The file is damaged or cut off.",
        )
    raw = np.frombuffer(data, np.uint8, count=end - offset, offset=offset)
    rows = np.lib.stride_tricks.as_strided(raw, (count, size), (stride, 1), writeable=False)
    return np.ascontiguousarray(rows).view(kind)


def as_float(values: NDArray[np.generic], normalized: bool) -> NDArray[np.float32]:
    """float32 of any accessor; normalised integers become [0, 1] or [-1, 1] as glTF defines."""
    floats = values.astype(np.float32)
    if normalized and values.dtype.kind in "iu":
        floats = np.maximum(floats / np.float32(np.iinfo(values.dtype).max), np.float32(-1))
    return floats
