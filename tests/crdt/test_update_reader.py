"""The reader that judges updates: it sees what is in them, and what it lets pass a document can hold."""

import random

import pytest
import y_py
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, merge_updates

from crdt.document import SceneDocument
from crdt.errors import ProtocolError, UpdateRefused
from crdt.lib0 import encode_string, encode_uint
from crdt.nodes import add
from crdt.schema import SCENE_ROOTS
from crdt.update_reader import UpdateSummary, check_roots, is_closed, read_state_vector, read_update
from crdt.update_walk import MAX_KEY, MAX_VALUE, USUAL, Walk


def clocks(doc: Doc) -> dict[int, int]:
    return read_state_vector(doc.get_state())


def history(seed: int, replicas: int = 3, steps: int = 40) -> list[bytes]:
    """Updates of several replicas that talk to each other, in the order in which they were made."""
    chance = random.Random(seed)
    documents = [SceneDocument() for _ in range(replicas)]
    updates: list[bytes] = []
    for _ in range(steps):
        document = chance.choice(documents)
        if chance.random() < 0.3:
            document.apply(chance.choice(documents).update(document.state_vector()))
            continue
        before = document.state_vector()
        nodes = document.ids("nodes")
        if nodes and chance.random() < 0.6:
            document.set("nodes", chance.choice(nodes), "name", str(chance.random()))
        else:
            add(document)
        updates.append(document.update(before))
    return updates


def test_it_sees_what_is_there() -> None:
    doc = Doc(client_id=9)
    nodes = doc.get("nodes", type=Map)
    nodes["a"] = Map({"name": "x", "values": [1, -2, 2.5, True, None, {"k": "v"}, b"\x00\x01"]})
    summary = read_update(doc.get_update())
    assert summary.ranges == {9: [(0, 3)]}
    assert (summary.roots, summary.deletes, summary.references) == ({"nodes"}, {}, [])
    before = doc.get_state()
    nodes["a"]["name"] = "y"
    summary = read_update(doc.get_update(before))
    assert summary.ranges == {9: [(3, 4)]}
    assert summary.deletes[9][0][1] - summary.deletes[9][0][0] == 1


def test_an_empty_exchange_is_empty() -> None:
    assert read_update(b"\x00\x00").is_empty
    assert is_closed(read_update(b"\x00\x00"), {})


@pytest.mark.parametrize("seed", range(5))
def test_closed_is_what_a_document_integrates(seed: int) -> None:
    """Deliver updates in any order: those judged closed leave nothing pending, the others would."""
    updates = history(seed)
    random.Random(seed).shuffle(updates)
    doc, state, refused = Doc(), {}, 0
    for update in updates:
        summary = read_update(update)
        if not is_closed(summary, state):
            refused += 1
            continue
        summary.advance(state)
        doc.apply_update(update)
        assert clocks(doc) == state
    assert refused, "the order was wrong somewhere"


def test_a_whole_state_of_many_clients_is_closed() -> None:
    doc = Doc()
    for update in history(11, replicas=6, steps=200):
        doc.apply_update(update)
    summary = read_update(doc.get_update())
    assert is_closed(summary, {})
    assert summary.references, "clients refer to each other"
    summary.advance(state := {})
    assert state == clocks(doc)


def test_a_hole_is_not_closed() -> None:
    doc = Doc(client_id=1)
    nodes = doc.get("nodes", type=Map)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    for n in range(3):
        nodes[str(n)] = n
    subscription.drop()
    gap = read_update(merge_updates(updates[0], updates[2]))
    assert gap.ranges == {1: [(0, 1), (2, 3)]}
    assert not is_closed(gap, {})
    assert is_closed(gap, {1: 2})


def test_a_delete_of_what_is_not_there_is_not_closed() -> None:
    doc = Doc(client_id=1)
    nodes = doc.get("nodes", type=Map)
    nodes["a"] = 1
    before = doc.get_state()
    del nodes["a"]
    summary = read_update(doc.get_update(before))
    assert (summary.ranges, is_closed(summary, {}), is_closed(summary, {1: 1})) == ({}, False, True)


