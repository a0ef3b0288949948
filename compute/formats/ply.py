"""PLY, ASCII and binary of either byte order: polygons, triangle strips, colours, normals, UVs.

Colours of 8 or 16 bits are sRGB; colours in floats are linear. Position ids follow the file's order;
vertices that normals or UVs split are joined again within a shell, because PLY has no other way to hold a seam. Every
size that the header states is checked against the bytes that follow before anything is allocated.
Source: paulbourke.net/dataformats/ply.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from compute.formats import faces, text_numbers, units, weld
from compute.formats.colors import to_linear, to_srgb
from compute.formats.faces import Faces
from compute.formats.files import METRES, ReadOptions, check_triangles, refuse
from compute.formats.report import Report
from compute.formats.transforms import unit
from compute.formats.units import SYMBOLS
from compute.mesh import Mesh, Primitive
from compute.scene import Scene, SceneMesh, SceneNode

MM_ABOVE = 500.0
_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
_UV = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"))


@dataclass
class _Property:
    """A number, or a list of numbers with a count before it."""

    name: str
    kind: str
    count: str | None = None


@dataclass
class _Element:
    name: str
    count: int
    properties: list[_Property] = field(default_factory=list)

    @property
    def lists(self) -> bool:
        return any(p.count for p in self.properties)


@dataclass
class _Header:
    order: str
    """`a` for ASCII, else numpy's byte order."""
    elements: list[_Element]
    comment: str
    size: int


@dataclass
class _Lists:
    """A list property: sizes (k,) and all values one after the other."""

    sizes: NDArray[np.int64]
    values: NDArray[np.generic]


_Columns = dict[str, "NDArray[np.generic] | _Lists"]


def read_ply(data: bytes, name: str, options: ReadOptions) -> Scene:
    """One node with one mesh."""
    report = Report()
    header = _header(data)
    _check_counts(header, len(data) - header.size, options)
    columns = _ascii(data, header) if header.order == "a" else _binary(data, header)
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


# --- the header ---


def _header(data: bytes) -> _Header:
    end = data.find(b"end_header", 0, 65536)
    if end < 0:
        refuse(
            "invalid_ply", "The PLY header has no `end_header` in its first 64 KB.", "The file is cut off or no PLY."
        )
    after = data.find(b"\n", end)
    size = len(data) if after < 0 else after + 1
    header = _Header("", [], "", size)
    for line in data[:end].decode("latin-1").splitlines()[1:]:
        words = line.split()
        if words:
            _header_line(header, words, line)
    if not header.order:
        refuse("invalid_ply", "The PLY header names no format.")
    return header


def _header_line(header: _Header, words: list[str], line: str) -> None:
    orders = {"ascii": "a", "binary_little_endian": "<", "binary_big_endian": ">"}
    if words[0] in ("comment", "obj_info"):
        header.comment += line + "\n"
    elif words[0] == "format" and len(words) > 1 and words[1] in orders:
        header.order = orders[words[1]]
    elif words[0] == "element" and len(words) == 3 and words[2].isdigit():
        header.elements.append(_Element(words[1], int(words[2])))
    elif words[0] == "property" and header.elements and _property(words):
        header.elements[-1].properties.append(_property(words))
    else:
        refuse("invalid_ply", f"The PLY header has the line “{line[:60]}”, which means nothing.")


def _property(words: list[str]) -> _Property | None:
    if len(words) == 5 and words[1] == "list" and words[2] in _TYPES and words[3] in _TYPES:
        return _Property(words[4], _TYPES[words[3]], _TYPES[words[2]])
    if len(words) == 3 and words[1] in _TYPES:
        return _Property(words[2], _TYPES[words[1]])
    return None


def _check_counts(header: _Header, size: int, options: ReadOptions) -> None:
    """At least one byte a value (ASCII: two characters) must follow; then faces are bounded too."""
    for element in header.elements:
        widths = [np.dtype(p.count or p.kind).itemsize for p in element.properties]
        least = 2 * len(widths) if header.order == "a" else sum(widths)
        if element.count * least > size + 1:
            refuse(
                "truncated_file",
                f"The PLY names {element.count:,} elements “{element.name[:20]}”; {size:,} bytes follow its header.",
                "The file is cut off, or its header is wrong.",
            )
        if element.name == "face":
            check_triangles(element.count, options)


# --- the body ---


