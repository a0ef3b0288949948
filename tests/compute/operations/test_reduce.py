"""`simplify` on documents: a new revision of new topology, in place of the head or as a proposal."""

from __future__ import annotations

import pytest

from compute.errors import OperationError
from crdt import revisions
from crdt.document import new_id
from crdt.undo import Step, UndoStack
from tests.support.operations import Studio
from tests.support.shapes import plane, smooth, sphere


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def ball(studio) -> str:
    mesh = smooth(*sphere(40, 80))
    mesh.primitives[0].slot = new_id()
    return studio.add_mesh(mesh)


def test_the_newcomer_is_the_head_and_its_parent_the_former_one(studio, ball):
    before = studio.scene.read("meshes", ball).head
    result = studio.run("simplify", {"mesh": ball}, {"ratio": 0.25})
    head = revisions.head(studio.scene, ball)
    old = revisions.read(studio.scene, before)
    assert studio.scene.read("meshes", ball).head == result["revision"] != before
    assert (head.parent, head.op, head.by) == (before, "simplify", "asker")
    assert head.topology != old.topology
    assert (head.grid, head.slots) == (old.grid, old.slots)
    assert head.triangles == result["triangles"] == pytest.approx(old.triangles / 4, rel=0.1)
    assert head.positions == len(studio.geometry(head.geometry).positions) < old.positions
    assert not result["proposal"]


def test_a_head_that_moved_meanwhile_stays(studio, ball):
    def other() -> None:
        head = revisions.head(studio.scene, ball)
        sibling = revisions.add_revision(studio.scene, head.model_dump() | {"op": "other"})
        revisions.set_head(studio.scene, ball, sibling)

    result = studio.run("simplify", {"mesh": ball}, {"triangles": 300}, meanwhile=other)
    assert result["proposal"]
    assert revisions.head(studio.scene, ball).op == "other"
    assert revisions.read(studio.scene, result["revision"]).op == "simplify"


def test_undo_brings_the_former_head_back(studio, ball):
    before = studio.scene.read("meshes", ball).head
    result = studio.run("simplify", {"mesh": ball}, {"ratio": 0.5})
    stack = UndoStack(studio.scene)
    stack.push(Step.from_json(result["step"]))
    stack.undo()
    assert studio.scene.read("meshes", ball).head == before
    assert revisions.read(studio.scene, result["revision"]) is not None


def test_an_error_alone_says_how_far(studio, ball):
    fine = studio.run("simplify", {"mesh": ball}, {"error": 0.001}, job="a")
    studio.run("simplify", {"mesh": ball}, {"error": 0.02}, job="b")
    assert revisions.head(studio.scene, ball).triangles < fine["triangles"]


def test_locked_borders(studio):
    mesh = smooth(*plane(24))
    mesh.primitives[0].slot = new_id()
    sheet = studio.add_mesh(mesh)
    result = studio.run("simplify", {"mesh": sheet}, {"triangles": 10, "lockBorders": True})
    assert result["triangles"] >= 4 * 24 - 2
    assert result["error"] == pytest.approx(0, abs=1e-6)


def test_without_a_goal_it_is_refused(studio, ball):
    with pytest.raises(OperationError) as refused:
        studio.run("simplify", {"mesh": ball}, {})
    assert refused.value.code == "bad_job"
    assert "ratio" in refused.value.message