def item(origin: tuple[int, int], value: bytes = b"\x08\x01\x7e") -> bytes:
    kind, content = value[0], value[1:]
    return bytes([0x80 | kind]) + encode_uint(origin[0]) + encode_uint(origin[1]) + content


def structs(client: int, clock: int, *items: bytes) -> bytes:
    return encode_uint(len(items)) + encode_uint(client) + encode_uint(clock) + b"".join(items)


def test_clients_that_wait_for_each_other_are_not_closed() -> None:
    """1:0 needs 2:0 needs 1:0: all is named, nothing can ever be integrated."""
    update = b"\x02" + structs(1, 0, item((2, 0))) + structs(2, 0, item((1, 0))) + b"\x00"
    assert not is_closed(read_update(update), {})
    assert is_closed(read_update(update), {1: 1, 2: 1}), "known already"


def test_clients_that_refer_to_each_other_in_turn_are_closed() -> None:
    root = b"\x28\x01" + encode_string("nodes") + encode_string("k") + b"\x01\x7e"
    update = b"\x02" + structs(2, 0, item((1, 0)), item((1, 1))) + structs(1, 0, root, item((2, 0))) + b"\x00"
    summary = read_update(update)
    assert is_closed(summary, {})
    doc = Doc()
    doc.apply_update(update)
    assert clocks(doc) == {1: 2, 2: 2}


MALFORMED = {
    "nothing": b"",
    "cut short": b"\x01\x01\x01\x00",
    "bytes after the end": b"\x00\x00\x00",
    "clients without end": b"\xff\xff\xff\xff\x0f\x00",
    "structs without end": b"\x01\xff\xff\xff\xff\x0f\x01\x00\x00",
    "a client twice": b"\x02" + structs(1, 0, item((2, 0))) + structs(1, 1, item((2, 0))) + b"\x00",
    "an item before itself": b"\x01" + structs(1, 0, item((1, 0))) + b"\x00",
    "a clock over 31 bits": b"\x01" + structs(1, 2**31, item((2, 0))) + b"\x00",
    "a struct of length 0": b"\x01" + structs(1, 0, b"\x00\x00") + b"\x00",
    "no values": b"\x01" + structs(1, 0, item((2, 0), b"\x08\x00")) + b"\x00",
    "values without end": b"\x01" + structs(1, 0, item((2, 0), b"\x08\xff\xff\xff\x7f")) + b"\x00",
    "an unknown value": b"\x01" + structs(1, 0, item((2, 0), b"\x08\x01\x10")) + b"\x00",
    "an unknown content": b"\x01" + structs(1, 0, item((2, 0), b"\x1f")) + b"\x00",
    "text that is not UTF-8": b"\x01" + structs(1, 0, item((2, 0), b"\x08\x01\x77\x02\xc3\x28")) + b"\x00",
    "a delete of nothing": b"\x00\x01\x01\x01\x05\x00",
    "a delete without end": b"\x00\x01\x01\x01\x05\xff\xff\xff\xff\x0f",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name: str) -> None:
    with pytest.raises(UpdateRefused, match="malformed_update"):
        read_update(MALFORMED[name])


def test_a_value_nested_too_deep() -> None:
    for opening in (b"\x75\x01", b"\x76\x01\x01a"):
        assert read_update(value(opening * 64 + b"\x7e")).ranges
        with pytest.raises(UpdateRefused, match="value_too_deep"):
            read_update(value(opening * 65 + b"\x7e"))
        with pytest.raises(UpdateRefused, match="value_too_deep"):
            read_update(value(opening * 100_000 + b"\x7e"))


def value(encoded: bytes) -> bytes:
    return b"\x01" + structs(1, 0, item((2, 0), b"\x08\x01" + encoded)) + b"\x00"


def test_a_value_too_large() -> None:
    def binary(size: int) -> bytes:
        return b"\x01" + structs(1, 0, item((2, 0), b"\x03" + encode_uint(size) + bytes(size))) + b"\x00"

    assert read_update(binary(MAX_VALUE - 64)).ranges
    with pytest.raises(UpdateRefused, match="value_too_large"):
        read_update(binary(MAX_VALUE))


