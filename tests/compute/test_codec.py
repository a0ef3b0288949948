"""Geometry blobs: exact positions, kept ids, whole polygons, and nothing believed that a blob says."""

import hashlib

import numpy as np
import pytest

from compute import codec, polygons
from compute.errors import FileRefused, OperationError
from compute.formats.gltf.container import read_glb, write_glb
from compute.mesh import Mesh, Primitive
from tests.support.meshes import corner_set, cube, sheet

TOPOLOGY = "topologyAAAAAAAA"


def round_trip(mesh: Mesh, **options) -> tuple[codec.EncodedGeometry, Mesh]:
    encoded = codec.encode_geometry(mesh, topology=TOPOLOGY, **options)
    return encoded, codec.decode_geometry(encoded.blob)[0]


def test_positions_snap_to_the_grid_and_come_back_bit_for_bit():
    mesh = sheet(40)
    encoded, back = round_trip(mesh)
    step = 2.0**encoded.grid
    assert np.abs(back.positions - mesh.positions).max() <= step / 2
    again, twice = round_trip(back, grid=encoded.grid, origin=encoded.origin)
    assert np.array_equal(twice.positions, back.positions)
    assert (again.grid, again.min, again.max) == (encoded.grid, encoded.min, encoded.max)


def test_the_grid_is_the_smallest_that_fits_two_to_the_twenty_steps():
    for size in (1.0, 2.0, 2.0000001, 1e-3, 7.3, 5000.0):
        mesh = cube(size)
        grid, origin = codec.choose_grid(mesh.positions)
        reach = np.abs(mesh.positions).max()
        assert origin == (0, 0, 0)
        assert np.rint(reach / 2.0**grid) <= 2**20 < np.rint(reach / 2.0 ** (grid - 1))


def test_a_mesh_far_off_gets_an_origin_and_keeps_its_detail():
    mesh = cube(1.0)
    mesh.positions = mesh.positions + np.array([500_000.0, 0, -123_456.789])
    encoded, back = round_trip(mesh)
    step = 2.0**encoded.grid
    assert step <= 1e-6
    assert all(c % step == 0 for c in encoded.origin)
    assert np.abs(back.positions - mesh.positions).max() <= step / 2


def test_the_blob_is_named_by_its_bytes_and_the_same_input_gives_the_same_bytes():
    one, two = (codec.encode_geometry(cube(), topology=TOPOLOGY) for _ in range(2))
    assert one.sha256 == hashlib.sha256(one.blob).hexdigest() == two.sha256


def test_attributes_and_slots_survive():
    mesh = cube()
    mesh.texcoords.append(np.random.default_rng(3).random((24, 2)).astype(np.float32))
    mesh.colors = np.random.default_rng(4).random((24, 4)).astype(np.float32)
    mesh.primitives = [Primitive("one", mesh.triangles[:4]), Primitive("two", mesh.triangles[4:])]
    encoded, back = round_trip(mesh)
    assert encoded.slots == [p.slot for p in back.primitives] == ["one", "two"]

    def corners(m: Mesh) -> np.ndarray:
        order = m.triangles.ravel()
        rows = np.concatenate([m.position_ids[:, None], *m.texcoords, m.colors, np.round(m.normals)], axis=1)[order]
        return rows[np.lexsort(rows.T)]

    assert np.array_equal(corners(mesh), corners(back))
    assert np.abs(np.linalg.norm(back.normals, axis=1) - 1).max() < 1e-5


def test_polygons_move_whole_and_keep_their_outlines():
    mesh = cube()
    _, back = round_trip(mesh)

    def rings(m: Mesh) -> set[tuple[int, ...]]:
        found = polygons.outlines(m.primitives[0].triangles, m.primitives[0].polygons)
        ids = m.position_ids[found.corners].reshape(-1, 4).tolist()
        return {tuple(r[r.index(min(r)) :] + r[: r.index(min(r))]) for r in ids}

    assert back.primitives[0].polygons.tolist() == [4] * 6
    assert rings(back) == rings(mesh)


def test_a_position_that_no_triangle_uses_stays_in_a_base():
    mesh = sheet(3)
    mesh.primitives[0].triangles = mesh.primitives[0].triangles[:4]
    encoded, back = round_trip(mesh)
    assert encoded.positions == 16
    assert sorted(back.position_ids.tolist()) == list(range(16))
    assert np.abs(back.positions - mesh.positions).max() <= 2.0**encoded.grid / 2


