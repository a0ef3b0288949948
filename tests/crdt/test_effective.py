"""The effective scene: hidden nodes and dangling references are absent, what is in use is there (V2, docs/api.md)."""

from crdt import lod, nodes, resources, revisions
from crdt.document import SceneDocument
from crdt.effective import effective_scene, stats
from crdt.schema import LodResult, Revision
from tests.vectors.ids import name

SHA = "a" * 64


def _mesh(scene: SceneDocument, mesh: str, triangles: int) -> str:
    resources.add_mesh(scene, id=mesh, name=mesh, slots={name("s"): None})
    revision = Revision(
        mesh=mesh,
        geometry=SHA,
        grid=-20,
        topology=name("t"),
        op="import",
        slots=[name("s")],
        positions=triangles + 2,
        vertices=triangles + 2,
        triangles=triangles,
        min=(0, 0, 0),
        max=(1, 1, 1),
        bytes=9,
    )
    revision_id = revisions.add_revision(scene, revision)
    revisions.set_head(scene, mesh, revision_id)
    return revision_id


def test_a_scene_as_people_see_it() -> None:
    scene = SceneDocument()
    chair = nodes.add(scene, name="Chair")
    leg = nodes.add(scene, name="Leg", parent=chair, mesh=name("used"))
    twin = nodes.add(scene, name="Twin", mesh=name("used"), light=name("gone"))
    gone = nodes.add(scene, name="Gone", mesh=name("hidden"))
    below = nodes.add(scene, name="Below", parent=gone)
    head = _mesh(scene, name("used"), 10)
    _mesh(scene, name("hidden"), 1000)
    for mesh in (name("used"), name("hidden")):
        scene.set("meshes", mesh, "trashed", {"by": "me", "at": 1})
    resources.add_material(scene, id=name("red"), name="Red")
    resources.set_override(scene, leg, name("s"), name("red"))
    resources.set_slot(scene, name("used"), name("s"), name("absent"))
    lod.put_result(scene, head, 2, LodResult(geometry=SHA, triangles=3, vertices=5, error=0.1, state="", bytes=4))
    nodes.trash(scene, [gone], "me")

    found = effective_scene(scene)
    assert set(found["nodes"]) == {chair, leg, twin}
    assert found["roots"] == [chair, twin]
    assert found["nodes"][chair]["children"] == [leg]
    assert found["nodes"][leg]["materials"] == {name("s"): name("red")}
    assert found["nodes"][twin]["light"] is None
    assert set(found["meshes"]) == {name("used")}
    mesh = found["meshes"][name("used")]
    assert (mesh["head"], mesh["geometry"], mesh["triangles"], mesh["slots"]) == (head, SHA, 10, {name("s"): None})
    assert mesh["lod"]["levels"]["1"]["ratio"] == 0.5
    assert found["lod"] == {f"{head}/2": mesh["levels"]["2"]}
    assert found["trash"] == [gone]
    assert below not in found["nodes"]
    assert found["stats"] == stats(scene) == {"nodes": 3, "meshes": 1, "vertices": 12, "triangles": 10}


def test_an_empty_scene() -> None:
    assert stats(SceneDocument()) == {"nodes": 0, "meshes": 0, "vertices": 0, "triangles": 0}
