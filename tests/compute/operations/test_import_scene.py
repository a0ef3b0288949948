"""`import` on documents: hierarchy, names, instances, slots, textures and levels arrive; a retry makes the same ids."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from compute.errors import FileRefused, OperationError
from compute.formats import NamedFile, read, write
from compute.operations import import_scene
from compute.operations.import_records import clean_name
from compute.scene import Scene, SceneMesh, SceneNode
from crdt import lod, nodes, revisions
from crdt.undo import Step, UndoStack
from crdt.validation import validate
from tests.support.assets import asset
from tests.support.gltf_builder import png, quad_file
from tests.support.meshes import cube
from tests.support.operations import Studio
from tests.support.shapes import plane, smooth, sphere, two_slots


@pytest.fixture
def studio() -> Studio:
    return Studio()


def bring(studio: Studio, *files: Path | tuple[str, bytes], job: str = "job-1", parent: str | None = None, **options):
    """Import files from the disk or from memory."""
    named = []
    for file in files:
        name, data = (file.name, file.read_bytes()) if isinstance(file, Path) else file
        named.append({"name": name, "blob": studio.put(data, hashlib.sha256(data).hexdigest())})
    target = {} if parent is None else {"parent": parent}
    return studio.run("import", target, {"files": named, "options": options}, job=job)


def glb(scene: Scene) -> tuple[str, bytes]:
    return "model.glb", write(scene, "glb").data


def material(name: str, color: tuple[float, ...]) -> dict:
    return {"name": name, "baseColorFactor": color}


def car() -> Scene:
    """A body and four wheels that share one mesh: two levels of hierarchy, two materials, one override."""
    wheel = smooth(*sphere(6, 8, radius=0.3))
    wheel.primitives[0].material = 0
    body = two_slots(cube(), np.arange(12) < 6)
    body.primitives[0].material, body.primitives[1].material = 1, 0
    return Scene(
        nodes=[
            SceneNode("Car", translation=(0, 0, 5)),
            SceneNode("Body", parent=0, mesh=0, scale=(2, 1, 1)),
            *(SceneNode(f"Wheel {i}", parent=0, mesh=1, translation=(i, 0, 0)) for i in range(4)),
        ],
        meshes=[SceneMesh("Body", body), SceneMesh("Wheel", wheel)],
        materials=[material("Rubber", (0, 0, 0, 1)), material("Paint", (1, 0, 0, 1))],
    )


def test_hierarchy_names_instances_and_materials(studio):
    result = bring(studio, glb(car()))
    [top] = result["nodes"]
    tree = studio.scene.tree()
    children = [studio.scene.read("nodes", node) for node in tree.children[top]]
    assert studio.scene.read("nodes", top).name == "Car"
    assert [child.name for child in children] == ["Body", "Wheel 0", "Wheel 1", "Wheel 2", "Wheel 3"]
    assert studio.scene.read("nodes", top).translation == (0, 0, 5)
    assert children[0].scale == (2, 1, 1)
    assert len({child.mesh for child in children[1:]}) == 1
    body = studio.scene.read("meshes", children[0].mesh)
    names = {studio.scene.read("materials", m).name for m in body.slots.values()}
    assert names == {"Rubber", "Paint"}
    assert set(body.slots) == set(revisions.head(studio.scene, children[0].mesh).slots)
    assert result["stats"]["meshes"] == 2
    assert result["stats"]["nodes"] == 6
    assert validate(studio.scene) == []


def test_the_geometry_is_the_files(studio):
    result = bring(studio, glb(car()))
    wheel = next(mesh for mesh in result["meshes"] if studio.scene.read("meshes", mesh).name == "Wheel")
    revision = revisions.head(studio.scene, wheel)
    mesh = studio.geometry(revision.geometry)
    before = car().meshes[1].mesh
    assert revision.triangles == before.triangle_count == mesh.triangle_count
    assert revision.positions == len(before.positions)
    assert np.abs(np.sort(mesh.positions, axis=0) - np.sort(before.positions, axis=0)).max() <= 2.0**revision.grid
    assert (revision.op, revision.by, revision.parent) == ("import", "asker", None)


def test_equal_shapes_are_one_mesh_and_differing_materials_overrides(studio):
    scene = car()
    second = smooth(*sphere(6, 8, radius=0.3))
    second.primitives[0].material = 1
    scene.meshes.append(SceneMesh("Spare", second))
    scene.nodes.append(SceneNode("Spare wheel", parent=0, mesh=2))
    result = bring(studio, glb(scene))
    assert len(result["meshes"]) == 2
    spare = next(
        record
        for record in (studio.scene.read("nodes", node) for node in studio.scene.ids("nodes"))
        if record.name == "Spare wheel"
    )
    [paint] = spare.materials.values()
    assert studio.scene.read("materials", paint).name == "Paint"


def test_several_roots_get_a_group_named_after_the_file(studio):
    scene = Scene(nodes=[SceneNode("A", mesh=0), SceneNode("B", mesh=0)], meshes=[SceneMesh("Cube", cube())])
    result = bring(studio, ("pair of cubes.glb", write(scene, "glb").data))
    [group] = result["nodes"]
    assert studio.scene.read("nodes", group).name == "pair of cubes"
    assert len(studio.scene.tree().children[group]) == 2


def test_below_a_chosen_parent(studio):
    shelf = nodes.add(studio.scene, name="Shelf")
    result = bring(studio, glb(car()), parent=shelf)
    assert studio.scene.tree().children[shelf] == result["nodes"]
    with pytest.raises(OperationError) as refused:
        bring(studio, glb(car()), parent="absentabsentabse")
    assert refused.value.code == "unknown_parent"


def test_a_retry_makes_the_same_ids(studio):
    """D2"""
    first = bring(studio, glb(car()))
    other = Studio()
    again = bring(other, glb(car()))
    assert first["nodes"] == again["nodes"]
    assert first["meshes"] == again["meshes"]
    assert studio.scene.ids("nodes") == other.scene.ids("nodes")
    assert set(bring(studio, glb(car()), job="job-2")["meshes"]).isdisjoint(first["meshes"])


def test_undo_trashes_the_top_node_and_redo_restores_it(studio):
    """U3, U5"""
    result = bring(studio, glb(car()))
    assert result["step"] == [{"create": ["nodes", result["nodes"][0]]}]
    stack = UndoStack(studio.scene)
    stack.push(Step.from_json(result["step"]))
    stack.undo()
    assert studio.scene.tree().hidden >= set(result["nodes"])
    stack.redo()
    assert not studio.scene.tree().hidden


def test_large_meshes_get_levels_by_themselves(studio, monkeypatch):
    monkeypatch.setattr(import_scene, "LEVELS_FROM", 2000)
    large, small = smooth(*sphere(40, 80)), smooth(*plane(8))
    scene = Scene(
        nodes=[SceneNode("Large", mesh=0), SceneNode("Small", mesh=1)],
        meshes=[SceneMesh("Large", large), SceneMesh("Small", small)],
    )
    result = bring(studio, glb(scene))
    by_name = {
        studio.scene.read("meshes", mesh).name: studio.scene.read("meshes", mesh).head for mesh in result["meshes"]
    }
    assert list(lod.results(studio.scene, by_name["Large"])) == [1, 2, 3, 4, 5]
    assert lod.results(studio.scene, by_name["Small"]) == {}
    level = lod.results(studio.scene, by_name["Large"])[2]
    base = studio.geometry(revisions.read(studio.scene, by_name["Large"]).geometry)
    mesh = studio.geometry(level.geometry)
    assert np.array_equal(mesh.vertex_positions, base.positions[mesh.position_ids])


@pytest.mark.parametrize(("wanted", "count"), [(True, 5), (False, 0), (None, 0)])
def test_levels_as_asked(studio, wanted, count):
    scene = Scene(nodes=[SceneNode("S", mesh=0)], meshes=[SceneMesh("S", smooth(*sphere()))])
    [mesh] = bring(studio, glb(scene), levels=wanted)["meshes"]
    assert len(lod.results(studio.scene, studio.scene.read("meshes", mesh).head)) == count


def test_names_are_cleaned():
    assert clean_name("  a\x00b\nc  ") == "a b c"
    assert clean_name("\ud800x") == "?x"
    assert clean_name("\x07", "Mesh") == "Mesh"
    assert len(clean_name("x" * 1000)) == 256


def test_ten_thousand_nodes_in_one_go(studio):
    count = 10_000
    scene = Scene(
        nodes=[SceneNode("Top"), *(SceneNode(f"N{i}", parent=0, mesh=0) for i in range(count))],
        meshes=[SceneMesh("Cube", cube())],
    )
    result = bring(studio, glb(scene))
    assert len(studio.scene.tree().children[result["nodes"][0]]) == count
    assert max(len(studio.scene.tree().order[node]) for node in studio.scene.ids("nodes")) <= 16


def test_what_is_no_model_is_refused(studio):
    with pytest.raises(FileRefused):
        bring(studio, ("letter.txt", b"Dear Sir or Madam"))


@pytest.mark.parametrize("name", ["BoxTextured.glb", "Duck.glb", "fandisk.obj", "featuretype.stl", "cycloidal.ply"])
def test_real_models(studio, name):
    result = bring(studio, asset(name))
    assert result["stats"]["triangles"] > 0
    assert validate(studio.scene) == []
    assert json.loads(json.dumps(result)) == result


def test_a_texture_is_a_blob_and_the_material_names_it(studio):
    bring(studio, asset("BoxTextured.glb"))
    [texture] = [studio.scene.read("textures", id) for id in studio.scene.ids("textures")]
    [box] = [studio.scene.read("materials", id) for id in studio.scene.ids("materials")]
    assert box.baseColorTexture.texture == studio.scene.ids("textures")[0]
    assert (texture.width, texture.height) == (256, 256)
    assert studio.blobs[texture.image].startswith((b"\x89PNG", b"\xff\xd8"))


def textured_square(image: bytes) -> bytes:
    builder = quad_file()
    view = builder.view(image)
    builder.add("images", {"bufferView": view, "mimeType": "image/png"})
    builder.add("textures", {"source": 0})
    builder.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}})
    builder.json["meshes"][0]["primitives"][0]["material"] = 0
    return builder.glb()


def test_a_texture_of_4096_pixels_goes_through_the_document_into_an_export(studio):
    image = png(4096, 4096, grey=True)
    bring(studio, ("square.glb", textured_square(image)))
    [texture] = [studio.scene.read("textures", id) for id in studio.scene.ids("textures")]
    assert (texture.width, texture.height, studio.blobs[texture.image]) == (4096, 4096, image)
    exported = studio.run("export", {}, {"format": "glb"})
    [back] = read([NamedFile("out.glb", studio.blobs[exported["blob"]])]).images
    assert back.data == image


def test_a_texture_of_8193_pixels_is_refused_with_its_size(studio):
    with pytest.raises(FileRefused, match="8193") as refused:
        bring(studio, ("square.glb", textured_square(png(8193, 1))))
    assert refused.value.code == "image_too_large"
    assert studio.scene.content() == {}


STANDING = """solid a
facet normal 0 -1 0
outer loop
vertex 0 0 0
vertex 10 0 0
vertex 0 0 300
endloop
endfacet
endsolid a
"""


@pytest.mark.parametrize(("options", "height"), [({}, 0.3), ({"unit": "inch", "up": "Y"}, 7.62)])
def test_unit_and_up_axis_are_guessed_and_reported_or_as_told(studio, options, height):
    result = bring(studio, ("part.stl", STANDING.encode()), **options)
    revision = revisions.head(studio.scene, result["meshes"][0])
    assert revision.max[2] - revision.min[2] == pytest.approx(height)
    assert (studio.scene.read("nodes", result["nodes"][0]).rotation == (0, 0, 0, 1)) is bool(options)
    notes = {entry["what"] for entry in result["report"] if entry["kind"] == "note"}
    assert {"unit", "up axis"} & notes == (set() if options else {"unit", "up axis"})
