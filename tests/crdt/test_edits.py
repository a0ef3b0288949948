"""Typed edits: one transaction, checked whole first (SPEC E)."""

from typing import Any

import pytest

from crdt.document import SceneDocument
from crdt.edits import apply_edits
from crdt.errors import InvalidEdit, MaquetteError
from crdt.nodes import add
from crdt.resources import add_mesh
from tests.vectors.ids import name

A, B, C, M, S = name("a"), name("b"), name("c"), name("m"), name("s")


@pytest.fixture
def scene() -> SceneDocument:
    scene = SceneDocument()
    add(scene, id=A, name="A")
    add(scene, id=B, name="B", parent=A)
    add_mesh(scene, id=M, name="M")
    return scene


def test_every_edit_is_applied_in_one_transaction(scene: SceneDocument) -> None:
    updates: list[bytes] = []
    subscription = scene.doc.observe(lambda event: updates.append(event.update))
    ids = apply_edits(
        scene,
        [
            {"edit": "node.add", "id": C, "name": "C", "parent": A, "mesh": M, "translation": [1, 2, 3]},
            {"edit": "texture.add", "id": name("tex"), "width": 4},
            {"edit": "material.add", "id": name("mat"), "name": "Red", "baseColorTexture": {"texture": name("tex")}},
            {"edit": "light.add", "id": name("light"), "type": "spot"},
            {"edit": "camera.add", "id": name("cam"), "yfov": 1},
            {"edit": "node.move", "node": C, "parent": "root", "before": A},
            {"edit": "node.set", "node": C, "key": "light", "value": name("light")},
            {"edit": "node.material", "node": C, "slot": S, "material": name("mat")},
            {"edit": "mesh.set", "mesh": M, "key": "name", "value": "Box"},
            {"edit": "mesh.slot", "mesh": M, "slot": S, "material": name("mat")},
            {"edit": "mesh.lod", "mesh": M, "key": "2", "value": {"ratio": 0.3}},
            {"edit": "material.set", "material": name("mat"), "key": "roughnessFactor", "value": 0.2},
            {"edit": "light.set", "light": name("light"), "key": "intensity", "value": 9},
            {"edit": "camera.set", "camera": name("cam"), "key": "znear", "value": 0.2},
            {"edit": "node.duplicate", "node": A, "id": name("copy")},
            {"edit": "node.trash", "nodes": [A, B]},
            {"edit": "node.restore", "nodes": [B]},
        ],
        by="me",
    )
    scene.doc.unobserve(subscription)
    assert len(updates) == 1
    assert [made for made in ids if made] == [C, name("tex"), name("mat"), name("light"), name("cam"), name("copy")]
    tree = scene.tree()
    assert tree.children["root"] == [C, A, name("copy")]
    assert scene.read("nodes", A).trashed.by == "me"
    assert scene.read("nodes", B).trashed is None
    assert scene.read("nodes", C).materials == {S: name("mat")}
    assert scene.read("meshes", M).name == "Box"
    assert scene.read("materials", name("mat")).roughnessFactor == 0.2


BAD: list[tuple[dict[str, Any], str]] = [
    ({"edit": "node.explode"}, "bad_edit"),
    ({"edit": "node.set", "node": A, "key": "parents", "value": {}}, "bad_edit"),
    ({"edit": "node.set", "node": A, "key": "trashed", "value": None}, "bad_edit"),
    ({"edit": "node.set", "node": A, "key": "name", "value": 3}, "bad_value"),
    ({"edit": "node.set", "node": A, "key": "mesh", "value": name("gone")}, "unknown_record"),
    ({"edit": "node.set", "node": name("gone"), "key": "name", "value": "x"}, "unknown_record"),
    ({"edit": "node.move", "node": A, "parent": B}, "move_into_itself"),
    ({"edit": "node.move", "node": B, "parent": name("gone")}, "unknown_record"),
    ({"edit": "node.move", "node": B, "parent": "root", "before": B}, "not_a_sibling"),
    ({"edit": "node.add", "id": A}, "id_taken"),
    ({"edit": "node.add", "id": "short"}, "bad_value"),
    ({"edit": "node.add", "scale": [1, 2]}, "bad_value"),
    ({"edit": "node.add", "colour": "red"}, "bad_edit"),
    ({"edit": "node.trash", "nodes": [A, name("gone")]}, "unknown_record"),
    ({"edit": "node.duplicate", "node": B, "id": A}, "id_taken"),
    ({"edit": "mesh.slot", "mesh": M, "slot": "x", "material": None}, "bad_value"),
    ({"edit": "mesh.lod", "mesh": M, "key": "9", "value": {}}, "bad_value"),
    ({"edit": "mesh.lod", "mesh": M, "key": "1", "value": {"ratio": 2}}, "bad_value"),
    ({"edit": "material.add", "colour": 1}, "unknown_key"),
    ({"edit": "material.add", "normalTexture": {"texture": name("gone")}}, "unknown_record"),
    ({"edit": "material.set", "material": name("gone"), "key": "name", "value": "x"}, "unknown_record"),
    ({"edit": "light.add", "intensity": float("nan")}, "bad_value"),
]


@pytest.mark.parametrize(("edit", "code"), BAD)
@pytest.mark.parametrize("alone", [True, False])
def test_a_refused_edit_leaves_everything_as_it_was(
    scene: SceneDocument, edit: dict[str, Any], code: str, alone: bool
) -> None:
    before = scene.canonical()
    good = {"edit": "node.set", "node": A, "key": "name", "value": "never"}
    with pytest.raises(MaquetteError) as raised:
        apply_edits(scene, [edit] if alone else [good, edit], by="me")
    assert raised.value.code == code
    assert scene.canonical() == before


def test_the_refusal_names_the_edit(scene: SceneDocument) -> None:
    good = {"edit": "node.set", "node": A, "key": "name", "value": "x"}
    with pytest.raises(InvalidEdit, match="name") as raised:
        apply_edits(scene, [good, {**good, "value": 1}], by="me")
    assert "Edit 1 (node.set)" in raised.value.hint


def test_no_edits_change_nothing(scene: SceneDocument) -> None:
    assert apply_edits(scene, [], by="me") == []
