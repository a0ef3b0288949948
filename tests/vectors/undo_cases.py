"""undo.json: scripts of edits, undos and redos (SPEC U), what each step holds and what the document ends as.

A script item is `{"by": "me" | "other", "edits": [[verb, …], …], "mergeKey"?}` (one transaction; only mine are pushed
on the stack; another's has the origin `remote`) or `{"do": "undo" | "redo"}`. `trace` holds, item by item, my step, or
the inverse step and the kept paths, or null; the order of changes and of kept paths means nothing. The clock stands
still at `clock` milliseconds. `expect` (path → value, null where the key is absent) was worked out by hand.
"""

from typing import Any

from crdt import moves, nodes
from crdt.document import SceneDocument
from crdt.steps import ABSENT
from crdt.undo import UndoStack
from tests.vectors.ids import name

CLOCK = 1_700_000_000_000
UNDO, REDO = {"do": "undo"}, {"do": "redo"}
A, B, C, M = name("a"), name("b"), name("c"), name("m")
MARK = {"by": "", "at": CLOCK}
TWO = [
    ["create", "nodes", A, {"name": "A", "parents": {"root": [1, "a1"]}}],
    ["create", "nodes", B, {"name": "B", "parents": {"root": [1, "a2"]}}],
]
THREE = [*TWO, ["create", "nodes", C, {"name": "C", "parents": {"root": [1, "a3"]}}]]
GEOMETRY = {
    "mesh": M, "geometry": "0" * 64, "grid": -20, "topology": name("t"), "op": "import", "slots": [], "positions": 3,
    "vertices": 3, "triangles": 1, "min": [0, 0, 0], "max": [1, 1, 0], "bytes": 400,
}  # fmt: skip


def me(*edits: list[Any], key: str | None = None) -> dict[str, Any]:
    item: dict[str, Any] = {"by": "me", "edits": list(edits)}
    return item if key is None else {**item, "mergeKey": key}


def other(*edits: list[Any]) -> dict[str, Any]:
    return {"by": "other", "edits": list(edits)}


def at(*path: str) -> str:
    return "/".join(path)


