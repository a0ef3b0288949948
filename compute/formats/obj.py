"""Wavefront OBJ: objects, groups, polygons, vertex colours, relative indices; read without a loop over lines.

One mesh per `o`; without any, one per `g` where groups share no positions, so that nothing is torn apart. Position ids
follow the file's order. Source: paulbourke.net/dataformats/obj.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.formats import faces, text_numbers, units, weld
from compute.formats.colors import to_linear
from compute.formats.faces import Faces
from compute.formats.files import FileSet, ReadOptions, check_triangles, refuse
from compute.formats.gltf.checked import clean_name
from compute.formats.mtl import MtlReader
from compute.formats.report import Report
from compute.formats.transforms import unit
from compute.scene import Scene, SceneMesh, SceneNode

MM_ABOVE = 500.0
MAX_PARTS = 5_000
"""Objects of one file; with more, everything is one mesh."""
_IGNORED = {
    "s",
    "mg",
    "vp",
    "cstype",
    "deg",
    "parm",
    "end",
    "lod",
    "usemap",
    "maplib",
    "shadow_obj",
    "trace_obj",
    "bevel",
}
_SHAPES = {"l": "lines", "p": "points", "curv": "curves", "curv2": "curves", "surf": "surfaces"}


@dataclass
class _Data:
    """The numbers of a file. colors: (v, 3) sRGB or None; lines: (k,) line of each face."""

    positions: NDArray[np.float64]
    colors: NDArray[np.float64] | None
    texcoords: NDArray[np.float64]
    normals: NDArray[np.float64]
    faces: Faces
    lines: NDArray[np.int64]


@dataclass
class _Statements:
    """What stands between the numbers: (line, name) of every change of object, group and material, in order."""

    objects: list[tuple[int, str]]
    groups: list[tuple[int, str]]
    materials: list[tuple[int, str]]
    libraries: list[str]
    comment: str


def read_obj(data: bytes, files: FileSet, name: str, options: ReadOptions) -> Scene:
    """A scene of one node per object. name: of the file among `files`."""
    report = Report()
    lines = text_numbers.Lines(data)
    numbers = _numbers(lines, options)
    numbers = _whole(numbers, report)
    if not len(numbers.faces.sizes):
        refuse("no_geometry", "The OBJ holds no faces.", "Points, lines and curves are not read.")
    statements = _statements(lines, report)
    scene = Scene(name=clean_name(name.rsplit("/", 1)[-1].rsplit(".", 1)[0]))
    materials = MtlReader(files, scene, report, options)
    for library in statements.libraries:
        materials.library(library, name)
    slots = _slots(numbers, statements, materials)
    for title, part in _parts(numbers, statements, scene.name):
        _add(scene, title, part, numbers, slots, report)
    units.apply(scene, options, report, comment=statements.comment, mm_above=MM_ABOVE)
    scene.report = report.entries
    return scene


def _numbers(lines: text_numbers.Lines, options: ReadOptions) -> _Data:
    is_v, is_vt, is_vn, is_f = (lines.begins(k) for k in (b"v", b"vt", b"vn", b"f"))
    check_triangles(int(is_f.sum()), options)
    positions, colors = _vertices(lines.choose(is_v, 1))
    texcoords = _vectors(lines.choose(is_vt, 2), 2, "texture coordinates", pad=True)
    normals = _vectors(lines.choose(is_vn, 2), 3, "normals")
    chosen = lines.choose(is_f, 1)
    face_lines = np.flatnonzero(is_f)
    before = np.stack([np.cumsum(mask)[face_lines] for mask in (is_v, is_vt, is_vn)], axis=1)
    rows = _corners(chosen, before, (len(positions), len(texcoords), len(normals)))
    sizes = chosen.tokens
    check_triangles(int(np.maximum(sizes - 2, 0).sum()), options)
    return _Data(positions, colors, texcoords, normals, Faces(sizes, rows, np.zeros(len(sizes), np.int64)), face_lines)


def _vertices(chosen: text_numbers.Chosen) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Positions, and colours where every vertex has six or seven numbers (x y z [w] r g b)."""
    values = text_numbers.parse(chosen.text, np.float64, "invalid_obj", "The vertices of the OBJ")
    if (chosen.tokens < 3).any() or len(values) != int(chosen.tokens.sum()):
        refuse("invalid_obj", "A vertex of the OBJ has fewer than three numbers.")
    first = np.cumsum(chosen.tokens) - chosen.tokens
    positions = values[first[:, None] + np.arange(3)] if len(first) else np.zeros((0, 3))
    bad = int((~np.isfinite(positions)).any(axis=1).sum())
    if bad:
        refuse("positions_not_finite", f"{bad} of {len(positions)} vertices of the OBJ are NaN or infinite.")
    if len(first) and (chosen.tokens >= 6).all():
        colors = values[(first + chosen.tokens - 3)[:, None] + np.arange(3)]
        return positions, np.where(np.isfinite(colors), colors, 1.0)
    return positions, None


