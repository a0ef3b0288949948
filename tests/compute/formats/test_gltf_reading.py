"""The corners of glTF that exporters use: layouts of accessors, modes of primitives, URIs, instances."""

import base64
import json

import numpy as np
import pytest

from compute import meshopt
from compute.formats import NamedFile, read
from compute.formats.transforms import compose, decompose, quaternion, world_matrices
from compute.scene import Scene
from tests.support.gltf_builder import QUAD, QUAD_TRIANGLES, GltfBuilder, png, quad_file
from tests.support.meshes import corner_set


def load(builder: GltfBuilder) -> Scene:
    return read([NamedFile("a.glb", builder.glb())])


def shape(builder: GltfBuilder) -> list:
    return corner_set(load(builder).meshes[0].mesh, 5)


SQUARE = shape(quad_file())


def test_interleaved_attributes():
    builder = GltfBuilder()
    rows = np.concatenate([QUAD, np.tile(np.float32([0, 0, 1]), (4, 1))], axis=1)
    view = builder.view(rows.tobytes(), byteStride=24)
    common = {"bufferView": view, "componentType": 5126, "count": 4, "type": "VEC3"}
    numbers = [builder.add("accessors", {**common, "byteOffset": offset}) for offset in (0, 12)]
    indices = builder.accessor(QUAD_TRIANGLES.ravel(), "uint8")
    primitive = {"attributes": {"POSITION": numbers[0], "NORMAL": numbers[1]}, "indices": indices}
    builder.node(mesh=builder.mesh(primitive))
    assert shape(builder) == SQUARE
    assert load(builder).meshes[0].mesh.normals.tolist() == [[0, 0, 1]] * 4


@pytest.mark.parametrize("base", [True, False])
def test_sparse_accessors(base):
    builder = quad_file()
    accessor = builder.json["accessors"][0]
    if base:
        moved = QUAD.copy()
        moved[2] = [9, 9, 9]
        accessor["bufferView"] = builder.view(moved.tobytes())
    else:
        del accessor["bufferView"]
    chosen = [2] if base else [1, 2, 3]
    accessor["sparse"] = {
        "count": len(chosen),
        "indices": {"bufferView": builder.view(np.array(chosen, np.uint16).tobytes()), "componentType": 5123},
        "values": {"bufferView": builder.view(QUAD[chosen].tobytes())},
    }
    assert shape(builder) == SQUARE


def test_quantised_positions_are_normalised():
    builder = GltfBuilder()
    stored = np.zeros((4, 4), np.int16)
    stored[:, :3] = QUAD * 32767
    view = builder.view(stored.tobytes(), byteStride=8)
    entry = {"bufferView": view, "componentType": 5122, "normalized": True, "count": 4, "type": "VEC3"}
    primitive = {"attributes": {"POSITION": builder.add("accessors", entry)}}
    primitive["indices"] = builder.accessor(QUAD_TRIANGLES.ravel(), "uint16")
    builder.json |= {"extensionsUsed": ["KHR_mesh_quantization"], "extensionsRequired": ["KHR_mesh_quantization"]}
    builder.node(mesh=builder.mesh(primitive))
    assert shape(builder) == SQUARE


@pytest.mark.parametrize("name", ["EXT_meshopt_compression", "KHR_meshopt_compression"])
def test_compressed_views(name):
    builder = quad_file()
    packed = meshopt.encode_vertices(QUAD)
    view = builder.json["bufferViews"][0]
    inner = {"buffer": 0, "byteLength": len(packed), "byteStride": 12, "count": 4, "mode": "ATTRIBUTES"}
    inner["byteOffset"] = builder.json["bufferViews"][builder.view(packed)]["byteOffset"]
    view |= {"buffer": 1, "byteOffset": 0, "extensions": {name: inner}}
    builder.json["extensionsRequired"] = [name]
    builder.json["buffers"] = [
        {"byteLength": len(builder.binary)},
        {"byteLength": 48, "extensions": {name: {"fallback": True}}},
    ]
    assert shape(builder) == SQUARE


@pytest.mark.parametrize(("mode", "indices"), [(5, [0, 1, 3, 2]), (6, [0, 1, 2, 3])])
def test_strips_and_fans_face_the_same_way(mode, indices):
    builder = GltfBuilder()
    builder.node(mesh=builder.mesh(builder.primitive(QUAD, indices) | {"mode": mode}))
    mesh = load(builder).meshes[0].mesh
    points = mesh.vertex_positions[mesh.triangles]
    assert (np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])[:, 2] > 0).all()
    assert mesh.triangle_count == 2