SCRIPTS: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    (
        "U3: a value goes back and forth",
        [other(*TWO), me(["set", "nodes", A, "name", "X"]), UNDO, REDO, UNDO],
        {at("nodes", A, "name"): "A"},
    ),
    (
        "U3: what another has changed since is kept",
        [other(*TWO), me(["set", "nodes", A, "name", "X"]), other(["set", "nodes", A, "name", "theirs"]), UNDO],
        {at("nodes", A, "name"): "theirs"},
    ),
    (
        "U3: another's equal value is no change",
        [other(*TWO), me(["set", "nodes", A, "name", "X"]), other(["set", "nodes", A, "name", "X"]), UNDO],
        {at("nodes", A, "name"): "A"},
    ),
    (
        "U3: half of a step is kept, half goes back; redo brings back the half",
        [
            other(*TWO),
            me(["set", "nodes", A, "name", "X"], ["set", "nodes", B, "name", "Y"]),
            other(["set", "nodes", A, "name", "theirs"]),
            UNDO,
            REDO,
        ],
        {at("nodes", A, "name"): "theirs", at("nodes", B, "name"): "Y"},
    ),
    (
        "U1: an absent key is absent again, which is not null",
        [other(*TWO), me(["set", "nodes", A, "mesh", None]), UNDO],
        {at("nodes", A, "mesh"): None},
    ),
    (
        "U1: within one transaction the first before and the last after count",
        [other(*TWO), me(["set", "nodes", A, "name", "X"], ["set", "nodes", A, "name", "Y"]), UNDO],
        {at("nodes", A, "name"): "A"},
    ),
    (
        "U1: numbers that are equal are one value",
        [other(*TWO), me(["set", "nodes", A, "translation", [1, 2.5, 0]]), UNDO, REDO],
        {at("nodes", A, "translation"): [1, 2.5, 0]},
    ),
    (
        "U3: a creation is undone by the trash and redone out of it; another's rename lives through both",
        [me(*TWO), other(["set", "nodes", A, "name", "theirs"]), UNDO, REDO],
        {at("nodes", A, "name"): "theirs", at("nodes", A, "trashed"): None},
    ),
    (
        "U3: a creation that another has trashed meanwhile stays trashed by them",
        [me(*TWO), other(["trash", [A], "them", 5]), UNDO],
        {at("nodes", A, "trashed"): {"by": "them", "at": 5}, at("nodes", B, "trashed"): MARK},
    ),
    (
        "U1: a revision counts as created; undo leaves it and takes back the head",
        [
            other(["create", "meshes", M, {"name": "Mesh"}]),
            me(["put", "revisions", name("r"), GEOMETRY], ["set", "meshes", M, "head", name("r")]),
            UNDO,
        ],
        {at("meshes", M, "head"): None, at("revisions", name("r")): GEOMETRY},
    ),
    (
        "U3: trash while another renames; undo brings back the node under its new name",
        [other(*TWO), me(["trash", [A], "me", 7]), other(["set", "nodes", A, "name", "theirs"]), UNDO],
        {at("nodes", A, "name"): "theirs", at("nodes", A, "trashed"): None},
    ),
    (
        "U3: an entry of a container",
        [
            other(["create", "meshes", M, {"slots": {name("s"): None}}]),
            me(["entry", "meshes", M, "slots", name("s"), name("red")], ["entry", "meshes", M, "lod", "auto", False]),
            UNDO,
        ],
        {at("meshes", M, "slots", name("s")): None, at("meshes", M, "lod", "auto"): None},
    ),
    (
        "U3: a move goes back by a move",
        [other(*TWO), me(["place", A, B, "a1"]), UNDO],
        {at("nodes", A, "parents", "root"): [3, "a1"], at("nodes", A, "parents", B): [2, "a1"]},
    ),
    (
        "T8: a reorder keeps the counter, its undo too",
        [other(*TWO), me(["place", A, "root", "a5"]), UNDO],
        {at("nodes", A, "parents", "root"): [1, "a1"]},
    ),
    (
        "U3: a move is kept where another has moved the node since",
        [other(*THREE), me(["place", A, B, "a1"]), other(["place", A, C, "a1"]), UNDO],
        {at("nodes", A, "parents", C): [3, "a1"], at("nodes", A, "parents", "root"): [1, "a1"]},
    ),
    (
        "U3: moving back into what is now below the node is kept",
        [
            other(*THREE, ["place", A, B, "a1"]),
            me(["place", A, "root", "a1"]),
            other(["place", B, A, "a1"]),
            UNDO,
        ],
        {at("nodes", A, "parents", "root"): [3, "a1"]},
    ),
    (
        "U3: two moves of one step that must go back in turn",
        [other(*TWO, ["place", B, A, "a1"]), me(["place", B, "root", "a2"], ["place", A, B, "a1"]), UNDO, REDO, UNDO],
        {},
    ),
    (
        "U1: what a move re-asserts makes no entry",
        [
            other(
                ["create", "nodes", A, {"parents": {"root": [1, "a1"], B: [2, "a1"]}}],
                ["create", "nodes", B, {"parents": {"root": [1, "a2"], A: [2, "a1"]}}],
                ["create", "nodes", C, {"parents": {"root": [1, "a3"]}}],
            ),
            me(["place", C, B, "a1"]),
            UNDO,
        ],
        {at("nodes", A, "parents", "root"): [3, "a1"], at("nodes", B, "parents", A): [2, "a1"]},
    ),
    (
        "U2: a new step forgets what was undone",
        [other(*TWO), me(["set", "nodes", A, "name", "X"]), UNDO, me(["set", "nodes", B, "name", "Y"]), REDO],
        {at("nodes", A, "name"): "A", at("nodes", B, "name"): "Y"},
    ),
    (
        "U2, U6: a drag is one step",
        [
            other(*TWO),
            me(["set", "nodes", A, "translation", [1, 0, 0]], key="drag"),
            me(["set", "nodes", A, "translation", [2, 0, 0]], ["set", "nodes", B, "name", "Y"], key="drag"),
            me(["set", "nodes", A, "translation", [3, 0, 0]], key="drag"),
            UNDO,
        ],
        {at("nodes", A, "translation"): None, at("nodes", B, "name"): "B"},
    ),
    (
        "U6: a drag that ends where it began leaves no step",
        [
            other(*TWO),
            me(["set", "nodes", B, "name", "Y"]),
            me(["place", A, B, "a1"], key="drag"),
            me(["place", A, "root", "a1"], key="drag"),
            UNDO,
        ],
        {at("nodes", B, "name"): "B"},
    ),
    (
        "U2: an undo in between ends the drag",
        [
            other(*TWO),
            me(["set", "nodes", A, "name", "1"], key="k"),
            UNDO,
            REDO,
            me(["set", "nodes", A, "name", "2"], key="k"),
            UNDO,
        ],
        {at("nodes", A, "name"): "1"},
    ),
]


def cases() -> list[dict[str, Any]]:
    return [_run(title, script, expect) for title, script, expect in SCRIPTS]


def _run(title: str, script: list[dict[str, Any]], expect: dict[str, Any]) -> dict[str, Any]:
    scene = SceneDocument()
    stack = UndoStack(scene, clock=lambda: CLOCK)
    trace = [_item(scene, stack, item) for item in script]
    found = {path: scene.value_at(tuple(path.split("/"))) for path in expect}
    wrong = {path: value for path, value in found.items() if (None if value is ABSENT else value) != expect[path]}
    if wrong:
        raise AssertionError(f"{title}: {wrong}")
    canonical = scene.canonical()
    return {"name": title, "clock": CLOCK, "script": script, "expect": expect, "trace": trace, "canonical": canonical}


def _item(scene: SceneDocument, stack: UndoStack, item: dict[str, Any]) -> Any:
    if "do" in item:
        outcome = stack.undo() if item["do"] == "undo" else stack.redo()
        return outcome and {"step": outcome.step.as_json(), "kept": [list(path) for path in outcome.kept]}
    mine = item["by"] == "me"
    with scene.transact("local" if mine else "remote", merge_key=item.get("mergeKey")) as step:
        for verb, *arguments in item["edits"]:
            VERBS[verb](scene, *arguments)
    stack.push(step)
    return {"step": step.as_json()} if mine else None


VERBS: dict[str, Any] = {
    "create": SceneDocument.create,
    "put": SceneDocument.put,
    "set": SceneDocument.set,
    "entry": SceneDocument.set_entry,
    "place": moves.place_at,
    "trash": nodes.trash,
    "restore": nodes.restore,
}
