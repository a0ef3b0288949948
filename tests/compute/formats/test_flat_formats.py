"""OBJ, STL and PLY: read, written and read again with the same shape, polygons, names and looks."""

import io
import zipfile

import numpy as np
import pytest

from compute import polygons
from compute.formats import NamedFile, ReadOptions, WriteOptions, read, write
from compute.formats.transforms import transformed, world_matrices
from compute.mesh import Mesh, Primitive
from compute.scene import Scene, SceneMesh, SceneNode
from tests.support.gltf_builder import png
from tests.support.meshes import corner_set, cube

MATERIAL = {
    "name": "steel", "baseColorFactor": (0.25, 0.5, 0.75, 0.5), "metallicFactor": 0.5, "roughnessFactor": 0.25,
    "emissiveFactor": (1.0, 0.5, 0.0), "emissiveStrength": 2.0, "alphaMode": "BLEND",
}  # fmt: skip


def read_one(name: str, text: str | bytes, **options) -> Scene:
    return read([NamedFile(name, text.encode() if isinstance(text, str) else text)], ReadOptions(**options))


def whats(scene: Scene) -> set[str]:
    return {e.what for e in scene.report}


def in_world(scene: Scene) -> list[tuple]:
    rows = []
    for node, world in zip(scene.nodes, world_matrices(scene.nodes), strict=True):
        if node.mesh is not None:
            rows += corner_set(transformed(scene.meshes[node.mesh].mesh, world), 5)
    return sorted(rows)


def test_an_obj_of_quads_and_n_gons_keeps_its_polygons_through_obj_and_ply():
    text = "o box\n" + "".join(f"v {x} {y} {z}\n" for x in (0, 1) for y in (0, 1) for z in (0, 1))
    text += "f 1 2 4 3\nf 5 7 8 6\nf 1 5 6 2\nf 3 4 8 7\nf 1 3 7 5\n"
    text += "v 3 0 0\nv 4 0 0\nv 5 1 0\nv 4 2 0\nv 3 2 0\nf -5 -4 -3 -2 -1\nf 2 6 8\n"
    scene = read_one("box.obj", text)
    (primitive,) = scene.meshes[0].mesh.primitives
    assert primitive.polygons.tolist() == [4, 4, 4, 4, 4, 5, 3]
    assert len(scene.meshes[0].mesh.positions) == 13
    for format in ("obj", "ply"):
        written = write(scene, format)
        back = read([NamedFile(written.name, written.data)])
        assert back.meshes[0].mesh.primitives[0].polygons.tolist() == primitive.polygons.tolist()
        assert in_world(back) == in_world(scene)


def test_position_ids_are_the_files_own():
    scene = read_one("two.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 0\nv 1 0 0\nv 0 -1 0\nf 1 2 3\nf 5 4 6\n")
    mesh = scene.meshes[0].mesh
    assert len(mesh.positions) == 6
    assert mesh.position_ids[mesh.triangles].tolist() == [[0, 1, 2], [4, 3, 5]]


def test_corners_of_all_forms_and_seams():
    text = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0.25\nvt 1 1\nvn 0 0 1\n"
    text += "f 1/1/1 2/2/1 3/3/1\nf 1/2/1 3/3/1 4/1/1\n"
    mesh = read_one("a.obj", text).meshes[0].mesh
    assert (len(mesh.positions), len(mesh.position_ids)) == (4, 5)
    assert mesh.texcoords[0][mesh.triangles[0]].tolist() == [[0, 1], [1, 0.75], [1, 0]]
    assert mesh.normals.tolist() == [[0, 0, 1]] * 5
    mixed = read_one("b.obj", text + "f 1 2 3\nf 1//1 2//1 3//1\nf 1/1 2/2 3/3\n").meshes[0].mesh
    assert mixed.triangle_count == 5
    assert np.allclose(np.abs(mixed.normals[:, 2]), 1)


def test_objects_groups_materials_colours_and_continued_lines():
    text = "mtllib a.mtl\no first\nv 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 0 1 0 0 0 1\nusemtl red\nf 1 2 \\\n 3 # a comment\n"
    text += "o second\nv 5 0 0 1 1 1\n  usemtl blue\n  f 1 2 4\r\n  usemtl red\n  f 2 3 4\n"
    files = [
        NamedFile("m/a.obj", text.encode()),
        NamedFile("m/a.mtl", b"newmtl red\nKd 1 0 0\nnewmtl blue\nKd 0 0 1\n"),
    ]
    scene = read(files)
    assert [n.name for n in scene.nodes] == ["first", "second"]
    assert [[p.material for p in m.mesh.primitives] for m in scene.meshes] == [[0], [1, 0]]
    assert [m["name"] for m in scene.materials] == ["red", "blue"]
    assert scene.meshes[0].mesh.colors.tolist() == [[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]]