def _binary(data: bytes, header: _Header) -> dict[str, _Columns]:
    result, at = {}, header.size
    for element in header.elements:
        read = _binary_lists if element.lists else _binary_rows
        result[element.name], at = read(data, element, header.order, at)
    return result


def _cut_off(element: _Element) -> None:
    refuse("truncated_file", f"The PLY ends inside its {element.count:,} elements “{element.name[:20]}”.")


def _binary_rows(data: bytes, element: _Element, order: str, at: int) -> tuple[_Columns, int]:
    kind = np.dtype([(f"{i}", order + p.kind) for i, p in enumerate(element.properties)])
    if at + kind.itemsize * element.count > len(data):
        _cut_off(element)
    rows = np.frombuffer(data, kind, element.count, at) if kind.itemsize else np.zeros(element.count, kind)
    columns: _Columns = {p.name: rows[f"{i}"] for i, p in enumerate(element.properties)}
    return columns, at + kind.itemsize * element.count


def _binary_lists(data: bytes, element: _Element, order: str, at: int) -> tuple[_Columns, int]:
    """Equal lists are read in one go; otherwise row by row, noting only where each list lies."""
    equal = _equal_lists(data, element, order, at)
    if equal is not None:
        return equal
    places: dict[str, list[int]] = {p.name: [] for p in element.properties}
    counts: dict[str, list[int]] = {p.name: [] for p in element.properties if p.count}
    plan = [(places[p.name], counts.get(p.name), *_widths(p)) for p in element.properties]
    big, end = "big" if order == ">" else "little", len(data)
    for _ in range(element.count):
        for starts, sizes, wide, narrow in plan:
            if sizes is None:
                starts.append(at)
                at += wide
            else:
                count = int.from_bytes(data[at : at + narrow], big)
                starts.append(at + narrow)
                sizes.append(count)
                at += narrow + count * wide
        if at > end:
            _cut_off(element)
    raw = np.frombuffer(data, np.uint8)
    columns: _Columns = {}
    for p in element.properties:
        starts = np.array(places[p.name], np.int64)
        sizes = np.array(counts[p.name], np.int64) if p.count else np.ones(len(starts), np.int64)
        values = _scattered(raw, starts, sizes, np.dtype(order + p.kind))
        columns[p.name] = _Lists(sizes, values) if p.count else values
    return columns, at


def _widths(p: _Property) -> tuple[int, int]:
    return np.dtype(p.kind).itemsize, np.dtype(p.count).itemsize if p.count else 0


def _scattered(
    raw: NDArray[np.uint8], starts: NDArray[np.int64], sizes: NDArray[np.int64], kind: np.dtype
) -> NDArray[np.generic]:
    """The values of runs that lie anywhere in the bytes."""
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = np.repeat(starts, sizes) + within * kind.itemsize
    return np.ascontiguousarray(raw[places[:, None] + np.arange(kind.itemsize)]).view(kind).ravel()


def _equal_lists(data: bytes, element: _Element, order: str, at: int) -> tuple[_Columns, int] | None:
    """The columns when every row's lists are as long as the first row's."""
    kinds, offset = [], at
    for i, p in enumerate(element.properties):
        wide, narrow = _widths(p)
        if not p.count:
            kinds.append((f"{i}", order + p.kind))
            offset += wide
            continue
        first = int.from_bytes(data[offset : offset + narrow], "big" if order == ">" else "little")
        if first > len(data):
            return None
        kinds += [(f"n{i}", order + p.count), (f"{i}", order + p.kind, (first,))]
        offset += narrow + first * wide
    kind = np.dtype(kinds)
    if at + kind.itemsize * element.count > len(data) or not element.count:
        return None
    rows = np.frombuffer(data, kind, element.count, at)
    columns: _Columns = {}
    for i, p in enumerate(element.properties):
        values = rows[f"{i}"]
        if p.count:
            if (rows[f"n{i}"] != values.shape[1]).any():
                return None
            columns[p.name] = _Lists(np.full(len(values), values.shape[1]), values.ravel())
        else:
            columns[p.name] = values
    return columns, at + kind.itemsize * element.count


def _ascii(data: bytes, header: _Header) -> dict[str, _Columns]:
    values = text_numbers.parse(data[header.size :], np.float64, "invalid_ply", "The body of the PLY")
    result, at = {}, 0
    for element in header.elements:
        result[element.name], at = _ascii_element(values, element, at)
    return result