@pytest.mark.parametrize("in_root", [True, False])
def test_a_key_too_long(in_root: bool) -> None:
    parent = b"\x01" + encode_string("nodes") if in_root else b"\x00\x02\x00"

    def under(key: str) -> bytes:
        return b"\x01" + structs(1, 0, b"\x28" + parent + encode_string(key) + b"\x01\x7e") + b"\x00"

    assert read_update(under("k" * MAX_KEY)).ranges
    with pytest.raises(UpdateRefused, match="key_too_long"):
        read_update(under("k" * (MAX_KEY + 1)))


def foreign(kind: str) -> bytes:
    doc = Doc()
    match kind:
        case "array root":
            doc.get("nodes", type=Array).append(1)
        case "text root":
            doc.get("nodes", type=Text).insert(0, "words")
        case "xml":
            doc.get("nodes", type=XmlFragment).children.append(XmlElement("p"))
        case "nested text":
            doc.get("nodes", type=Map)["a"] = Text("words")
        case "nested array":
            doc.get("nodes", type=Map)["a"] = Array([1])
        case "subdocument":
            doc.get("nodes", type=Map)["a"] = Doc()
    return doc.get_update()


@pytest.mark.parametrize("kind", ["array root", "text root", "xml", "nested text", "nested array", "subdocument"])
def test_types_that_no_document_holds(kind: str) -> None:
    with pytest.raises(UpdateRefused, match="type_not_allowed"):
        read_update(foreign(kind))


def test_roots() -> None:
    doc = Doc()
    doc.get("elsewhere", type=Map)["a"] = 1
    with pytest.raises(UpdateRefused, match="unknown_root"):
        check_roots(read_update(doc.get_update()), SCENE_ROOTS)


def test_what_other_libraries_write() -> None:
    doc = y_py.YDoc()
    nodes = doc.get_map("nodes")
    with doc.begin_transaction() as transaction:
        nodes.set(transaction, "a", "text")
        nodes.set(transaction, "b", {"c": [1, 2.5, None, True]})
        nodes.set(transaction, "m", y_py.YMap({"x": 1}))
    summary = read_update(y_py.encode_state_as_update(doc))
    assert (summary.roots, is_closed(summary, {})) == ({"nodes"}, True)


def sample() -> bytes:
    document = SceneDocument(Doc(client_id=5))
    node = add(document, id="chairchairchair0", name="chair", extras={"a": [1, 2.5, "x"], "b": None})
    document.set("nodes", node, "name", "stool")
    return document.update()


SAMPLE = sample()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=3))
def test_mutations_are_refused_or_harmless(changes: list[tuple[int, int]]) -> None:
    """Flip bytes of a real update: what still passes as closed, a document takes whole and stays readable."""
    mutated = bytearray(SAMPLE)
    for position, value in changes:
        mutated[position % len(mutated)] = value
    try:
        summary = read_update(bytes(mutated))
        check_roots(summary, SCENE_ROOTS)
    except UpdateRefused:
        return
    if is_closed(summary, {}):
        summary.advance(state := {})
        replica = SceneDocument()
        replica.doc.apply_update(bytes(mutated))
        assert clocks(replica.doc) == state
        replica.canonical()


def told(data: bytes, usual: bytes) -> UpdateSummary | str:
    try:
        return Walk(data, usual).run()
    except ProtocolError:
        return "malformed"
    except UpdateRefused as error:
        return error.code


WHOLE = [SAMPLE, *history(3, steps=12)]


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=3))
def test_the_flat_loop_reads_what_the_rest_reads(update: bytes, changes: list[tuple[int, int]]) -> None:
    """The loop for usual structs and the way of all others give the same summary, and refuse the same."""
    mutated = bytearray(update)
    for position, byte in changes:
        mutated[position % len(mutated)] = byte
    assert told(bytes(mutated), USUAL) == told(bytes(mutated), bytes(256))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for reader in (read_update, read_state_vector):
        try:
            reader(data)
        except UpdateRefused:
            continue
