"""canonical.json: values and their canonical text (SPEC D8), documents and what they hash to (D9)."""

import base64
from typing import Any

from pycrdt import Doc

from crdt.canonical import dumps
from crdt.document import SceneDocument
from crdt.moves import place_at
from crdt.nodes import add, restore, trash
from tests.vectors.ids import name

VALUES: list[tuple[Any, str]] = [
    (None, "null"),
    (True, "true"),
    (0, "0"),
    (-0.0, "0"),
    (1.0, "1"),
    (0.1, "0.1"),
    (-1.5, "-1.5"),
    (1e21, "1e+21"),
    (1e20, "100000000000000000000"),
    (123456789012345680000.0, "123456789012345680000"),
    (1.5e300, "1.5e+300"),
    (1e-6, "0.000001"),
    (1e-7, "1e-7"),
    (1.234e-9, "1.234e-9"),
    (5e-324, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
    (9007199254740991, "9007199254740991"),
    (4294967296.5, "4294967296.5"),
    (0.30000000000000004, "0.30000000000000004"),
    ("", '""'),
    ('"\\/', '"\\"\\\\/"'),
    ("\b\f\n\r\t\x00\x1f\x7f", '"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"'),
    ("é\u2028\u2029𝄞", '"é\u2028\u2029𝄞"'),
    ([], "[]"),
    ({}, "{}"),
    ([1, [2.5, "x"], {"b": None, "a": False}], '[1,[2.5,"x"],{"a":false,"b":null}]'),
    # U+FB01 sorts after U+1D11E by UTF-16 code units, though it is the smaller code point.
    ({"𝄞": 1, "ﬁ": 2, "a": 3, "B": 4, "10": 5, "9": 6}, '{"10":5,"9":6,"B":4,"a":3,"𝄞":1,"ﬁ":2}'),
]
"""Checked by hand against ECMAScript's Number::toString and JSON.stringify."""

BINARIES = [b"", b"\x00", b"\xff\xfe\xfd", bytes(range(256))]


def cases() -> dict[str, Any]:
    return {
        "values": [{"value": value, "text": text} for value, text in VALUES],
        "binaries": [{"bytes": list(value), "text": dumps(value)} for value in BINARIES],
        "documents": [_document_case(scene) for scene in _documents()],
    }


def _documents() -> list[SceneDocument]:
    # Objects with one key each: pycrdt writes the keys of an object in no fixed order.
    scene = SceneDocument(Doc(client_id=7))
    a, b = name("a"), name("b")
    add(scene, id=a, name="Ä", order="a1", translation=(1, -0.0, 1e-7), extras={"y": [1, {"deep": 2.5}]})
    add(scene, id=b, parent=a, order="a1", visible=False)
    empty = SceneDocument(Doc(client_id=8))
    other = SceneDocument(Doc(client_id=9))
    other.apply(scene.update())
    place_at(other, b, "root", "a0V")
    trash(other, [a], "someone", at=1)
    restore(other, [a])
    other.set("nodes", a, "name", "again")
    return [scene, empty, other]


def _document_case(scene: SceneDocument) -> dict[str, Any]:
    return {
        "update": base64.b64encode(scene.update()).decode(),
        "canonical": scene.canonical(),
        "hash": scene.hash(),
        "deleteSet": {str(client): ranges for client, ranges in scene.delete_set().items()},
    }