def _ascii_element(values: NDArray[np.float64], element: _Element, at: int) -> tuple[_Columns, int]:
    if not element.lists:
        width = len(element.properties)
        end = at + width * element.count
        if end > len(values):
            _cut_off(element)
        table = values[at:end].reshape(element.count, width)
        return {p.name: table[:, i].astype(p.kind) for i, p in enumerate(element.properties)}, end
    return _ascii_lists(values, element, at)


def _ascii_lists(values: NDArray[np.float64], element: _Element, at: int) -> tuple[_Columns, int]:
    places: dict[str, list[int]] = {p.name: [] for p in element.properties}
    counts: dict[str, list[int]] = {p.name: [] for p in element.properties if p.count}
    plan = [(places[p.name], counts.get(p.name)) for p in element.properties]
    end = len(values)
    for _ in range(element.count):
        for starts, sizes in plan:
            if at >= end:
                _cut_off(element)
            if sizes is not None:
                count = values[at]
                if not 0 <= count <= end - at - 1:
                    _cut_off(element)
                sizes.append(int(count))
                at += 1
            starts.append(at)
            at += 1 if sizes is None else sizes[-1]
    columns: _Columns = {}
    for p in element.properties:
        starts = np.array(places[p.name], np.int64)
        if p.count:
            sizes = np.array(counts[p.name], np.int64)
            within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            columns[p.name] = _Lists(sizes, values[np.repeat(starts, sizes) + within])
        else:
            columns[p.name] = values[np.minimum(starts, end - 1)].astype(p.kind)
    return columns, at


# --- what the columns mean ---


def _positions(vertices: _Columns) -> NDArray[np.float64]:
    axes = [vertices.get(k) for k in ("x", "y", "z")]
    if any(not isinstance(a, np.ndarray) for a in axes):
        refuse("invalid_ply", "The PLY has no vertices with x, y and z.")
    positions = np.stack([a.astype(np.float64) for a in axes], axis=1)
    bad = int((~np.isfinite(positions)).any(axis=1).sum())
    if bad:
        refuse("positions_not_finite", f"{bad} of {len(positions)} vertices of the PLY are NaN or infinite.")
    return positions


def _faces(columns: dict[str, _Columns], vertices: int, options: ReadOptions, report: Report) -> Faces:
    table = columns.get("face", {})
    lists = table.get("vertex_indices", table.get("vertex_index"))
    if isinstance(lists, _Lists):
        sizes, numbers = lists.sizes, lists.values.astype(np.int64)
    else:
        sizes, numbers = _strips(columns.get("tristrips", {}), report)
    check_triangles(int(np.maximum(sizes - 2, 0).sum()), options)
    if len(numbers) and (int(numbers.min()) < 0 or int(numbers.max()) >= vertices):
        wrong = int(numbers.min()) if int(numbers.min()) < 0 else int(numbers.max())
        refuse("index_out_of_range", f"A face of the PLY refers to vertex {wrong}; there are {vertices}.")
    return Faces(sizes, numbers[:, None], np.zeros(len(sizes), np.int64))


def _strips(table: _Columns, report: Report) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Triangles of strips that −1 separates; every other triangle of a strip is turned."""
    lists = table.get("vertex_indices", table.get("vertex_index"))
    if not isinstance(lists, _Lists):
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


def _attributes(mesh: Mesh, vertices: _Columns, rows: NDArray[np.int64]) -> Mesh:
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


def _together(vertices: _Columns, names: tuple[str, ...]) -> NDArray[np.float64] | None:
    columns = [vertices.get(n) for n in names]
    if any(not isinstance(c, np.ndarray) for c in columns):
        return None
    return np.stack([c.astype(np.float64) for c in columns], axis=1)


def _colors(vertices: _Columns, rows: NDArray[np.int64]) -> NDArray[np.float32] | None:
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


def _note(header: _Header, columns: dict[str, _Columns], report: Report) -> None:
    known = {"vertex", "face", "tristrips"}
    for element in header.elements:
        if element.name not in known and element.count:
            report.add("dropped", "elements", f"Elements “{element.name[:40]}” are not kept.", element.count)
    if {"red", "texcoord"} & set(columns.get("face", {})):
        report.add("dropped", "face attributes", "Colours and UVs of single faces are not kept; those of vertices are.")


# --- writing ---


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
