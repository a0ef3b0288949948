"""The part of meshoptimizer that we use, on numpy arrays, with every signature declared.

The `meshoptimizer` package brings the compiled library; its own wrapper leaves some argument types undeclared and does
not reach the encode filters, the spatial sorts or the shadow index buffer. ctypes releases the GIL during every call.
All functions return new arrays and check what the C code takes on trust (index ranges, sizes): bad input is a
ValueError.
Sources: github.com/zeux/meshoptimizer (0.22), the glTF extension EXT_meshopt_compression.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from meshoptimizer._loader import lib_path
from numpy.typing import NDArray

LOCK_BORDER = 1
"""Simplification keeps every vertex of an open border."""
SPARSE = 2
"""Simplification is faster when the indices use a small part of the vertices; errors are then relative to that part."""
ERROR_ABSOLUTE = 4
"""Error limit and result are distances, not fractions of the extent."""
PRUNE = 8
"""Simplification may drop whole components that are smaller than the error."""

_P, _N, _F, _U, _I = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_float, ctypes.c_uint, ctypes.c_int
_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "encodeVertexVersion": (None, (_I,)),
    "encodeIndexVersion": (None, (_I,)),
    "encodeVertexBufferBound": (_N, (_N, _N)),
    "encodeVertexBuffer": (_N, (_P, _N, _P, _N, _N)),
    "decodeVertexBuffer": (_I, (_P, _N, _N, _P, _N)),
    "encodeIndexBufferBound": (_N, (_N, _N)),
    "encodeIndexBuffer": (_N, (_P, _N, _P, _N)),
    "decodeIndexBuffer": (_I, (_P, _N, _N, _P, _N)),
    "encodeIndexSequenceBound": (_N, (_N, _N)),
    "encodeIndexSequence": (_N, (_P, _N, _P, _N)),
    "decodeIndexSequence": (_I, (_P, _N, _N, _P, _N)),
    "encodeFilterOct": (None, (_P, _N, _N, _I, _P)),
    "encodeFilterQuat": (None, (_P, _N, _N, _I, _P)),
    "encodeFilterExp": (None, (_P, _N, _N, _I, _P, _I)),
    "decodeFilterOct": (None, (_P, _N, _N)),
    "decodeFilterQuat": (None, (_P, _N, _N)),
    "decodeFilterExp": (None, (_P, _N, _N)),
    "optimizeVertexCache": (None, (_P, _P, _N, _N)),
    "optimizeOverdraw": (None, (_P, _P, _N, _P, _N, _N, _F)),
    "optimizeVertexFetchRemap": (_N, (_P, _P, _N, _N)),
    "generateVertexRemap": (_N, (_P, _P, _N, _P, _N, _N)),
    "generateShadowIndexBuffer": (None, (_P, _P, _N, _P, _N, _N, _N)),
    "spatialSortRemap": (None, (_P, _P, _N, _N)),
    "spatialSortTriangles": (None, (_P, _P, _N, _P, _N, _N)),
    "simplifyScale": (_F, (_P, _N, _N)),
    "simplify": (_N, (_P, _P, _N, _P, _N, _N, _N, _F, _U, _P)),
    "simplifySloppy": (_N, (_P, _P, _N, _P, _N, _N, _N, _F, _P)),
    "simplifyWithAttributes": (_N, (_P, _P, _N, _P, _N, _N, _P, _N, _P, _N, _P, _N, _F, _U, _P)),
}


def _load() -> dict[str, Any]:
    """A handle of our own: the package's handle keeps the argument types that it declared."""
    library = ctypes.CDLL(lib_path)
    functions = {}
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, f"meshopt_{name}")
        function.restype, function.argtypes = result, list(arguments)
        functions[name] = function
    functions["encodeVertexVersion"](0)  # streams 0xA0 and 0xE1: what EXT_meshopt_compression defines
    functions["encodeIndexVersion"](1)
    return functions


_C = _load()


def _address(array: NDArray[Any]) -> int:
    return array.ctypes.data


def _rows(array: NDArray[Any]) -> tuple[NDArray[Any], int, int]:
    """A contiguous copy or view, its length and its bytes a row."""
    array = np.ascontiguousarray(array)
    size = array.itemsize * int(np.prod(array.shape[1:], dtype=np.int64))
    return array, len(array), size


