"""Geometry blobs: the wire and storage form of one mesh (docs/geometry.md), written and read.

Encoding snaps positions to the grid, orders triangles and vertices for the GPU and compresses without loss; decoding
gives back the integers exactly. Normals are stored octahedral with 12 bits: within 0.001 of the given vectors.

    encoded = encode_geometry(mesh, topology=new_id())
    mesh, info = decode_geometry(encoded.blob)
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute import meshopt, polygons
from compute.errors import FileRefused, OperationError
from compute.formats.gltf import checked, container
from compute.formats.gltf.accessors import MESHOPT, Source, as_float
from compute.formats.gltf.buffers import BufferWriter
from compute.mesh import JsonObject, Mesh, Primitive

IMPORT_STEPS = 2**20
"""No coordinate of an imported mesh exceeds this many steps, so that strokes have room."""
MAX_STEPS = 2**24
"""No coordinate ever reaches this: float32 holds integers exactly only below it."""
MIN_GRID, MAX_GRID = -60, 40
NORMAL_BITS = 12

Vec3 = tuple[float, float, float]


@dataclass(frozen=True)
class GeometryInfo:
    """What a blob says about itself. positions: how many ids the id space has; a level uses a part of them."""

    grid: int
    origin: Vec3
    topology: str
    positions: int
    vertices: int
    triangles: int
    slots: list[str]
    min: Vec3
    max: Vec3
    """Bounds of the quantised positions, origin included."""
    level: bool


@dataclass(frozen=True)
class EncodedGeometry(GeometryInfo):
    blob: bytes
    sha256: str

    @property
    def bytes(self) -> int:
        return len(self.blob)


def encode_geometry(
    mesh: Mesh,
    *,
    topology: str,
    grid: int | None = None,
    origin: Vec3 | None = None,
    level_of: GeometryInfo | None = None,
) -> EncodedGeometry:
    """The blob of a mesh.

    grid, origin: as stated, else chosen from the bounds. level_of: the base whose grid, origin and id space a level
    keeps; then `mesh.position_ids` are the base's ids and only positions that a triangle uses are written. A base
    keeps every position, used or not. Raises OperationError: `positions_not_finite`, `grid_too_fine`, `wrong_base`.
    """
    if level_of is not None:
        grid, origin, topology = level_of.grid, level_of.origin, level_of.topology
        _check_base(mesh, level_of)
    _check_finite(mesh.positions)
    if grid is None:
        grid, chosen = choose_grid(mesh.positions)
        origin = chosen if origin is None else origin
    centre = (0.0, 0.0, 0.0) if origin is None else origin
    steps = _quantise(mesh.positions, grid, centre)
    ordered = _ordered(mesh, keep_all=level_of is None)
    info = _describe(ordered, steps, grid, centre, topology, level_of is not None)
    blob = _write(ordered, steps, info)
    return EncodedGeometry(**info.__dict__, blob=blob, sha256=hashlib.sha256(blob).hexdigest())


def choose_grid(positions: NDArray[np.float64]) -> tuple[int, Vec3]:
    """The smallest exponent for which no coordinate exceeds 2^20 steps, and the origin (zero unless far off)."""
    if len(positions) == 0:
        return MIN_GRID, (0.0, 0.0, 0.0)
    low, high = positions.min(axis=0), positions.max(axis=0)
    centre, half = (low + high) / 2, float((high - low).max()) / 2
    if float(np.abs(centre).max()) <= 8 * half:
        return _exponent(float(np.abs(positions).max())), (0.0, 0.0, 0.0)
    # one step of slack on the reach: rounding the origin moves it by up to half a step. A lone point keeps 53 bits.
    grid = max(_exponent(half * (1 + 2**-19)), _exponent(float(np.abs(centre).max())) - 32)
    x, y, z = (float(c) for c in np.rint(centre / 2.0**grid) * 2.0**grid)
    return grid, (x, y, z)


def _exponent(reach: float) -> int:
    if reach == 0:
        return MIN_GRID
    grid = math.frexp(reach)[1] - 21
    if round(reach / 2.0**grid) > IMPORT_STEPS:
        grid += 1
    return min(max(grid, MIN_GRID), MAX_GRID)


def _check_finite(positions: NDArray[np.float64]) -> None:
    if not np.isfinite(positions).all():
        bad = int((~np.isfinite(positions)).any(axis=1).sum())
        raise OperationError("positions_not_finite", f"{bad} positions are NaN or infinite; finite ones are expected.")


def _check_base(mesh: Mesh, base: GeometryInfo) -> None:
    if len(mesh.positions) != base.positions:
        raise OperationError(
            "wrong_base",
            f"The level has {len(mesh.positions)} positions, its base {base.positions}; ids are the base's.",
        )


def _quantise(positions: NDArray[np.float64], grid: int, origin: Vec3) -> NDArray[np.float64]:
    steps = np.rint((positions - origin) / 2.0**grid)
    if len(steps) and float(np.abs(steps).max()) >= MAX_STEPS:
        raise OperationError(
            "grid_too_fine",
            f"A coordinate is {np.abs(steps).max():.0f} steps of 2^{grid} from the origin; 2^24 is the end.",
        )
    return steps


def _ordered(mesh: Mesh, *, keep_all: bool) -> Mesh:
    """The same mesh: triangles in cache order (polygons whole), vertices in order of use, unused vertices gone.

    keep_all: a position that no triangle uses gets one vertex at the end, so that every id is in the blob.
    """
    count = len(mesh.position_ids)
    primitives = [_cache_order(p, count) for p in mesh.primitives]
    triangles = replace(mesh, primitives=primitives).triangles
    remap, used = meshopt.fetch_remap(triangles, count)
    source = np.empty(used, np.int64)
    kept = remap != 0xFFFFFFFF
    source[remap[kept]] = np.flatnonzero(kept)
    if keep_all:
        source = np.concatenate([source, _forgotten(mesh, source)])
    return Mesh(
        positions=mesh.positions,
        position_ids=mesh.position_ids[source],
        primitives=[replace(p, triangles=remap[p.triangles]) for p in primitives],
        normals=None if mesh.normals is None else mesh.normals[source],
        texcoords=[t[source] for t in mesh.texcoords],
        colors=None if mesh.colors is None else mesh.colors[source],
    )


def _forgotten(mesh: Mesh, source: NDArray[np.int64]) -> NDArray[np.int64]:
    """One vertex of each position that none of the vertices `source` has."""
    missing = np.ones(len(mesh.positions), bool)
    missing[mesh.position_ids[source]] = False
    vertices = np.flatnonzero(missing[mesh.position_ids])
    ids, first = np.unique(mesh.position_ids[vertices], return_index=True)
    if len(ids) != int(missing.sum()):
        raise OperationError(
            "position_without_vertex",
            f"{int(missing.sum()) - len(ids)} positions have no vertex; every position id needs one.",
        )
    return vertices[first]


def _cache_order(primitive: Primitive, vertex_count: int) -> Primitive:
    fast = meshopt.optimize_cache(primitive.triangles, vertex_count)
    if primitive.polygons is None or not len(primitive.polygons):
        return replace(primitive, triangles=fast, polygons=None)
    rank = _rank(primitive.triangles, fast)
    triangles, sizes = polygons.move_whole(primitive.triangles, primitive.polygons, rank)
    return replace(primitive, triangles=triangles, polygons=sizes)


def _rank(triangles: NDArray[np.uint32], reordered: NDArray[np.uint32]) -> NDArray[np.int64]:
    """(t,): where each triangle stands in `reordered` (the same rows in another order)."""
    before, after = np.lexsort(triangles.T), np.lexsort(reordered.T)
    rank = np.empty(len(triangles), np.int64)
    rank[before] = after
    return rank


def _describe(
    mesh: Mesh, steps: NDArray[np.float64], grid: int, origin: Vec3, topology: str, level: bool
) -> GeometryInfo:
    used = steps[mesh.position_ids] if level else steps
    low, high = (used.min(axis=0), used.max(axis=0)) if len(used) else (np.zeros(3), np.zeros(3))
    bounds = [tuple(float(c) for c in np.asarray(origin) + corner * 2.0**grid) for corner in (low, high)]
    return GeometryInfo(
        grid=grid, origin=origin, topology=topology, positions=len(mesh.positions), vertices=len(mesh.position_ids),
        triangles=mesh.triangle_count, slots=[p.slot for p in mesh.primitives], min=bounds[0], max=bounds[1],
        level=level,
    )  # fmt: skip


def _write(mesh: Mesh, steps: NDArray[np.float64], info: GeometryInfo) -> bytes:
    writer = BufferWriter(compress=True)
    points = (steps * 2.0**info.grid).astype(np.float32)[mesh.position_ids] + np.float32(0)  # + 0: no negative zeros
    ids = mesh.position_ids.astype("<u4").view("<u2").reshape(-1, 2)
    attributes = {"POSITION": writer.rows(points, bounds=True), "_POSITION_ID": writer.rows(ids)}
    used = {"KHR_mesh_quantization"} if mesh.normals is not None else set()
    if mesh.normals is not None:
        octahedral = meshopt.encode_filter_oct(mesh.normals, size=8, bits=NORMAL_BITS)
        attributes["NORMAL"] = writer.rows(octahedral, width=3, normalized=True, octahedral=True)
    for i, texcoord in enumerate(mesh.texcoords):
        attributes[f"TEXCOORD_{i}"] = writer.rows(texcoord.astype(np.float32, copy=False))
    if mesh.colors is not None:
        attributes["COLOR_0"] = writer.rows(mesh.colors.astype(np.float32, copy=False))
    primitives = [_write_primitive(p, attributes, writer, len(mesh.position_ids)) for p in mesh.primitives]
    document: JsonObject = {"asset": {"version": "2.0", "generator": "Maquette", "extras": {"maquette": _header(info)}}}
    if used:
        document["extensionsUsed"] = document["extensionsRequired"] = sorted(used)
    node: JsonObject = {"mesh": 0}
    if any(info.origin):
        node["translation"] = list(info.origin)
    if primitives:
        document |= {"scene": 0, "scenes": [{"nodes": [0]}], "nodes": [node], "meshes": [{"primitives": primitives}]}
    return container.write_glb(writer.finish(document), writer.binary)


def _header(info: GeometryInfo) -> JsonObject:
    header: JsonObject = {"version": 1, "grid": info.grid, "origin": list(info.origin), "positions": info.positions}
    header["topology"] = info.topology
    if info.level:
        header["level"] = True
    return header


def _write_primitive(
    primitive: Primitive, attributes: dict[str, int], writer: BufferWriter, vertex_count: int
) -> JsonObject:
    extras: JsonObject = {"slot": primitive.slot}
    if primitive.polygons is not None:
        extras["polygons"] = writer.view(primitive.polygons.astype("<u4").tobytes())
    return {
        "attributes": attributes,
        "indices": writer.indices(primitive.triangles, vertex_count),
        "mode": 4,
        "extras": extras,
    }


# --- reading ---


def decode_geometry(blob: bytes) -> tuple[Mesh, GeometryInfo]:
    """The mesh of a blob, plain or compressed. Positions are exactly `origin + q · step`, float64.

    `mesh.positions` has all of the id space: in a level, ids that it does not use stand at the origin.
    Blobs come from anyone: what does not hold together is FileRefused.
    """
    document, binary = container.read_glb(blob)
    source = open_source(document, binary)
    header = _read_header(document)
    primitives = [
        p for m in checked.objects(document, "meshes")[:1] for p in checked.objects(m, "primitives", "meshes[0]")
    ]
    attributes = _read_attributes(primitives, source) if primitives else {}
    positions, ids = _read_positions(attributes, header)
    normals = attributes.get("NORMAL")
    mesh = Mesh(
        positions=positions,
        position_ids=ids,
        primitives=[_read_primitive(p, source, len(ids), i) for i, p in enumerate(primitives)],
        normals=None if normals is None else _unit(normals[:, :3]),
        texcoords=[attributes[f"TEXCOORD_{i}"] for i in range(8) if f"TEXCOORD_{i}" in attributes],
        colors=attributes.get("COLOR_0"),
    )
    steps = (positions - header["origin"]) / 2.0 ** header["grid"]
    info = _describe(mesh, steps, header["grid"], header["origin"], header["topology"], header["level"])
    return mesh, info


def open_source(document: JsonObject, binary: memoryview) -> Source:
    """A document whose data lie in its own binary chunk only; further buffers are fallbacks."""
    count = len(checked.objects(document, "buffers"))
    return Source(document, [binary, *[None] * (count - 1)] if count else [])


def _refuse(message: str) -> None:
    raise FileRefused("not_a_geometry", message, "A geometry blob as described in docs/geometry.md is expected.")


def _read_header(document: JsonObject) -> JsonObject:
    asset = checked.obj(document, "asset", "")
    header = checked.obj(checked.obj(asset, "extras", "asset"), "maquette", "asset.extras")
    if header.get("version") != 1:
        _refuse(f"The GLB says version {header.get('version')!r} of our geometry form.")
    where = "asset.extras.maquette"
    grid = checked.integer(header, "grid", where, low=MIN_GRID)
    if grid > MAX_GRID:
        _refuse(f"The grid 2^{grid} is out of range.")
    return {
        "grid": grid,
        "origin": checked.numbers(header, "origin", where, (0.0, 0.0, 0.0)),
        "positions": checked.integer(header, "positions", where),
        "topology": checked.text(header, "topology", where),
        "level": checked.boolean(header, "level", where),
    }


def _read_attributes(primitives: list[JsonObject], source: Source) -> dict[str, NDArray]:
    numbers = checked.obj(primitives[0], "attributes", "meshes[0].primitives[0]")
    if any(p.get("attributes") != numbers for p in primitives):
        _refuse("The primitives do not share one set of vertices.")
    result = {}
    for name in numbers:
        values, normalized = source.accessor(checked.integer(numbers, name, "attributes"))
        result[name] = values if name == "_POSITION_ID" else as_float(values, normalized)
    if len({len(v) for v in result.values()}) > 1 or "POSITION" not in result or "_POSITION_ID" not in result:
        _refuse("POSITION and _POSITION_ID must be there, and all attributes equally long.")
    return result


def _read_positions(
    attributes: dict[str, NDArray], header: JsonObject
) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
    count = header["positions"]
    if not attributes:
        if count:
            _refuse(f"{count} positions are named, but there is no primitive.")
        return np.zeros((0, 3)), np.zeros(0, np.uint32)
    halves = attributes["_POSITION_ID"].astype(np.uint32)
    ids = halves[:, 0] | (halves[:, 1] << np.uint32(16))
    vertices = len(ids)
    if (len(ids) and int(ids.max()) >= count) or count > (vertices if not header["level"] else 200_000_000):
        _refuse(f"{vertices} vertices with ids up to {int(ids.max())} do not fit {count} positions.")
    positions = np.zeros((count, 3))
    positions[ids] = attributes["POSITION"]
    if not np.isfinite(positions).all():
        _refuse("Positions are NaN or infinite.")
    return positions + header["origin"], ids


def _read_primitive(primitive: JsonObject, source: Source, vertex_count: int, number: int) -> Primitive:
    where = f"meshes[0].primitives[{number}]"
    indices, _ = source.accessor(checked.integer(primitive, "indices", where))
    if indices.size % 3 or (indices.size and int(indices.max()) >= vertex_count):
        _refuse(f"`{where}` has indices out of range of {vertex_count} vertices, or no whole triangles.")
    triangles = indices.astype(np.uint32, copy=False).reshape(-1, 3)
    extras = checked.obj(primitive, "extras", where)
    return Primitive(
        checked.text(extras, "slot", where), triangles, _read_polygons(extras, source, len(triangles), where)
    )


def _read_polygons(extras: JsonObject, source: Source, triangles: int, where: str) -> NDArray[np.uint32] | None:
    if "polygons" not in extras:
        return None
    data = source.view(checked.integer(extras, "polygons", where))
    sizes = np.frombuffer(data[: len(data) // 4 * 4], "<u4").astype(np.uint32)
    if len(sizes) and (int(sizes.min()) < 3 or int(sizes.astype(np.int64).sum()) - 2 * len(sizes) != triangles):
        _refuse(f"`{where}`: the polygons do not add up to {triangles} triangles.")
    return sizes


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(length > 0, length, 1)).astype(np.float32)


def plain(blob: bytes) -> bytes:
    """The same GLB without compression, for any tool: views unpacked, the fallback buffer and the extension gone."""
    document, binary = container.read_glb(blob)
    source = open_source(document, binary)
    views = checked.objects(document, "bufferViews")
    if not any(set(MESHOPT) & set(checked.obj(v, "extensions", "bufferViews")) for v in views):
        return blob
    writer = BufferWriter()
    for number, view in enumerate(views):
        kept = {k: v for k, v in view.items() if k not in ("buffer", "byteOffset", "byteLength", "extensions")}
        others = {k: v for k, v in checked.obj(view, "extensions", "bufferViews").items() if k not in MESHOPT}
        writer.view(bytes(source.view(number)), **kept, **({"extensions": others} if others else {}))
    result = {k: v for k, v in document.items() if k not in ("buffers", "bufferViews")}
    for key in ("extensionsUsed", "extensionsRequired"):
        result[key] = [e for e in checked.items(document, key) if e not in MESHOPT]
        if not result[key]:
            del result[key]
    writer.accessors = checked.objects(document, "accessors")
    return container.write_glb(writer.finish(result), writer.binary)
