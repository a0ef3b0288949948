"""validation.json: which values fit which field (SPEC D6), how records read, and what `validate` lists (V1)."""

from typing import Any

from pycrdt import Map

from crdt.document import Document, SceneDocument, SessionDocument
from crdt.schema import SCENE_RECORDS, SESSION_RECORDS
from crdt.validation import validate
from crdt.values import containers, entry_is_valid, field_adapters, is_valid, value_adapter
from tests.vectors.ids import name

A, B, M, R, T = name("a"), name("b"), name("m"), name("r"), name("t")
SHA = "0123456789abcdef" * 4
REVISION = {
    "mesh": M,
    "geometry": SHA,
    "grid": -20,
    "topology": T,
    "op": "import",
    "slots": [name("s")],
    "positions": 3,
    "vertices": 3,
    "triangles": 1,
    "min": [0, 0, 0],
    "max": [1, 1, 0],
    "bytes": 400,
}
LEVEL = {"geometry": SHA, "triangles": 1, "vertices": 3, "error": 0.5, "state": "", "bytes": 9}

FIELDS: list[tuple[str, str, list[Any], list[Any]]] = [
    ("nodes", "name", ["", "Ä 𝄞", "x" * 256, "𝄞" * 256], [None, 1, "a\nb", "\x7f", "x" * 257, ["a"], True]),
    (
        "nodes",
        "translation",
        [[0, 0, 0], [1.5, -2, 1e300]],
        [[0, 0], [0, 0, 0, 0], [0, 0, "0"], [0, 0, None], [0, 0, True], "0,0,0", None, {}],
    ),
    (
        "nodes",
        "rotation",
        [[0, 0, 0, 1], [0.5, 0.5, 0.5, 0.5], [0, 0, 0, 1.0009], [0, 0, 0, -1]],
        [[0, 0, 0, 0], [0, 0, 0, 1.002], [1, 1, 1, 1], [0, 0, 1]],
    ),
    ("nodes", "scale", [[1, 1, 1], [0, -1, 2]], [[1, 1], 1, None]),
    ("nodes", "visible", [True, False], [0, 1, "true", None]),
    (
        "nodes",
        "trashed",
        [None, {"by": "", "at": 0}],
        [
            True,
            {},
            {"by": "x"},
            {"by": "x", "at": -1},
            {"by": "x", "at": 1.5},
            {"by": "x", "at": 1, "z": 1},
            {"by": 1, "at": 1},
        ],
    ),
    ("nodes", "mesh", [None, M], ["short", "x" * 17, "é" * 16, "a b-------------", 3, M + "\n"]),
    (
        "nodes",
        "source",
        [None, {"blob": SHA}, {"blob": SHA, "index": 3}, {"blob": SHA, "index": None}],
        [{}, {"blob": SHA.upper()}, {"blob": SHA[:63]}, {"blob": SHA, "index": -1}],
    ),
    ("nodes", "extras", [None, 1, "x", [1, [2]], {"a": {"b": None}}, False], []),
    ("nodes", "extensions", [{}, {"KHR_x": {"y": [1]}, "n": None}], [None, [], "x", 1]),
    ("materials", "baseColorFactor", [[0, 0.5, 1, 1]], [[0, 0, 1.1, 1], [0, 0, -0.1, 1], [0, 0, 0]]),
    ("materials", "metallicFactor", [0, 1, 0.5], [-0.001, 1.001, "1", None, True]),
    ("materials", "emissiveStrength", [0, 1e9], [-1]),
    ("materials", "alphaMode", ["OPAQUE", "MASK", "BLEND"], ["opaque", "", None, 0]),
    (
        "materials",
        "baseColorTexture",
        [
            None,
            {"texture": T},
            {
                "texture": T,
                "texCoord": 7,
                "transform": {"offset": [0, 1], "rotation": 0.1, "scale": [1, 1], "texCoord": 0},
                "extras": 1,
                "extensions": {},
            },
            {"texture": T, "transform": None},
        ],
        [
            {},
            {"texture": "x"},
            {"texture": T, "texCoord": 8},
            {"texture": T, "texCoord": 0.5},
            {"texture": T, "scale": 1},
            {"texture": T, "transform": {"offset": [0]}},
            T,
        ],
    ),
    (
        "materials",
        "normalTexture",
        [{"texture": T, "scale": -2.5}],
        [{"texture": T, "strength": 1}, {"texture": T, "scale": None}],
    ),
    ("materials", "occlusionTexture", [{"texture": T, "strength": 0.5}], [{"texture": T, "strength": 1.5}]),
    ("textures", "image", [None, SHA], ["x", SHA + "0"]),
    ("textures", "mimeType", ["image/png", "image/webp"], ["image/gif", None]),
    ("textures", "width", [0, 4096, 9007199254740991], [-1, 0.5, 9007199254740992, "1"]),
    ("textures", "minFilter", [None, "LINEAR"], ["linear"]),
    ("lights", "range", [None, 0.001], [0, -1]),
    ("lights", "type", ["directional", "point", "spot"], ["area"]),
    ("cameras", "yfov", [0.1], [0, None]),
    ("cameras", "xmag", [-1, 0], [None]),
    ("jobs", "state", ["queued", "awaiting_input"], ["done", None]),
    (
        "jobs",
        "error",
        [None, {"code": "x", "message": "y"}, {"code": "x", "message": "y", "hint": "z"}],
        [{"code": "x"}, "x"],
    ),
    ("jobs", "params", [{}, {"a": [1]}], [None, []]),
]
ENTRIES: list[tuple[str, str, list[tuple[str, Any]], list[tuple[str, Any]]]] = [
    (
        "nodes",
        "parents",
        [("root", [0, "a1"]), (A, [2147483648, "0"]), (A, [1, "z" * 512])],
        [
            ("x", [0, "a1"]),
            (A, [2147483649, "a1"]),
            (A, [-1, "a"]),
            (A, [0.5, "a"]),
            (A, [1, ""]),
            (A, [1, "z" * 513]),
            (A, [1, "a-"]),
            (A, None),
            (A, [True, "a"]),
        ],
    ),
    ("nodes", "materials", [(A, None), (A, B)], [("x", None), (A, "x"), (A, 1)]),
    ("meshes", "slots", [(A, None), (A, B)], [("x", None), (A, "x")]),
    (
        "meshes",
        "lod",
        [
            ("1", None),
            ("8", {}),
            ("2", {"ratio": 0.5}),
            ("3", {"triangles": 1, "error": 0, "coverage": 1}),
            ("auto", False),
            ("normalWeight", 10),
            ("0", "unknown keys are kept"),
            ("9", 1),
            ("profile", 1),
        ],
        [
            ("1", {"ratio": 0}),
            ("1", {"ratio": 1.1}),
            ("2", {"triangles": 0}),
            ("3", {"x": 1}),
            ("4", 1),
            ("auto", 1),
            ("auto", None),
            ("normalWeight", 10.5),
        ],
    ),
]
VALUES: list[tuple[str, list[Any], list[Any]]] = [
    (
        "revisions",
        [REVISION, {**REVISION, "parent": R, "origin": [1, 2, 3], "absorbed": None, "by": "x", "at": 1}],
        [
            {},
            None,
            {**REVISION, "grid": 41},
            {**REVISION, "grid": 0.5},
            {**REVISION, "slots": ["x"]},
            {**REVISION, "new": 1},
            {key: value for key, value in REVISION.items() if key != "op"},
        ],
    ),
    ("lod", [LEVEL], [{**LEVEL, "error": -1}, {**LEVEL, "triangles": 1.5}]),
    (
        "chat",
        [{"by": "a", "name": "n", "at": 1, "text": "x" * 4000}],
        [{"by": "a", "name": "n", "at": 1, "text": ""}, {"by": "a", "name": "n", "at": 1, "text": "x" * 4001}],
    ),
]

