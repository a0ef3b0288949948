"""STL, binary and ASCII: triangle soup, welded by coincidence, in a unit that nobody states."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from compute.formats import text_numbers, units, weld
from compute.formats.files import METRES, ReadOptions, check_triangles, refuse
from compute.formats.gltf.checked import clean_name
from compute.formats.report import Report
from compute.formats.units import SYMBOLS
from compute.mesh import Mesh, Primitive
from compute.scene import Scene, SceneMesh, SceneNode

RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
MM_ABOVE = 1.0
"""STL comes from CAD and for printers: an extent of one or more means millimetres."""


def is_binary(data: bytes) -> bool:
    """By size: the count after the header must explain the file's length. Some binary files start with `solid` too."""
    return count_in_header(data[:84], len(data)) is not None or (len(data) >= 84 and not is_ascii(data))


def count_in_header(head: bytes, size: int) -> int | None:
    """The triangles of a binary STL of `size` bytes, None where its length says that it is none."""
    count = int.from_bytes(head[80:84], "little")
    return count if len(head) == 84 and size == 84 + count * RECORD.itemsize else None


def is_ascii(data: bytes) -> bool:
    head = data[:1024].lstrip()
    return head[:5].lower() == b"solid" and (b"facet" in head or b"endsolid" in head) and b"\0" not in head


def read_stl(data: bytes, name: str, options: ReadOptions) -> Scene:
    """One node with one mesh. Corners are (t, 3, 3) in the file's unit."""
    report = Report()
    if is_binary(data):
        corners, title = _binary(data, options, report), _header(data)
    else:
        corners, title = _ascii(data, options), data[:200].decode("utf-8", "replace").split("\n")[0]
    if not len(corners):
        refuse("no_geometry", "The STL holds no triangles.")
    bad = int((~np.isfinite(corners)).any(axis=(1, 2)).sum())
    if bad:
        refuse("positions_not_finite", f"{bad} of {len(corners)} triangles have corners that are NaN or infinite.")
    mesh = _welded(corners, report)
    scene = Scene(nodes=[SceneNode(name=name, mesh=0)], meshes=[SceneMesh(name, mesh)], name=name)
    scene.generator = clean_name(title)
    units.apply(scene, options, report, comment=title, mm_above=MM_ABOVE, habit="Z")
    scene.report = report.entries
    return scene


def _header(data: bytes) -> str:
    return data[:80].split(b"\0")[0].decode("latin-1")


def _binary(data: bytes, options: ReadOptions, report: Report) -> NDArray[np.float32]:
    count, there = int.from_bytes(data[80:84], "little"), (len(data) - 84) // RECORD.itemsize
    if count > there:
        refuse(
            "truncated_file",
            f"The STL names {count:,} triangles; its {len(data):,} bytes have room for {max(there, 0):,}.",
            "The file is cut off, or no STL.",
        )
    check_triangles(count, options)
    records = np.frombuffer(data, RECORD, count=count, offset=84)
    if records["attribute"].any():
        report.add("dropped", "attributes", "Attribute bytes of triangles (colours of some programs) were dropped.")
    return np.ascontiguousarray(records["corners"])


def _ascii(data: bytes, options: ReadOptions) -> NDArray[np.float32]:
    check_triangles(data.count(b"endfacet"), options)
    lines = text_numbers.Lines(data.lower() if b"VERTEX" in data or b"Vertex" in data else data)
    chosen = lines.choose(lines.begins(b"vertex"), len(b"vertex"))
    values = text_numbers.parse(chosen.text, np.float64, "invalid_stl", "The vertices of the STL")
    if (chosen.tokens != 3).any() or len(values) % 9 or len(values) != 3 * len(chosen.tokens):
        refuse("invalid_stl", "A vertex of the STL has not three numbers, or a triangle not three vertices.")
    if len(re.findall(rb"(?i)\bfacet\s+normal", data)) * 9 > len(values):
        refuse("truncated_file", "The STL ends inside a triangle.")
    return values.astype(np.float32).reshape(-1, 3, 3)


def _welded(corners: NDArray[np.float32], report: Report) -> Mesh:
    points = corners.reshape(-1, 3)
    ids, count = weld.coincident(points)
    triangles = ids.reshape(-1, 3)
    a, b, c = triangles.T
    flat = (a == b) | (b == c) | (c == a)
    if flat.any():
        report.add("dropped", "triangles", "Triangles with two equal corners were dropped.", int(flat.sum()))
    report.add("note", "weld", "Corners at the same place became one position: STL does not say which belong together.")
    positions = points[weld.first_of(ids, count)].astype(np.float64)
    mesh = Mesh(positions, np.arange(count, dtype=np.uint32), [Primitive("0", triangles[~flat])])
    return weld.compact(mesh)


# --- writing ---


def write_binary(points: NDArray[np.float64], unit: str, up: str) -> bytes:
    """A binary STL. points: (t, 3, 3) metres in the file's axes; the header says unit and up axis."""
    records = np.zeros(len(points), RECORD)
    records["corners"] = points / METRES[unit]
    records["normal"] = _normals(points)
    header = f"Maquette binary STL unit={SYMBOLS[unit]} up={up}".encode().ljust(80, b"\0")
    return header + len(records).to_bytes(4, "little") + records.tobytes()


def write_ascii(points: NDArray[np.float64], unit: str, up: str) -> bytes:
    """The same as text, with the digits that float32 needs."""
    corners = (points / METRES[unit]).astype(np.float32).reshape(-1, 9)
    rows = np.concatenate([_normals(points), corners], axis=1)
    vertex = "vertex %.9g %.9g %.9g\n"
    facet = f"facet normal %.6g %.6g %.6g\nouter loop\n{vertex * 3}endloop\nendfacet\n"
    body = (facet * len(rows)) % tuple(rows.ravel().tolist())
    return f"solid Maquette unit={SYMBOLS[unit]} up={up}\n{body}endsolid Maquette\n".encode()


def _normals(points: NDArray[np.float64]) -> NDArray[np.float32]:
    normals = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.divide(normals, length, where=length > 0, out=np.zeros_like(normals)).astype(np.float32)
