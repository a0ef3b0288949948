"""Documents: records, checked writes, steps, replicas (SPEC D, U1)."""

import gc
import weakref

import pytest
from pycrdt import Map

from crdt import chat, jobs, lod, nodes, resources
from crdt.document import SceneDocument, SessionDocument
from crdt.errors import InvalidEdit, UnknownRecord, UpdateRefused
from crdt.schema import Node
from crdt.tree import build_tree
from tests.vectors.ids import name

A, B, C, M = name("a"), name("b"), name("c"), name("m")


@pytest.fixture
def scene() -> SceneDocument:
    scene = SceneDocument()
    nodes.add(scene, id=A, name="A")
    nodes.add(scene, id=B, name="B", parent=A)
    return scene


def test_a_record_is_written_with_all_its_containers(scene: SceneDocument) -> None:
    """D3."""
    record = scene.need("nodes", A)
    assert isinstance(record["parents"], Map)
    assert isinstance(record["materials"], Map)
    assert "visible" not in record


def test_a_second_write_to_a_record_is_refused(scene: SceneDocument) -> None:
    """D3."""
    with pytest.raises(InvalidEdit, match="id_taken"):
        scene.create("nodes", A, {})


def test_a_refused_write_changes_nothing(scene: SceneDocument) -> None:
    """D6, D7."""
    before = scene.update()
    for key, value in [("name", 3), ("parents", {}), ("colour", "red"), ("rotation", [0, 0, 0, 2]), ("extras", {1: 2})]:
        with pytest.raises(InvalidEdit):
            scene.set("nodes", A, key, value)
    with pytest.raises(UnknownRecord):
        scene.set("nodes", C, "name", "x")
    with pytest.raises(InvalidEdit):
        scene.unset("nodes", A, "parents")
    assert scene.update() == before


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800", b"x", {1: 2}, object()])
def test_what_json_cannot_hold_is_refused(scene: SceneDocument, value: object) -> None:
    """D6: also in fields of any type, where pycrdt would panic."""
    with pytest.raises(InvalidEdit, match="bad_value"):
        scene.set("nodes", A, "extras", value)


def test_unknown_keys_are_kept(scene: SceneDocument) -> None:
    """D6."""
    scene.need("nodes", A)["ours"] = {"x": 1}
    copy = nodes.duplicate(scene, A)
    assert scene.read("nodes", copy).model_extra == {"ours": {"x": 1}}


def test_a_later_schema_is_read_only(scene: SceneDocument) -> None:
    """D10."""
    scene.set_meta("schema", 2)
    assert scene.read("nodes", A).name == "A"
    with pytest.raises(InvalidEdit, match="schema_too_new"):
        scene.set("nodes", A, "name", "x")
    other = SceneDocument()
    other.apply(scene.update())
    assert other.canonical() == scene.canonical()


def test_a_fork_is_detached_and_comes_back_as_an_update(scene: SceneDocument) -> None:
    fork = scene.fork()
    before = fork.state_vector()
    fork.set("nodes", A, "name", "forked")
    assert scene.read("nodes", A).name == "A"
    assert fork.doc.client_id != scene.doc.client_id
    scene.apply(fork.update(before))
    assert scene.read("nodes", A).name == "forked"
    assert (scene.canonical(), scene.delete_set()) == (fork.canonical(), fork.delete_set())


def test_the_delete_set_tells_replicas_apart_that_the_state_vector_does_not(scene: SceneDocument) -> None:
    """D9."""
    nodes.trash(scene, [A], "me")
    other = scene.fork()
    nodes.restore(scene, [A])
    assert other.state_vector() == scene.state_vector()
    assert other.delete_set() != scene.delete_set()
    other.apply(scene.update(other.state_vector()))
    assert other.delete_set() == scene.delete_set()


def test_bytes_that_are_no_update_are_refused(scene: SceneDocument) -> None:
    with pytest.raises(UpdateRefused, match="bad_update"):
        scene.apply(b"\xff\xff\xff")


def test_steps_of_quiet_origins_are_empty(scene: SceneDocument) -> None:
    """U1."""
    with scene.transact("remote") as step:
        scene.set("nodes", A, "name", "x")
    assert not step


def test_an_inner_transaction_joins_the_outer_one(scene: SceneDocument) -> None:
    """U1."""
    with scene.transact() as outer:
        scene.set("nodes", A, "name", "x")
        with scene.transact("other") as inner:
            scene.set("nodes", B, "name", "y")
    assert inner is outer
    assert [change["path"] for change in outer.changes] == [["nodes", A, "name"], ["nodes", B, "name"]]