def _indices(indices: NDArray[Any], vertex_count: int, *, triangles: bool = True) -> NDArray[np.uint32]:
    flat = np.ascontiguousarray(indices, np.uint32).ravel()
    if triangles and len(flat) % 3:
        raise ValueError(f"{len(flat)} indices are no triangles: a multiple of 3 was expected")
    if len(flat) and int(flat.max()) >= vertex_count:
        raise ValueError(f"index {int(flat.max())} is out of range: there are {vertex_count} vertices")
    return flat


def _points(positions: NDArray[Any]) -> NDArray[np.float32]:
    points = np.ascontiguousarray(positions, np.float32)
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"positions of shape {points.shape}: (n, 3) was expected")
    return points


# --- codecs ---


def encode_vertices(rows: NDArray[Any]) -> bytes:
    """Mode ATTRIBUTES, stream 0xA0, bit-exact. rows: (n, …) of any dtype, 4…256 bytes a row and a multiple of 4."""
    rows, count, size = _rows(rows)
    _check_row(size)
    buffer = np.empty(_C["encodeVertexBufferBound"](count, size), np.uint8)
    used = _C["encodeVertexBuffer"](_address(buffer), len(buffer), _address(rows), count, size)
    if used == 0:
        raise ValueError(f"meshoptimizer could not encode {count} rows of {size} bytes")
    return buffer[:used].tobytes()


def decode_vertices(data: bytes | memoryview, count: int, size: int) -> NDArray[np.uint8]:
    """(count, size) uint8: the rows of an ATTRIBUTES stream. The caller bounds `count` before it asks."""
    _check_row(size)
    stream = np.frombuffer(data, np.uint8)
    rows = np.empty((count, size), np.uint8)
    code = _C["decodeVertexBuffer"](_address(rows), count, size, _address(stream), len(stream))
    if code != 0:
        raise ValueError(f"not a vertex stream of {count} rows of {size} bytes (code {code})")
    return rows


def _check_row(size: int) -> None:
    if size % 4 or not 4 <= size <= 256:
        raise ValueError(f"a row of {size} bytes: 4 to 256, a multiple of 4, was expected")


def encode_triangles(triangles: NDArray[Any], vertex_count: int) -> bytes:
    """Mode TRIANGLES, stream 0xE1. Keeps the order and winding of triangles; their corners may come back rotated."""
    return _encode_indices("encodeIndexBuffer", _indices(triangles, vertex_count), vertex_count)


def encode_sequence(indices: NDArray[Any], vertex_count: int) -> bytes:
    """Mode INDICES, stream 0xD1: any index sequence, bit-exact."""
    return _encode_indices("encodeIndexSequence", _indices(indices, vertex_count, triangles=False), vertex_count)


def _encode_indices(function: str, flat: NDArray[np.uint32], vertex_count: int) -> bytes:
    buffer = np.empty(_C[f"{function}Bound"](len(flat), vertex_count), np.uint8)
    used = _C[function](_address(buffer), len(buffer), _address(flat), len(flat))
    if used == 0:
        raise ValueError(f"meshoptimizer could not encode {len(flat)} indices")
    return buffer[:used].tobytes()


def decode_triangles(data: bytes | memoryview, count: int, size: int = 4) -> NDArray[Any]:
    """(count,) uint32, or uint16 with size 2: the indices of a TRIANGLES stream. Ranges are not checked."""
    if count % 3:
        raise ValueError(f"{count} indices are no triangles: a multiple of 3 was expected")
    return _decode_indices("decodeIndexBuffer", data, count, size)


def decode_sequence(data: bytes | memoryview, count: int, size: int = 4) -> NDArray[Any]:
    """(count,) uint32, or uint16 with size 2: the indices of an INDICES stream. Ranges are not checked."""
    return _decode_indices("decodeIndexSequence", data, count, size)


def _decode_indices(function: str, data: bytes | memoryview, count: int, size: int) -> NDArray[Any]:
    if size not in (2, 4):
        raise ValueError(f"indices of {size} bytes: 2 or 4 was expected")
    stream = np.frombuffer(data, np.uint8)
    indices = np.empty(count, np.uint32 if size == 4 else np.uint16)
    code = _C[function](_address(indices), count, size, _address(stream), len(stream))
    if code != 0:
        raise ValueError(f"not an index stream of {count} indices (code {code})")
    return indices


