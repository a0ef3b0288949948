"""PLY: polygons, triangle strips, colours, normals, UVs.

Colours of 8 or 16 bits are sRGB; colours in floats are linear. Position ids follow the file's order;
vertices that normals or UVs split are joined again within a shell, because PLY has no other way to hold a seam.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from compute.formats import faces, units, weld
from compute.formats.colors import to_linear
from compute.formats.faces import Faces
from compute.formats.files import ReadOptions, check_triangles, refuse
from compute.formats.ply_table import Columns, Header, Lists, Table, read_table
from compute.formats.report import Report
from compute.formats.transforms import unit
from compute.mesh import Mesh
from compute.scene import Scene, SceneMesh, SceneNode

MM_ABOVE = 500.0
_UV = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"))


def read_ply(data: bytes, name: str, options: ReadOptions) -> Scene:
    """One node with one mesh."""
    report = Report()
    header, columns = read_table(data, options)
    vertices = columns.get("vertex", {})
    positions = _positions(vertices)
    found = faces.whole(_faces(columns, len(positions), options, report), report)
    if not len(found.sizes):
        refuse(
            "no_geometry", f"The PLY holds {len(positions):,} points and no faces.", "Point clouds are not read yet."
        )
    built = faces.build(found, positions, report)
    mesh = _attributes(built.mesh, vertices, built.vertices[:, 0])
    if mesh.normals is not None or mesh.texcoords:
        mesh.positions, mesh.position_ids = weld.weld_shells(mesh.vertex_positions, mesh.triangles)
    _note(header, columns, report)
    scene = Scene(nodes=[SceneNode(name=name, mesh=0)], meshes=[SceneMesh(name, weld.compact(mesh))], name=name)
    units.apply(scene, options, report, comment=header.comment, mm_above=MM_ABOVE)
    scene.report = report.entries
    return scene


def _positions(vertices: Columns) -> NDArray[np.float64]:
    axes = [vertices.get(k) for k in ("x", "y", "z")]
    if any(not isinstance(a, np.ndarray) for a in axes):
        refuse("invalid_ply", "The PLY has no vertices with x, y and z.")
    positions = np.stack([a.astype(np.float64) for a in axes], axis=1)
    bad = int((~np.isfinite(positions)).any(axis=1).sum())
    if bad:
        refuse("positions_not_finite", f"{bad} of {len(positions)} vertices of the PLY are NaN or infinite.")
    return positions


def _faces(columns: Table, vertices: int, options: ReadOptions, report: Report) -> Faces:
    table = columns.get("face", {})
    lists = table.get("vertex_indices", table.get("vertex_index"))
    if isinstance(lists, Lists):
        sizes, numbers = lists.sizes, lists.values.astype(np.int64)
    else:
        sizes, numbers = _strips(columns.get("tristrips", {}), report)
    check_triangles(int(np.maximum(sizes - 2, 0).sum()), options)
    if len(numbers) and (int(numbers.min()) < 0 or int(numbers.max()) >= vertices):
        wrong = int(numbers.min()) if int(numbers.min()) < 0 else int(numbers.max())
        refuse("index_out_of_range", f"A face of the PLY refers to vertex {wrong}; there are {vertices}.")
    return Faces(sizes, numbers[:, None], np.zeros(len(sizes), np.int64))


def _strips(table: Columns, report: Report) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Triangles of strips that −1 separates; every other triangle of a strip is turned."""
    lists = table.get("vertex_indices", table.get("vertex_index"))
    if not isinstance(lists, Lists):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    numbers = np.concatenate([lists.values.astype(np.int64), [-1, -1]])
    ends = np.cumsum(lists.sizes)
    numbers = np.insert(numbers, ends, -1)
    index = np.arange(len(numbers))
    start = np.maximum.accumulate(np.where(numbers < 0, index + 1, 0))
    triangles = np.stack([numbers[:-2], numbers[1:-1], numbers[2:]], axis=1)
    good = (triangles >= 0).all(axis=1)
    a, b, c = triangles.T
    good &= (a != b) & (b != c) & (c != a)
    odd = (index - start)[:-2] % 2 == 1
    triangles[odd] = triangles[odd][:, [1, 0, 2]]
    report.add("changed", "strips and fans", "Triangle strips became single triangles.")
    kept = triangles[good]
    return np.full(len(kept), 3, np.int64), kept.reshape(-1)


def _attributes(mesh: Mesh, vertices: Columns, rows: NDArray[np.int64]) -> Mesh:
    """rows: (v,) the file's vertex of each of ours."""
    normals = _together(vertices, ("nx", "ny", "nz"))
    if normals is not None:
        mesh.normals = unit(normals[rows])
    for pair in _UV:
        uv = _together(vertices, pair)
        if uv is not None:
            uv = np.where(np.isfinite(uv[rows]), uv[rows], 0)
            mesh.texcoords = [np.stack([uv[:, 0], 1 - uv[:, 1]], axis=1).astype(np.float32)]
            break
    mesh.colors = _colors(vertices, rows)
    return mesh


def _together(vertices: Columns, names: tuple[str, ...]) -> NDArray[np.float64] | None:
    columns = [vertices.get(n) for n in names]
    if any(not isinstance(c, np.ndarray) for c in columns):
        return None
    return np.stack([c.astype(np.float64) for c in columns], axis=1)


def _colors(vertices: Columns, rows: NDArray[np.int64]) -> NDArray[np.float32] | None:
    values = _together(vertices, ("red", "green", "blue"))
    if values is None:
        return None
    kind = vertices["red"].dtype
    colors = np.ones((len(rows), 4))
    colors[:, :3] = values[rows]
    alpha = vertices.get("alpha")
    if isinstance(alpha, np.ndarray):
        colors[:, 3] = alpha[rows]
    if kind.kind == "f":
        return np.clip(np.nan_to_num(colors, nan=1.0), 0, 1).astype(np.float32)
    scale = np.iinfo(kind).max
    colors[:, :3] /= scale
    if isinstance(alpha, np.ndarray):
        colors[:, 3] /= scale
    return to_linear(colors)


def _note(header: Header, columns: Table, report: Report) -> None:
    known = {"vertex", "face", "tristrips"}
    for element in header.elements:
        if element.name not in known and element.count:
            report.add("dropped", "elements", f"Elements “{element.name[:40]}” are not kept.", element.count)
    if {"red", "texcoord"} & set(columns.get("face", {})):
        report.add("dropped", "face attributes", "Colours and UVs of single faces are not kept; those of vertices are.")
