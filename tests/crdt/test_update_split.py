"""Large updates in parts: each can be applied when it comes, and together they are the whole."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.document import SceneDocument
from crdt.errors import UpdateRefused
from crdt.nodes import add, trash
from crdt.update_reader import is_closed, read_state_vector, read_update
from crdt.update_split import OVERHEAD, split_update
from tests.random.fuzz_structs import NULL, over, structs, update
from tests.support.sync import state_of
from tests.vectors.generate import FOLDER


def grown(seed: int) -> SceneDocument:
    """What several people made, each over the others' values, deletes included."""
    chance = random.Random(seed)
    people = [SceneDocument() for _ in range(4)]
    for _ in range(60):
        person = chance.choice(people)
        nodes = person.ids("nodes")
        match chance.randrange(5):
            case 0:
                person.apply(chance.choice(people).update(person.state_vector()))
            case 1 | 2 if nodes:
                person.set("nodes", chance.choice(nodes), "name", str(chance.random()))
            case 3 if nodes:
                trash(person, [chance.choice(nodes)], "ada")
            case _:
                add(person, name="new")
    for person in people[1:]:
        people[0].apply(person.update())
    return people[0]


GROWN = [grown(seed) for seed in range(4)]


def applied(parts: list[bytes], document: SceneDocument) -> SceneDocument:
    """Part by part, as a room takes them."""
    state = read_state_vector(document.state_vector())
    for part in parts:
        summary = read_update(part)
        assert is_closed(summary, state)
        document.apply(part)
        summary.advance(state)
        assert read_state_vector(document.state_vector()) == state
    return document


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(GROWN), st.integers(1, 5000))
def test_the_parts_are_the_whole(document: SceneDocument, limit: int) -> None:
    whole = document.update()
    parts = split_update(whole, limit)
    assert state_of(applied(parts, SceneDocument())) == state_of(document)
    largest = max(len(part) for part in split_update(whole, 1))
    assert all(len(part) <= max(limit + OVERHEAD, largest) for part in parts)
    assert (len(parts) == 1) == (len(whole) <= limit) or limit + OVERHEAD > len(whole)


def test_what_a_replica_lacks_in_parts() -> None:
    document = GROWN[0]
    known = SceneDocument()
    known.apply(split_update(document.update(), 700)[0])
    parts = split_update(document.update(known.state_vector()), 300)
    assert len(parts) > 3
    assert state_of(applied(parts, known)) == state_of(document)


def test_what_can_never_be_applied_cannot_be_split() -> None:
    waiting = update([structs(1, 0, over((2, 0), NULL)), structs(2, 0, over((1, 0), NULL))])
    with pytest.raises(UpdateRefused, match="not_closed"):
        split_update(waiting, 5)
    with pytest.raises(UpdateRefused, match="malformed_update"):
        split_update(b"\x05" * 20, 5)


def test_the_shared_cases_say_what_they_are_named_for() -> None:
    cases = {case["name"]: case for case in json.loads((FOLDER / "split.json").read_text())}
    assert len(cases["smaller than the limit"]["parts"]) == len(cases["nothing"]["parts"]) == 1
    assert len(cases["a binary above the limit"]["parts"]) == 3
    in_turn = [bytes.fromhex(part) for part in cases["two that refer to each other in turn"]["parts"]]
    assert len(in_turn) == 3
    state: dict[int, int] = {}
    for part in in_turn:
        assert is_closed(read_update(part), state)
        read_update(part).advance(state)
    assert state == {5: 4, 8: 4}