def test_groups_become_objects_only_where_they_share_no_position():
    vertices = "".join(f"v {i} {i * i} 0\n" for i in range(6))
    apart = read_one("a.obj", vertices + "g one\nf 1 2 3\ng two\nf 4 5 6\ng one\nf 3 2 1\n")
    assert [(n.name, apart.meshes[n.mesh].mesh.triangle_count) for n in apart.nodes] == [("one", 2), ("two", 1)]
    assert len(read_one("b.obj", vertices + "g one\nf 1 2 3\ng two\nf 3 5 6\n").nodes) == 1


def test_materials_and_textures_go_through_obj():
    info = {"texture": 0, "texCoord": 0, "transform": {"offset": (0.25, 0.5), "rotation": 0.0, "scale": (2.0, 3.0)}}
    mtl = "newmtl steel\nmap_Kd -s 2 3 1 -o 0.25 -2.5 0 Tex\\my wood.PNG\nnorm -bm 0.5 TEX/n.png\nKd .25 .5 .75\n"
    mtl += "MAP_KE -clamp on n.png\nTr 0.5\nPm 0.5\nPr 0.25\nKe 2 1 0\nmap_Pr n.png\nmap_Pm n.png\n"
    files = [
        NamedFile("c.obj", b"mtllib C.MTL\nusemtl steel\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n"),
        NamedFile("c.mtl", mtl.encode()), NamedFile("tex/My Wood.png", png(3, 4)), NamedFile("tex/n.png", png()),
    ]  # fmt: skip
    scene = read(files)
    material = scene.materials[0]
    assert {k: material[k] for k in MATERIAL} == MATERIAL
    assert material["baseColorTexture"] == info
    assert material["normalTexture"]["scale"] == 0.5
    assert scene.textures[material["emissiveTexture"]["texture"]].wrapS == "CLAMP_TO_EDGE"
    assert [(i.width, i.height) for i in scene.images] == [(3, 4), (2, 2)]
    written = write(scene, "obj")
    names = zipfile.ZipFile(io.BytesIO(written.data)).namelist()
    assert [n.rsplit(".", 1)[1] for n in names] == ["obj", "mtl", "png", "png"]
    back = read([NamedFile(written.name, written.data)])
    for key in (*MATERIAL, "baseColorTexture"):
        assert back.materials[0][key] == material[key]
    packed = [s.textures[s.materials[0]["metallicRoughnessTexture"]["texture"]].image for s in (scene, back)]
    assert packed == [1, 1]
    assert [i.data for i in back.images] == [i.data for i in scene.images]


def test_what_did_not_come_along_with_an_obj_is_reported():
    scene = read_one("a.obj", "mtllib gone.mtl\nusemtl x\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    assert "missing_file" in whats(scene)
    assert scene.materials[0]["name"] == "x"


def placed(mesh: Mesh) -> Scene:
    """The mesh twice: turned and mirrored."""
    nodes = [
        SceneNode("one", mesh=0, translation=(1, 2, 3), rotation=(0.0, 0.6, 0.0, 0.8)),
        SceneNode("two", parent=0, mesh=0, translation=(5, 0, 0), scale=(-1, 2, 1)),
    ]
    return Scene(nodes=nodes, meshes=[SceneMesh("cube", mesh)], name="pair")


@pytest.mark.parametrize("format", ["obj", "ply", "stl"])
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("unit", [None, "inch"])
def test_world_shapes_survive_every_format(format, binary, unit):
    scene = placed(cube())
    written = write(scene, format, WriteOptions(binary=binary, unit=unit))
    back = read([NamedFile(written.name, written.data)])
    assert np.allclose(np.array(in_world(back)), np.array(in_world(scene)), atol=2e-5)
    assert sum(m.mesh.triangle_count for m in back.meshes) == 24
    assert sum(len(m.mesh.positions) for m in back.meshes) == 16
    assert "unit" not in whats(back)


def test_colours_and_normals_survive_ply():
    mesh = cube()
    mesh.colors = np.repeat(np.array([[0, 0.2, 1, 1], [1, 0.5, 0, 0.5]], np.float32), 12, axis=0)
    back = read([NamedFile("a.ply", write(Scene(nodes=[SceneNode(mesh=0)], meshes=[SceneMesh("", mesh)]), "ply").data)])
    found = back.meshes[0].mesh
    order = np.lexsort(np.round(np.concatenate([found.vertex_positions, found.normals], 1), 3).T)
    wanted = np.lexsort(np.round(np.concatenate([mesh.vertex_positions, mesh.normals], 1), 3).T)
    assert np.abs(found.colors[order] - mesh.colors[wanted]).max() < 0.01
    assert len(found.positions) == 8


@pytest.mark.parametrize("order", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_ply_of_mixed_faces_in_every_byte_order(order):
    """0─1─4   one quad, one triangle, and a property after the list"""
    points = [(0, 1, 0), (1, 1, 0), (0, 0, 0), (1, 0, 0), (2, 1, 0)]
    faces = [(0, 2, 3, 1), (1, 3, 4)]
    head = (
        f"ply\nformat {order} 1.0\ncomment x\nelement vertex 5\nproperty double x\nproperty float y\nproperty short z\n"
    )
    head += "element face 2\nproperty list uchar int vertex_index\nproperty uchar flag\nend_header\n"
    end = "<" if "little" in order else ">"
    if order == "ascii":
        body = "".join("{} {} {}\n".format(*p) for p in points)
        body += "".join(f"{len(f)} {' '.join(map(str, f))} 7\n" for f in faces)
        data = (head + body).encode()
    else:
        kind = np.dtype([("x", end + "f8"), ("y", end + "f4"), ("z", end + "i2")])
        data = head.encode() + np.array(points, kind).tobytes()
        for f in faces:
            data += bytes([len(f)]) + np.array(f, end + "i4").tobytes() + b"\7"
    mesh = read_one("a.ply", data).meshes[0].mesh
    assert mesh.primitives[0].polygons.tolist() == [4, 3]
    found = polygons.outlines(mesh.primitives[0].triangles, mesh.primitives[0].polygons)
    assert mesh.positions[mesh.position_ids[found.corners]].tolist()[-3:] == [[1, 1, 0], [1, 0, 0], [2, 1, 0]]


def test_ply_strips_turn_every_other_triangle():
    head = "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
    head += "element tristrips 1\nproperty list int int vertex_indices\nend_header\n"
    scene = read_one("s.ply", head + "0 0 0\n1 0 0\n0 1 0\n1 1 0\n8 0 1 2 3 -1 3 1 2\n")
    mesh = scene.meshes[0].mesh
    assert mesh.triangle_count == 3
    points = mesh.vertex_positions[mesh.triangles]
    turns = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])[:, 2]
    assert turns.tolist()[:2] == [1, 1]