def test_what_was_written_before_an_exception_is_still_a_step(scene: SceneDocument) -> None:
    steps = []
    with pytest.raises(ZeroDivisionError), scene.transact() as step:  # noqa: PT012
        steps.append(step)
        scene.set("nodes", A, "name", "x")
        raise ZeroDivisionError
    assert steps[0].changes == [{"path": ["nodes", A, "name"], "before": "A", "after": "x"}]
    scene.set("nodes", A, "name", "y")


def test_the_index_follows_foreign_writers(scene: SceneDocument) -> None:
    """The incremental tree equals the rebuilt one."""
    assert scene.tree().children["root"] == [A]
    other = scene.fork()
    nodes.move(other, B, "root")
    nodes.trash(other, [B], "them")
    nodes.add(other, id=C, parent=B)
    scene.apply(other.update())
    fresh = other.fork()
    assert scene.tree() == fresh.tree() == build_tree(fresh.index.edges(), {B})


def test_a_document_with_an_index_is_freed(scene: SceneDocument) -> None:
    document = scene.fork()
    document.tree()
    gone = weakref.ref(document.doc)
    del document
    gc.collect()
    assert gone() is None


def test_moves_into_oneself_and_unknown_parents_are_refused(scene: SceneDocument) -> None:
    """T7."""
    for target in (A, B):
        with pytest.raises(InvalidEdit, match="move_into_itself"):
            nodes.move(scene, A, target)
    with pytest.raises(UnknownRecord):
        nodes.move(scene, A, C)


def test_a_counter_that_would_overflow_is_refused(scene: SceneDocument) -> None:
    """T7."""
    scene.set_entry("nodes", B, "parents", A, [2**31, "a1"])
    with pytest.raises(InvalidEdit, match="counter_exhausted"):
        nodes.move(scene, B, "root")


def test_siblings_are_placed_before_each_other(scene: SceneDocument) -> None:
    """T5, T8."""
    nodes.add(scene, id=C, before=A)
    assert scene.tree().children["root"] == [C, A]
    nodes.move(scene, A, "root", before=C)
    assert scene.tree().children["root"] == [A, C]
    assert scene.value_at(("nodes", A, "parents", "root"))[0] == 1


def test_duplicate_copies_what_lives_below(scene: SceneDocument) -> None:
    """T10."""
    nodes.add(scene, id=C, parent=A, name="C")
    nodes.add(scene, parent=C, name="deep")
    nodes.trash(scene, [B], "me")
    copy = nodes.duplicate(scene, A)
    tree = scene.tree()
    assert tree.children["root"] == [A, copy]
    names = [scene.read("nodes", node).name for node in tree.subtree(copy)]
    assert names == ["A", "C", "deep"]


def test_levels_of_detail_read_over_their_defaults(scene: SceneDocument) -> None:
    resources.add_mesh(scene, id=M)
    lod.set_setting(scene, M, "auto", False)
    lod.set_setting(scene, M, "1", None)
    lod.set_setting(scene, M, "7", {"triangles": 12})
    assert lod.settings(scene, M).auto is False
    assert list(lod.levels(scene, M)) == [2, 3, 4, 5, 7]
    with pytest.raises(InvalidEdit):
        lod.put_result(scene, name("r"), 9, {})


def test_jobs_are_asked_for_and_answered() -> None:
    """J1, J2."""
    session = SessionDocument()
    job = jobs.request(session, "import", {}, {"files": []}, "me", at=1)
    assert jobs.read(session, job).state == "queued"
    jobs.set_state(session, job, state="running", attempts=1)
    assert jobs.read(session, job).attempts == 1
    with pytest.raises(InvalidEdit, match="unknown_key"):
        jobs.set_state(session, job, op="export")
    assert jobs.can_become("running", "queued")
    assert not jobs.can_become("failed", "queued")


def test_chat_lines_stand_in_order() -> None:
    session = SessionDocument()
    chat.say(session, "u", "Ada", "second", at=2)
    chat.say(session, "u", "Ada", "first", at=1)
    assert [line.text for _, line in chat.lines(session)] == ["first", "second"]
    with pytest.raises(InvalidEdit):
        chat.say(session, "u", "Ada", "")


def test_reading_an_ill_typed_record_gives_defaults(scene: SceneDocument) -> None:
    """D6."""
    scene.need("nodes", A)["scale"] = "big"
    assert scene.read("nodes", A).scale == Node().scale
    assert scene.read("nodes", A).name == "A"