# --- filters ---


def encode_filter_oct(vectors: NDArray[Any], size: int = 4, bits: int = 8) -> NDArray[Any]:
    """Unit vectors as octahedral rows. vectors: (n, 3 or 4). Returns (n, 4) int8 (size 4) or int16 (size 8)."""
    if size not in (4, 8):
        raise ValueError(f"octahedral rows of {size} bytes: 4 or 8 was expected")
    four = np.zeros((len(vectors), 4), np.float32)
    four[:, : vectors.shape[1]] = vectors
    rows = np.empty((len(four), 4), np.int8 if size == 4 else np.int16)
    _C["encodeFilterOct"](_address(rows), len(four), size, bits, _address(four))
    return rows


def encode_filter_quat(quaternions: NDArray[Any], bits: int = 16) -> NDArray[np.int16]:
    """Unit quaternions (n, 4) as rows of four int16."""
    four = np.ascontiguousarray(quaternions, np.float32)
    rows = np.empty((len(four), 4), np.int16)
    _C["encodeFilterQuat"](_address(rows), len(four), 8, bits, _address(four))
    return rows


def encode_filter_exp(values: NDArray[Any], bits: int = 24, mode: int = 0) -> NDArray[np.uint32]:
    """Floats (n, k) as mantissa and exponent. mode: 0 separate, 1 shared by the row, 2 shared by the component."""
    floats, count, size = _rows(np.asarray(values, np.float32))
    rows = np.empty(floats.shape, np.uint32)
    _C["encodeFilterExp"](_address(rows), count, size, bits, _address(floats), mode)
    return rows