def test_points_and_lines_are_dropped_and_said():
    builder = quad_file()
    builder.json["meshes"][0]["primitives"].append(builder.primitive(QUAD) | {"mode": 0})
    builder.node(name="only lines", mesh=builder.mesh(builder.primitive(QUAD) | {"mode": 1}))
    scene = load(builder)
    assert [e.count for e in scene.report if e.what == "points and lines"] == [2]
    assert [n.mesh for n in scene.nodes] == [0, None]


def test_primitives_without_indices_are_closed_by_coincidence():
    builder = GltfBuilder()
    builder.node(mesh=builder.mesh(builder.primitive(QUAD[QUAD_TRIANGLES.ravel()])))
    mesh = load(builder).meshes[0].mesh
    assert (len(mesh.positions), len(mesh.position_ids)) == (4, 6)


def test_two_primitives_share_positions_along_their_seam():
    builder = GltfBuilder()
    lower, upper = (builder.primitive(QUAD[t], [0, 1, 2]) for t in QUAD_TRIANGLES)
    builder.node(mesh=builder.mesh(lower, upper))
    assert len(load(builder).meshes[0].mesh.positions) == 4


def test_a_primitive_without_normals_beside_one_with_is_shaded_flat():
    builder = GltfBuilder()
    up = np.tile(np.float32([0, 1, 0]), (4, 1))
    with_, without = builder.primitive(QUAD, QUAD_TRIANGLES, NORMAL=up), builder.primitive(QUAD + 5, QUAD_TRIANGLES)
    builder.node(mesh=builder.mesh(with_, without))
    mesh = load(builder).meshes[0].mesh
    one, two = (mesh.normals[p.triangles] for p in mesh.primitives)
    assert np.allclose(one, [0, 1, 0])
    assert np.allclose(two, [0, 0, 1])
    assert len(mesh.positions) == 8


def test_instances_become_nodes():
    builder = quad_file()
    places = builder.accessor([[0, 0, 0], [5, 0, 0], [0, 7, 0]])
    extension = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": places}}}
    builder.json["nodes"][0] |= {"extensions": extension, "scale": [2, 2, 2]}
    builder.json["extensionsRequired"] = ["EXT_mesh_gpu_instancing"]
    scene = load(builder)
    worlds = [
        w[:3, 3].tolist() for n, w in zip(scene.nodes, world_matrices(scene.nodes), strict=True) if n.mesh is not None
    ]
    assert worlds == [[0, 0, 0], [10, 0, 0], [0, 14, 0]]


def test_buffers_and_images_from_files_and_data_uris():
    builder = quad_file()
    builder.add("images", {"uri": "textures/a%20b.png"})
    builder.add("textures", {"source": 0})
    builder.glb()
    data = bytes(builder.binary)
    picture = NamedFile("textures/A b.png", png())
    builder.json["buffers"][0]["uri"] = "mesh.bin"
    files = [NamedFile("a.gltf", json.dumps(builder.json).encode()), NamedFile("mesh.bin", data), picture]
    assert corner_set(read(files).meshes[0].mesh, 5) == SQUARE
    builder.json["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    files = [NamedFile("a.gltf", json.dumps(builder.json).encode()), picture]
    assert corner_set(read(files).meshes[0].mesh, 5) == SQUARE


def test_only_the_default_scene_is_read():
    builder = quad_file()
    builder.node(name="other", mesh=builder.mesh(builder.primitive(QUAD, QUAD_TRIANGLES)))
    builder.json |= {"scene": 0, "scenes": [{"nodes": [0]}, {"nodes": [1]}]}
    scene = load(builder)
    assert [n.name for n in scene.nodes] == ["square"]
    assert len(scene.meshes) == 1
    assert {"scenes", "nodes", "meshes"} <= {e.what for e in scene.report}


def test_any_trs_comes_apart_as_it_was_put_together():
    generator = np.random.default_rng(11)
    for _ in range(200):
        rotation = generator.normal(size=4)
        rotation /= np.linalg.norm(rotation)
        matrix = compose(tuple(generator.normal(size=3)), tuple(rotation), tuple(generator.normal(size=3)))
        trs = decompose(matrix)
        assert np.allclose(compose(trs.translation, trs.rotation, trs.scale), matrix, atol=1e-12)


@pytest.mark.parametrize("scale", [(0, 1, 1), (0, 0, 2), (0, 0, 0), (-1, -1, -1)])
def test_flat_and_mirrored_matrices_are_trs_too(scale):
    matrix = compose((1, 2, 3), (0.5, 0.5, 0.5, 0.5), scale)
    trs = decompose(matrix)
    assert np.allclose(compose(trs.translation, trs.rotation, trs.scale), matrix)


def test_quaternions_of_half_turns():
    for axis in np.eye(3):
        rotation = 2 * np.outer(axis, axis) - np.eye(3)
        assert np.allclose(np.abs(quaternion(rotation)), [*axis, 0])