Content = dict[str, dict[str, Any]]
NODE = {"parents": {"root": [1, "a1"]}, "materials": {}}

DOCUMENTS: list[tuple[str, Content, list[list[Any]]]] = [
    ("a sound scene", {"nodes": {A: {**NODE, "name": "A", "newKey": {"kept": 1}}}, "meta": {"schema": 1}}, []),
    (
        "an ill-typed value",
        {"nodes": {A: {**NODE, "name": 3, "visible": "yes"}}},
        [["bad_value", "nodes", A, "name"], ["bad_value", "nodes", A, "visible"]],
    ),
    (
        "a plain value for a record",
        {"nodes": {A: 7}, "meshes": {M: [1]}},
        [["not_a_record", "meshes", M], ["not_a_record", "nodes", A]],
    ),
    ("an ill-formed id", {"materials": {"red": {}}}, [["bad_value", "materials", "red"]]),
    (
        "an ill-typed entry",
        {"nodes": {A: {"parents": {"root": [1, "a1"], B: "x"}, "materials": {}}}},
        [["bad_value", "nodes", A, "parents", B]],
    ),
    ("an ill-typed atomic value", {"revisions": {R: {"mesh": M}}}, [["bad_value", "revisions", R]]),
    (
        "ill-typed meta",
        {"meta": {"schema": "1", "generation": 0.5}},
        [["bad_value", "meta", "generation"], ["bad_value", "meta", "schema"]],
    ),
    (
        "dangling references",
        {
            "nodes": {
                A: {
                    **NODE,
                    "mesh": name("x1"),
                    "light": name("x2"),
                    "camera": name("x3"),
                    "materials": {name("s"): name("x4")},
                }
            },
            "meshes": {M: {"head": name("x5"), "slots": {name("s"): name("x6"), name("u"): None}, "lod": {}}},
            "materials": {name("mat"): {"normalTexture": {"texture": name("x7")}}},
            "revisions": {R: {**REVISION, "mesh": name("x8"), "parent": name("x9")}},
            "lod": {f"{name('y1')}/1": LEVEL},
        },
        [
            ["dangling", "lod", f"{name('y1')}/1"],
            ["dangling", "materials", name("mat"), "normalTexture"],
            ["dangling", "meshes", M, "head"],
            ["dangling", "meshes", M, "slots", name("s")],
            ["dangling", "nodes", A, "camera"],
            ["dangling", "nodes", A, "light"],
            ["dangling", "nodes", A, "materials", name("s")],
            ["dangling", "nodes", A, "mesh"],
            ["dangling", "revisions", R, "mesh"],
            ["dangling", "revisions", R, "parent"],
        ],
    ),
    (
        "a cycle",
        {
            "nodes": {
                A: {"parents": {"root": [1, "a1"], B: [2, "a1"]}, "materials": {}},
                B: {"parents": {"root": [1, "a1"], A: [2, "a1"]}, "materials": {}},
            }
        },
        [["cycle_broken", "nodes", A]],
    ),
    ("an orphan", {"nodes": {A: {"parents": {B: [1, "a1"]}, "materials": {}}}}, [["orphan", "nodes", A]]),
    ("no entry", {"nodes": {A: {"parents": {}, "materials": {}}}}, [["orphan", "nodes", A]]),
    (
        "an orphan with an older parent",
        {"nodes": {A: {"parents": {B: [2, "a1"], "root": [1, "a1"]}, "materials": {}}}},
        [["orphan", "nodes", A]],
    ),
    (
        "trashed targets are there",
        {"nodes": {A: {**NODE, "mesh": M}}, "meshes": {M: {"trashed": {"by": "", "at": 1}, "slots": {}, "lod": {}}}},
        [],
    ),
]
READS: list[tuple[str, dict[str, Any]]] = [
    ("nodes", {}),
    ("nodes", {**NODE, "name": 3, "translation": [1, 2, 3], "rotation": [1, 1, 1, 1], "newKey": [1]}),
    ("nodes", {"parents": {"root": [1, "a1"], "x": [1, "a1"], B: [0.5, "a"]}, "materials": {A: "x", B: None}}),
    ("nodes", {"parents": 5, "trashed": {"by": "x", "at": 1}}),
    ("meshes", {"lod": {"auto": 3, "1": {"ratio": 5}, "2": None, "new": 1}, "slots": {A: B}}),
    ("materials", {"alphaMode": "x", "baseColorTexture": {"texture": "x"}, "roughnessFactor": 0.25}),
    ("jobs", {"op": "import", "state": "running", "attempts": 1.5}),
]