def decode_filter(name: str, rows: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Undo a filter of EXT_meshopt_compression (or NONE) on (n, size) bytes. A copy."""
    sizes = {"OCTAHEDRAL": (4, 8), "QUATERNION": (8,), "EXPONENTIAL": tuple(range(4, 257, 4)), "NONE": (size,)}
    if size not in sizes.get(name, ()):
        raise ValueError(f"filter {name!r} on rows of {size} bytes is not defined")
    result = np.array(rows, copy=True, order="C")
    suffix = {"OCTAHEDRAL": "Oct", "QUATERNION": "Quat", "EXPONENTIAL": "Exp"}.get(name)
    if suffix:
        _C[f"decodeFilter{suffix}"](_address(result), len(result), size)
    return result


# --- order ---


def optimize_cache(triangles: NDArray[Any], vertex_count: int) -> NDArray[np.uint32]:
    """(t, 3) uint32: the same triangles in an order that suits the vertex cache."""
    flat = _indices(triangles, vertex_count)
    result = np.empty_like(flat)
    _C["optimizeVertexCache"](_address(result), _address(flat), len(flat), vertex_count)
    return result.reshape(-1, 3)


def optimize_overdraw(triangles: NDArray[Any], positions: NDArray[Any], threshold: float = 1.05) -> NDArray[np.uint32]:
    """(t, 3) uint32: cache-optimised triangles reordered against overdraw.

    The cache may get `threshold` times worse.
    """
    points = _points(positions)
    flat = _indices(triangles, len(points))
    result = np.empty_like(flat)
    _C["optimizeOverdraw"](_address(result), _address(flat), len(flat), _address(points), len(points), 12, threshold)
    return result.reshape(-1, 3)


def fetch_remap(triangles: NDArray[Any], vertex_count: int) -> tuple[NDArray[np.uint32], int]:
    """(vertex_count,) uint32: new number of each vertex in order of first use (unused: 0xFFFFFFFF), the number used."""
    flat = _indices(triangles, vertex_count, triangles=False)
    remap = np.empty(vertex_count, np.uint32)
    used = _C["optimizeVertexFetchRemap"](_address(remap), _address(flat), len(flat), vertex_count)
    return remap, used


def vertex_remap(rows: NDArray[Any]) -> tuple[NDArray[np.uint32], int]:
    """(n,) uint32: the number of each row among the bitwise distinct rows; how many there are."""
    rows, count, size = _rows(rows)
    remap = np.empty(count, np.uint32)
    distinct = _C["generateVertexRemap"](_address(remap), None, count, _address(rows), count, size)
    return remap, distinct


def shadow_indices(triangles: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.uint32]:
    """(t, 3) uint32: triangles that name one vertex, the first used, for all whose rows are bitwise equal."""
    rows, count, size = _rows(rows)
    flat = _indices(triangles, count)
    result = np.empty_like(flat)
    _C["generateShadowIndexBuffer"](_address(result), _address(flat), len(flat), _address(rows), count, size, size)
    return result.reshape(-1, 3)


def spatial_remap(positions: NDArray[Any]) -> NDArray[np.uint32]:
    """(n,) uint32: new number of each point along a space-filling curve."""
    points = _points(positions)
    remap = np.empty(len(points), np.uint32)
    _C["spatialSortRemap"](_address(remap), _address(points), len(points), 12)
    return remap


def spatial_triangles(triangles: NDArray[Any], positions: NDArray[Any]) -> NDArray[np.uint32]:
    """(t, 3) uint32: the triangles along a space-filling curve."""
    points = _points(positions)
    flat = _indices(triangles, len(points))
    result = np.empty_like(flat)
    _C["spatialSortTriangles"](_address(result), _address(flat), len(flat), _address(points), len(points), 12)
    return result.reshape(-1, 3)


# --- simplification ---


def simplify_scale(positions: NDArray[Any]) -> float:
    """The extent that relative errors refer to: error · scale is a distance."""
    points = _points(positions)
    return float(_C["simplifyScale"](_address(points), len(points), 12))


def simplify(
    triangles: NDArray[Any],
    positions: NDArray[Any],
    target_triangles: int,
    *,
    error: float = 1.0,
    options: int = 0,
    attributes: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
    locked: NDArray[Any] | None = None,
) -> tuple[NDArray[np.uint32], float]:
    """Collapse edges until `target_triangles` or `error` is reached, on a subset of the vertices.

    attributes: (n, a ≤ 32) float32 with weights (a,); locked: (n,) bool, vertices that stay. Error and result are
    relative to the extent unless ERROR_ABSOLUTE. Returns ((t, 3) uint32, error).
    """
    points = _points(positions)
    flat = _indices(triangles, len(points))
    values, factors = _attributes(attributes, weights, len(points))
    lock = None if locked is None else np.ascontiguousarray(locked, np.uint8)
    if lock is not None and lock.shape != (len(points),):
        raise ValueError(f"locked of shape {lock.shape}: ({len(points)},) was expected")
    result, reached = np.empty_like(flat), ctypes.c_float(0)
    count = _C["simplifyWithAttributes"](
        _address(result), _address(flat), len(flat), _address(points), len(points), 12,
        _address(values) if values.size else None, values.shape[1] * 4, _address(factors) if factors.size else None,
        len(factors), None if lock is None else _address(lock),
        target_triangles * 3, error, options, ctypes.byref(reached),
    )  # fmt: skip
    return result[:count].reshape(-1, 3), float(reached.value)


def _attributes(
    attributes: NDArray[Any] | None, weights: NDArray[Any] | None, count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    if attributes is None:
        return np.zeros((count, 0), np.float32), np.zeros(0, np.float32)
    values = np.ascontiguousarray(attributes, np.float32)
    factors = np.ascontiguousarray(np.ones(values.shape[-1]) if weights is None else weights, np.float32)
    if values.shape != (count, len(factors)) or len(factors) > 32:
        raise ValueError(f"attributes {values.shape} with {len(factors)} weights: ({count}, at most 32) was expected")
    return values, factors


def simplify_sloppy(
    triangles: NDArray[Any], positions: NDArray[Any], target_triangles: int, *, error: float = 1.0
) -> tuple[NDArray[np.uint32], float]:
    """Cluster vertices without regard for topology: for far levels only. Returns ((t, 3) uint32, relative error)."""
    points = _points(positions)
    flat = _indices(triangles, len(points))
    result, reached = np.empty_like(flat), ctypes.c_float(0)
    count = _C["simplifySloppy"](
        _address(result), _address(flat), len(flat), _address(points), len(points), 12,
        target_triangles * 3, error, ctypes.byref(reached),
    )  # fmt: skip
    return result[:count].reshape(-1, 3), float(reached.value)
