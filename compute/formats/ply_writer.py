"""PLY out of one mesh: double positions, float normals and UVs, 8-bit sRGB colours, polygons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from compute.formats.colors import to_srgb
from compute.formats.files import METRES
from compute.formats.units import SYMBOLS
from compute.mesh import Mesh, Primitive


def write_ply(
    positions: NDArray[np.float64], mesh: Mesh, outlines: tuple[NDArray, NDArray], *, binary: bool, unit: str
) -> bytes:
    """positions: (v, 3) float64 of the vertices, metres; outlines: (corners, sizes) of all faces."""
    columns: list[tuple[str, NDArray]] = [(n, positions[:, i] / METRES[unit]) for i, n in enumerate("xyz")]
    if mesh.normals is not None:
        columns += [(n, mesh.normals[:, i]) for i, n in enumerate(("nx", "ny", "nz"))]
    if mesh.texcoords:
        columns += [("s", mesh.texcoords[0][:, 0]), ("t", 1 - mesh.texcoords[0][:, 1])]
    if mesh.colors is not None:
        srgb = np.rint(to_srgb(mesh.colors) * 255).astype(np.uint8)
        columns += [(n, srgb[:, i]) for i, n in enumerate(("red", "green", "blue", "alpha"))]
    kind = np.dtype([(name, "f8" if name in "xyz" else "u1" if c.dtype == np.uint8 else "f4") for name, c in columns])
    rows = np.zeros(len(positions), kind)
    for name, column in columns:
        rows[name] = column
    corners, sizes = outlines
    head = _head(kind, len(rows), len(sizes), binary=binary, unit=unit)
    if binary:
        return head + rows.tobytes() + _face_bytes(corners, sizes)
    lines = [" ".join(f"{v:.17g}" if i < 3 else f"{v:.9g}" for i, v in enumerate(row)) for row in rows.tolist()]
    at = np.cumsum(sizes)[:-1]
    lines += [" ".join(map(str, [len(f), *f.tolist()])) for f in np.split(corners, at)] if len(sizes) else []
    return head + "\n".join([*lines, ""]).encode()


def _head(kind: np.dtype, vertices: int, count: int, *, binary: bool, unit: str) -> bytes:
    names = {"f8": "double", "f4": "float", "u1": "uchar"}
    properties = [f"property {names[kind[n].str[1:]]} {n}" for n in kind.names or ()]
    lines = [
        "ply", f"format {'binary_little_endian' if binary else 'ascii'} 1.0",
        f"comment Maquette unit={SYMBOLS[unit]} up=Y",
        f"element vertex {vertices}", *properties, f"element face {count}",
        "property list uint int vertex_indices", "end_header", "",
    ]  # fmt: skip
    return "\n".join(lines).encode()


def _face_bytes(corners: NDArray, sizes: NDArray[np.int64]) -> bytes:
    flat = np.empty(len(corners) + len(sizes), "<i4")
    starts = np.cumsum(sizes + 1) - (sizes + 1)
    flat[starts] = sizes
    rest = np.ones(len(flat), bool)
    rest[starts] = False
    flat[rest] = corners
    return flat.tobytes()


def joined(meshes: list[Mesh]) -> tuple[NDArray[np.float64], Mesh]:
    """One mesh of several (world positions already applied); attributes that only some have are filled in."""
    offsets = np.cumsum([0, *(len(m.position_ids) for m in meshes)])
    primitives = [
        Primitive(p.slot, p.triangles + np.uint32(offset), p.polygons)
        for m, offset in zip(meshes, offsets, strict=False)
        for p in m.primitives
    ]
    positions = np.concatenate([m.vertex_positions for m in meshes]) if meshes else np.zeros((0, 3))
    normals = [m.normals for m in meshes]
    mesh = Mesh(positions, np.arange(len(positions), dtype=np.uint32), primitives)
    if meshes and all(n is not None for n in normals):
        mesh.normals = np.concatenate(normals)
    if any(m.texcoords for m in meshes):
        empty = [np.zeros((len(m.position_ids), 2), np.float32) for m in meshes]
        mesh.texcoords = [np.concatenate([(m.texcoords or [e])[0] for m, e in zip(meshes, empty, strict=True)])]
    if any(m.colors is not None for m in meshes):
        white = [np.ones((len(m.position_ids), 4), np.float32) for m in meshes]
        mesh.colors = np.concatenate([w if m.colors is None else m.colors for m, w in zip(meshes, white, strict=True)])
    return positions, mesh