def cases() -> dict[str, Any]:
    return {
        "fields": [case for row in FIELDS for case in _field_cases(*row)],
        "entries": [case for row in ENTRIES for case in _entry_cases(*row)],
        "values": [case for row in VALUES for case in _value_cases(*row)],
        "reads": [_read_case(root, record) for root, record in READS],
        "documents": [_document_case(*row) for row in DOCUMENTS],
    }


def _agreed(expected: bool, found: bool, what: Any) -> bool:
    if expected != found:
        raise AssertionError(f"{what}: expected {'to fit' if expected else 'a refusal'}")
    return expected


def _field_cases(root: str, key: str, good: list[Any], bad: list[Any]) -> list[dict[str, Any]]:
    adapter = field_adapters({**SCENE_RECORDS, **SESSION_RECORDS}[root])[key]
    rows = [*((value, True) for value in good), *((value, False) for value in bad)]
    fits = [_agreed(ok, is_valid(adapter, value), (root, key, value)) for value, ok in rows]
    return [{"root": root, "key": key, "value": value, "ok": ok} for (value, _), ok in zip(rows, fits, strict=True)]


def _entry_cases(root: str, container: str, good: list[Any], bad: list[Any]) -> list[dict[str, Any]]:
    model = SCENE_RECORDS[root]
    rows = [*((*entry, True) for entry in good), *((*entry, False) for entry in bad)]
    return [
        {
            "root": root,
            "container": container,
            "key": key,
            "value": value,
            "ok": _agreed(ok, entry_is_valid(model, container, key, value), (root, container, key, value)),
        }
        for key, value, ok in rows
    ]