def _vectors(chosen: text_numbers.Chosen, width: int, what: str, *, pad: bool = False) -> NDArray[np.float64]:
    values = text_numbers.parse(chosen.text, np.float64, "invalid_obj", f"The {what} of the OBJ")
    if len(values) != int(chosen.tokens.sum()) or (chosen.tokens < (1 if pad else width)).any():
        refuse("invalid_obj", f"The {what} of the OBJ have too few numbers.")
    first = np.cumsum(chosen.tokens) - chosen.tokens
    result = np.zeros((len(first), width))
    for i in range(width):
        there = chosen.tokens > i
        result[there, i] = values[first[there] + i]
    return np.where(np.isfinite(result), result, 0.0)


def _corners(chosen: text_numbers.Chosen, before: NDArray[np.int64], totals: tuple[int, int, int]) -> NDArray[np.int64]:
    """(Σ sizes, 3) numbers of position, UV and normal, counted from 0; −1 where there is none."""
    text = chosen.text.replace(b"//", b"/0/")
    if b"/" in text:
        text = re.sub(rb"/(?=\s)", b"/0", text)
    letters = np.frombuffer(text, np.uint8)
    slashes = text_numbers.per_line(np.flatnonzero(letters == 47), text_numbers.word_starts(letters))
    values = text_numbers.parse(text.replace(b"/", b" "), np.int64, "invalid_obj", "The faces of the OBJ")
    if len(values) != int((slashes + 1).sum()) or (len(slashes) and int(slashes.max()) > 2):
        refuse("invalid_obj", "A corner of a face is not of the form v, v/vt, v//vn or v/vt/vn.")
    first = np.cumsum(slashes + 1) - (slashes + 1)
    rows = np.full((len(slashes), 3), -1, np.int64)
    owner = np.repeat(np.arange(len(chosen.tokens)), chosen.tokens)
    for i, what in enumerate(("vertex", "texture coordinate", "normal")):
        there = np.flatnonzero(slashes >= i)
        given = values[first[there] + i]
        number = np.where(given < 0, before[owner[there], i] + given, given - 1)
        absent = (given == 0) & (i > 0)
        _check_range(number[~absent], given[~absent], totals[i], what)
        rows[there, i] = np.where(absent, -1, number)
    return rows


def _check_range(numbers: NDArray[np.int64], given: NDArray[np.int64], total: int, what: str) -> None:
    bad = np.flatnonzero((numbers < 0) | (numbers >= total))
    if len(bad):
        refuse(
            "index_out_of_range",
            f"A face refers to {what} {int(given[bad[0]])}; the file has {total}, counted from 1.",
        )


def _whole(numbers: _Data, report: Report) -> _Data:
    keep = numbers.faces.sizes >= 3
    return replace(numbers, faces=faces.whole(numbers.faces, report), lines=numbers.lines[keep])


def _statements(lines: text_numbers.Lines, report: Report) -> _Statements:
    first = lines.bytes[lines.starts]
    other = (first > 32) & (first != ord("#"))
    for keyword in (b"v", b"vt", b"vn", b"f"):
        other &= ~lines.begins(keyword)
    found = _Statements([], [], [], [], "")
    for number in np.flatnonzero(other).tolist():
        keyword, _, rest = lines.line(number).partition(" ")
        _statement(found, keyword.strip(), rest.strip(), number, report)
    head = [lines.line(n) for n in np.flatnonzero(first[:50] == ord("#")).tolist()]
    found.comment = "\n".join(head)
    return found


def _statement(found: _Statements, keyword: str, rest: str, number: int, report: Report) -> None:
    lists = {"o": found.objects, "g": found.groups, "usemtl": found.materials}
    if keyword in lists:
        lists[keyword].append((number, rest))
    elif keyword == "mtllib":
        found.libraries.append(rest)
    elif keyword in _SHAPES:
        report.add("dropped", _SHAPES[keyword], f"{_SHAPES[keyword].capitalize()} are not surfaces and were dropped.")
    elif keyword not in _IGNORED and not keyword.startswith(("ctech", "stech", "c_interp", "d_interp")):
        refuse("invalid_obj", f"Line {number + 1} of the OBJ starts with “{keyword[:20]}”, which is no statement.")


