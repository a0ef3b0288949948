"""`export` on documents: what is visible or chosen, in its place, with its materials, at the wanted level."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from compute.errors import OperationError
from compute.formats import NamedFile, read
from compute.formats.transforms import world_matrices
from compute.scene import Scene
from crdt import nodes, resources, revisions
from crdt.document import new_id
from tests.support.gltf_builder import quad_file
from tests.support.operations import Studio
from tests.support.shapes import smooth, sphere


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def ball(studio) -> str:
    mesh = smooth(*sphere())
    mesh.primitives[0].slot = new_id()
    return studio.add_mesh(mesh, "Ball")


def export(studio: Studio, nodes_: list[str] | None = None, format: str = "glb", **options) -> Scene:
    target = {} if nodes_ is None else {"nodes": nodes_}
    result = studio.run("export", target, {"format": format, "options": options})
    data = studio.blobs[result["blob"]]
    assert result["bytes"] == len(data)
    return read([NamedFile(result["name"], data)])


def named(scene: Scene) -> list[str]:
    return [node.name for node in scene.nodes]


def test_everything_visible_by_default(studio, ball):
    top = nodes.add(studio.scene, name="Top")
    nodes.add(studio.scene, name="Shown", parent=top, mesh=ball)
    hidden = nodes.add(studio.scene, name="Hidden", parent=top, visible=False)
    nodes.add(studio.scene, name="Below the hidden one", parent=hidden, mesh=ball)
    gone = nodes.add(studio.scene, name="Trashed", mesh=ball)
    nodes.trash(studio.scene, [gone], "me")
    assert named(export(studio)) == ["Top", "Shown"]


def test_chosen_nodes_stay_in_their_place(studio, ball):
    outer = nodes.add(studio.scene, name="Outer", translation=(1, 2, 3), scale=(2, 2, 2))
    plain = nodes.add(studio.scene, name="Plain", parent=outer)
    chosen = nodes.add(studio.scene, name="Chosen", parent=plain, mesh=ball, translation=(1, 0, 0))
    nodes.add(studio.scene, name="Sibling", parent=outer, mesh=ball)
    scene = export(studio, [chosen])
    assert named(scene) == ["Outer", "Chosen"]
    assert np.allclose(world_matrices(scene.nodes)[1][:3, 3], (3, 2, 3))


def test_a_node_below_another_chosen_one_comes_once(studio, ball):
    top = nodes.add(studio.scene, name="Top", mesh=ball)
    child = nodes.add(studio.scene, name="Child", parent=top, mesh=ball)
    assert sorted(named(export(studio, [child, top]))) == ["Child", "Top"]


def test_slots_and_the_nodes_own_materials(studio, ball):
    red = resources.add_material(studio.scene, name="Red", baseColorFactor=(1, 0, 0, 1))
    blue = resources.add_material(studio.scene, name="Blue", baseColorFactor=(0, 0, 1, 1))
    [slot] = revisions.head(studio.scene, ball).slots
    resources.set_slot(studio.scene, ball, slot, red)
    nodes.add(studio.scene, name="As the mesh says", mesh=ball)
    own = nodes.add(studio.scene, name="Its own", mesh=ball)
    resources.set_override(studio.scene, own, slot, blue)
    scene = export(studio)
    colours = {
        node.name: scene.materials[scene.meshes[node.mesh].mesh.primitives[0].material]["name"] for node in scene.nodes
    }
    assert colours == {"As the mesh says": "Red", "Its own": "Blue"}


def test_lights_and_cameras(studio):
    light = resources.add_light(studio.scene, name="Lamp", type="spot", intensity=3.0)
    camera = resources.add_camera(studio.scene, name="Eye", yfov=0.5)
    nodes.add(studio.scene, name="L", light=light)
    nodes.add(studio.scene, name="C", camera=camera)
    scene = export(studio)
    assert scene.lights[0]["intensity"] == 3.0
    assert scene.cameras[0]["yfov"] == pytest.approx(0.5)


def test_dangling_references_are_left_out(studio, ball):
    """V2"""
    node = nodes.add(studio.scene, name="N", mesh=ball)
    [slot] = revisions.head(studio.scene, ball).slots
    resources.set_slot(studio.scene, ball, slot, "absentabsentabse")
    nodes.add(studio.scene, name="Nothing", mesh="absentabsentabse", light="absentabsentabse")
    scene = export(studio)
    assert named(scene) == ["N", "Nothing"]
    assert scene.meshes[0].mesh.primitives[0].material is None
    assert studio.scene.read("nodes", node).mesh == ball


def test_a_level_of_detail_or_the_next_finer_one(studio, ball):
    nodes.add(studio.scene, name="N", mesh=ball)
    built = studio.run("lod.chain", {"mesh": ball}, {"levels": {"1": {"ratio": 0.5}, "2": {"ratio": 0.25}}})["levels"]
    assert export(studio, level=2).meshes[0].mesh.triangle_count == built["2"]["triangles"]
    assert export(studio, level=5).meshes[0].mesh.triangle_count == built["2"]["triangles"]
    assert export(studio).meshes[0].mesh.triangle_count == revisions.head(studio.scene, ball).triangles


@pytest.mark.parametrize("format", ["glb", "obj", "stl", "ply"])
def test_every_format_reads_back_with_its_triangles(studio, ball, format):
    nodes.add(studio.scene, name="A", mesh=ball)
    nodes.add(studio.scene, name="B", mesh=ball, translation=(3, 0, 0))
    scene = export(studio, format=format)
    each = revisions.head(studio.scene, ball).triangles
    assert sum(scene.meshes[node.mesh].mesh.triangle_count for node in scene.nodes if node.mesh is not None) == 2 * each


def test_the_file_is_named_after_a_single_object(studio, ball):
    nodes.add(studio.scene, name="Red/Ball", mesh=ball)
    assert studio.run("export", {}, {"format": "stl"})["name"] == "Red_Ball.stl"


def test_hidden_objects_are_reported(studio, ball):
    top = nodes.add(studio.scene, name="T", mesh=ball)
    nodes.add(studio.scene, name="H", parent=top, visible=False)
    report = studio.run("export", {}, {"format": "glb"})["report"]
    assert [(line["kind"], line["what"], line["count"]) for line in report] == [("dropped", "hidden", 1)]


@pytest.mark.parametrize(
    ("chosen", "params", "code"),
    [
        (None, {"format": "glb"}, "nothing_to_export"),
        (["absentabsentabse"], {"format": "glb"}, "unknown_node"),
        (None, {"format": "fbx"}, "bad_job"),
        (None, {"format": "glb", "options": {"colour": 1}}, "bad_job"),
    ],
)
def test_refusals(studio, chosen, params, code):
    with pytest.raises(OperationError) as refused:
        studio.run("export", {} if chosen is None else {"nodes": chosen}, params)
    assert refused.value.code == code


def test_plain_is_the_same_mesh_without_compression(studio, ball):
    base = revisions.head(studio.scene, ball)
    result = studio.run("plain", {}, {"blob": base.geometry})
    assert b"EXT_meshopt_compression" in studio.blobs[base.geometry]
    assert b"EXT_meshopt_compression" not in studio.blobs[result["blob"]]
    assert np.array_equal(studio.geometry(result["blob"]).positions, studio.geometry(base.geometry).positions)


def coated() -> bytes:
    """A square whose texture 1, "coat", is named only inside an extension that we keep as data."""
    builder = quad_file()
    for name in ("paint", "coat"):
        builder.add("textures", {"source": builder.image(), "name": name})
    coat = {"clearcoatFactor": 0.5, "clearcoatTexture": {"index": 1, "texCoord": 1}}
    painted = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}
    builder.add("materials", painted | {"extensions": {"KHR_materials_clearcoat": coat}})
    builder.json["extensionsUsed"] = ["KHR_materials_clearcoat"]
    builder.json["meshes"][0]["primitives"][0]["material"] = 0
    return builder.glb()


def coat_of(material) -> dict:
    return material["extensions"]["KHR_materials_clearcoat"]["clearcoatTexture"]


def test_textures_inside_extensions_are_followed_into_the_document_and_back(studio):
    blob = hashlib.sha256(coated()).hexdigest()
    studio.put(coated(), blob)
    studio.run("import", {}, {"files": [{"name": "coat.glb", "blob": blob}]})
    [material] = (studio.scene.read("materials", id) for id in studio.scene.ids("materials"))
    inside = coat_of({"extensions": material.extensions})
    assert studio.scene.read("textures", inside["texture"]).name == "coat"
    scene = export(studio)
    assert scene.textures[coat_of(scene.materials[0])["texture"]].name == "coat"
    studio.scene.set("textures", inside["texture"], "trashed", {"by": "me", "at": 1})
    assert "clearcoatTexture" not in export(studio).materials[0]["extensions"]["KHR_materials_clearcoat"]