def _value_cases(root: str, good: list[Any], bad: list[Any]) -> list[dict[str, Any]]:
    adapter = value_adapter({**SceneDocument.VALUES, **SessionDocument.VALUES}[root])
    rows = [*((value, True) for value in good), *((value, False) for value in bad)]
    return [
        {"root": root, "value": value, "ok": _agreed(ok, is_valid(adapter, value), (root, value))} for value, ok in rows
    ]


def _read_case(root: str, record: dict[str, Any]) -> dict[str, Any]:
    document = build(SessionDocument() if root == "jobs" else SceneDocument(), {root: {A: record}})
    return {"root": root, "record": record, "reads": document.read(root, A).model_dump(mode="json")}


def _document_case(title: str, content: Content, expected: list[list[Any]]) -> dict[str, Any]:
    found = [[issue.code, *issue.path] for issue in validate(build(SceneDocument(), content))]
    if sorted(found) != sorted(expected):
        raise AssertionError(f"{title}: {found}")
    return {"name": title, "content": content, "issues": sorted(expected)}


def build(document: Document, content: Content) -> Any:
    """A document with this content as a foreign writer would have made it: nothing is checked.

    An object under a root of records is a map; so is one under a container's key.
    """
    with document.transact("system"):
        for root, entries in content.items():
            for key, value in entries.items():
                document.map(root)[key] = _prelim(document, root, value)
    return document


def _prelim(document: Document, root: str, value: Any) -> Any:
    model = document.RECORDS.get(root)
    if model is None or not isinstance(value, dict):
        return value
    nested = containers(model)
    return Map({key: Map(item) if key in nested and isinstance(item, dict) else item for key, item in value.items()})