def test_a_level_keeps_the_ids_and_exact_positions_of_its_base():
    base = sheet(20)
    encoded, decoded = round_trip(base)
    coarse = Mesh(decoded.positions, decoded.position_ids, [Primitive("s", decoded.triangles[::5])])
    level = codec.encode_geometry(coarse, topology="", level_of=encoded)
    back, info = codec.decode_geometry(level.blob)
    assert info.level
    assert (info.grid, info.topology, info.positions) == (encoded.grid, TOPOLOGY, encoded.positions)
    used = np.unique(back.position_ids)
    assert len(used) < encoded.positions
    assert np.array_equal(back.positions[used], decoded.positions[used])
    assert corner_set(back) == corner_set(coarse)


def test_a_level_of_another_base_is_refused():
    encoded, _ = round_trip(sheet(4))
    with pytest.raises(OperationError) as caught:
        codec.encode_geometry(sheet(5), topology="", level_of=encoded)
    assert caught.value.code == "wrong_base"


@pytest.mark.parametrize("mesh", [cube(), sheet(40)])
def test_plain_holds_the_same_mesh_without_the_extension(mesh):
    encoded, back = round_trip(mesh)
    loose = codec.plain(encoded.blob)
    document, _ = read_glb(loose)
    assert "EXT_meshopt_compression" not in str(document)
    assert len(document["buffers"]) == 1
    other, _ = codec.decode_geometry(loose)
    assert np.array_equal(other.positions, back.positions)
    assert np.array_equal(other.triangles, back.triangles)
    assert np.array_equal(other.normals, back.normals) if back.normals is not None else other.normals is None


def test_an_empty_mesh_and_a_single_point_are_geometries_too():
    empty = Mesh(np.zeros((0, 3)), np.zeros(0, np.uint32), [])
    _, back = round_trip(empty)
    assert (back.triangle_count, len(back.positions)) == (0, 0)
    flat = Mesh(np.array([[3.0, 4, 5]]), np.zeros(1, np.uint32), [Primitive("a", np.zeros((1, 3), np.uint32))])
    assert np.allclose(round_trip(flat)[1].positions, flat.positions, atol=1e-6)


def test_what_no_grid_can_hold_is_refused():
    mesh = cube()
    with pytest.raises(OperationError) as caught:
        codec.encode_geometry(mesh, topology=TOPOLOGY, grid=-40)
    assert caught.value.code == "grid_too_fine"
    mesh.positions[0, 0] = np.nan
    with pytest.raises(OperationError) as caught:
        codec.encode_geometry(mesh, topology=TOPOLOGY)
    assert caught.value.code == "positions_not_finite"


def mutations(document: dict) -> list[tuple[str, object]]:
    header = document["asset"]["extras"]["maquette"]
    return [
        ("no header", lambda: document["asset"].pop("extras")),
        ("fewer positions", lambda: header.update(positions=3)),
        ("more positions", lambda: header.update(positions=10**12)),
        ("grid", lambda: header.update(grid=900)),
        ("origin", lambda: header.update(origin=["x", 0, 0])),
        ("counts", lambda: document["accessors"][0].update(count=10**10)),
        ("no ids", lambda: [p["attributes"].pop("_POSITION_ID") for p in document["meshes"][0]["primitives"]]),
        ("indices", lambda: document["meshes"][0]["primitives"][0].update(indices=0)),
        ("polygons", lambda: document["meshes"][0]["primitives"][0]["extras"].update(polygons=0)),
    ]


@pytest.mark.parametrize("number", range(9))
def test_a_blob_that_lies_is_refused(number):
    document, binary = read_glb(codec.encode_geometry(cube(), topology=TOPOLOGY).blob)
    _, mutate = mutations(document)[number]
    mutate()
    with pytest.raises(FileRefused):
        codec.decode_geometry(write_glb(document, bytes(binary)))


def test_a_blob_cut_anywhere_is_refused():
    blob = codec.encode_geometry(sheet(20), topology=TOPOLOGY).blob
    for end in range(0, len(blob), 97):
        with pytest.raises(FileRefused):
            codec.decode_geometry(blob[:end])