def _at(changes: list[tuple[int, str]], lines: NDArray[np.int64]) -> NDArray[np.int64]:
    """(k,): which change was the last one above each line; −1 before the first."""
    return np.searchsorted(np.array([line for line, _ in changes], np.int64), lines) - 1


def _slots(numbers: _Data, statements: _Statements, materials: MtlReader) -> dict[int, int | None]:
    """Set the slot of every face; slot → number of its material (None: the faces before any `usemtl`)."""
    change = _at(statements.materials, numbers.lines)
    used = np.unique(change)
    material_of = {int(c): materials.named(statements.materials[c][1]) if c >= 0 else None for c in used}
    slots: dict[int | None, int] = {}
    for material in material_of.values():
        slots.setdefault(material, len(slots))
    table = np.zeros(len(statements.materials) + 1, np.int64)
    for c, material in material_of.items():
        table[c] = slots[material]
    numbers.faces.slots = table[change]
    return {slot: material for material, slot in slots.items()}


def _parts(numbers: _Data, statements: _Statements, default: str) -> list[tuple[str, Faces]]:
    """(name, faces) of every object, in order."""
    changes = statements.objects or _disjoint(numbers, statements.groups)
    change = _at(changes, numbers.lines)
    titles = [default, *(title for _, title in changes)]
    keys: dict[str, int] = {}
    table = np.array([keys.setdefault(t, len(keys)) for t in titles] if not statements.objects else range(len(titles)))
    owner = table[change + 1]
    present = np.unique(owner)
    if len(present) == 1:
        return [(clean_name(titles[change[0] + 1]) or default, numbers.faces)]
    if len(present) > MAX_PARTS:
        return [(default, numbers.faces)]
    names = {int(key): title for key, title in zip(table.tolist()[::-1], titles[::-1], strict=True)}
    return [(clean_name(names[int(p)]) or default, numbers.faces.take(owner == p)) for p in present]


def _disjoint(numbers: _Data, groups: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The groups, if no position belongs to two of them."""
    keys: dict[str, int] = {"": 0}
    table = np.array([0, *(keys.setdefault(title, len(keys)) for _, title in groups)])
    owner = np.repeat(table[_at(groups, numbers.lines) + 1], numbers.faces.sizes)
    last = np.zeros(len(numbers.positions), np.int64)
    last[numbers.faces.rows[:, 0]] = owner
    return groups if (last[numbers.faces.rows[:, 0]] == owner).all() else []


def _add(scene: Scene, title: str, part: Faces, numbers: _Data, slots: dict[int, int | None], report: Report) -> None:
    normals = numbers.normals
    if (part.rows[:, 2] >= 0).any() and (part.rows[:, 2] < 0).any():
        part, normals = _complete_normals(part, numbers)
    built = faces.build(part, numbers.positions, report)
    mesh, rows = built.mesh, built.vertices
    if (rows[:, 1] >= 0).any():
        uv = np.where(rows[:, 1:2] >= 0, numbers.texcoords[rows[:, 1]], 0.0)
        mesh.texcoords = [np.stack([uv[:, 0], 1 - uv[:, 1]], axis=1).astype(np.float32)]
    if (rows[:, 2] >= 0).all():
        mesh.normals = unit(normals[rows[:, 2]])
    if numbers.colors is not None:
        mesh.colors = np.ones((len(rows), 4), np.float32)
        mesh.colors[:, :3] = to_linear(numbers.colors[rows[:, 0]])
    for primitive in mesh.primitives:
        primitive.material = slots[int(primitive.slot)]
    scene.nodes.append(SceneNode(name=title, mesh=len(scene.meshes)))
    scene.meshes.append(SceneMesh(title, weld.compact(mesh)))


def _complete_normals(part: Faces, numbers: _Data) -> tuple[Faces, NDArray[np.float64]]:
    """Corners without a normal get that of their face."""
    flat = faces.face_normals(part.sizes, numbers.positions[part.rows[:, 0]])
    rows = part.rows.copy()
    owner = np.repeat(np.arange(len(part.sizes)), part.sizes)
    rows[:, 2] = np.where(rows[:, 2] < 0, len(numbers.normals) + owner, rows[:, 2])
    return replace(part, rows=rows), np.concatenate([numbers.normals, flat])