def test_units_are_guessed_reported_and_overridden():
    part = write(placed(cube(30.0)), "stl").data
    bare = b"\0" * 80 + part[80:]
    guessed = read([NamedFile("a.stl", bare)])
    assert guessed.unit == "millimetre"
    notes = {entry.what: entry.text for entry in guessed.report if entry.kind == "note"}
    assert "60000" in notes["unit"]
    assert "millimetres" in notes["unit"]
    assert "Z was taken" in notes["up axis"]
    told = read([NamedFile("a.stl", bare)], ReadOptions(unit="inch", up="Y"))
    assert told.meshes[0].mesh.positions.max() == pytest.approx(guessed.meshes[0].mesh.positions.max() * 25.4)
    assert told.nodes[0].rotation == (0, 0, 0, 1)
    assert not {"unit", "up axis"} & whats(told)


def test_a_lying_extension_is_read_for_what_the_file_is():
    data = write(placed(cube()), "ply").data
    scene = read([NamedFile("model.stl", data)])
    assert "type_mismatch" in whats(scene)
    assert scene.meshes[0].mesh.triangle_count == 24


def test_several_models_come_under_one_node_each():
    files = [
        NamedFile("a.ply", write(placed(cube()), "ply").data),
        NamedFile("b.stl", write(placed(cube()), "stl").data),
    ]
    scene = read(files)
    assert [n.name for n in scene.nodes if n.parent is None] == ["a", "b"]
    assert [n.mesh for n in scene.nodes if n.mesh is not None] == [0, 1]


def test_far_and_small_keeps_a_millionth_of_its_extent_in_obj():
    mesh = cube(0.001)
    mesh.positions = mesh.positions + np.array([500_000.0, 0, 0])
    scene = Scene(nodes=[SceneNode(mesh=0)], meshes=[SceneMesh("far", mesh)])
    for format in ("obj", "ply"):
        written = write(scene, format)
        back = read([NamedFile(written.name, written.data)])
        assert np.abs(np.sort(back.meshes[0].mesh.positions, 0) - np.sort(mesh.positions, 0)).max() < 2e-9


def test_two_slots_of_one_mesh_stay_two_in_obj():
    mesh = cube()
    mesh.primitives = [Primitive("a", mesh.triangles[:6], material=0), Primitive("b", mesh.triangles[6:], material=1)]
    scene = Scene(
        nodes=[SceneNode(mesh=0)], meshes=[SceneMesh("m", mesh)], materials=[{"name": "x y"}, {"name": "x y"}]
    )
    written = write(scene, "obj")
    back = read([NamedFile(written.name, written.data)])
    assert [p.material for p in back.meshes[0].mesh.primitives] == [0, 1]
    assert [m["name"] for m in back.materials] == ["x_y", "x_y.2"]
