"""Awareness as y-protocols means it."""

import pytest
from pycrdt import Awareness as StockAwareness
from pycrdt import Doc

from crdt.errors import ProtocolError
from crdt.presence import Awareness, PresenceEntry, decode_presence, encode_presence


def test_states_travel() -> None:
    ada, bob = Awareness(1), Awareness(2)
    assert bob.apply(ada.set_local({"user": {"name": "Ada"}})) == {1}
    assert bob.states == {1: {"user": {"name": "Ada"}}}
    assert bob.apply(ada.set_local(None)) == {1}
    assert bob.states == {}


def test_an_old_clock_changes_nothing() -> None:
    ada, bob = Awareness(1), Awareness(2)
    first, second = ada.set_local({"n": 1}), ada.set_local({"n": 2})
    bob.apply(second)
    assert bob.apply(first) == set()
    assert bob.states[1] == {"n": 2}


def test_at_the_same_clock_only_going_counts() -> None:
    bob = Awareness(2)
    bob.apply(encode_presence([PresenceEntry(1, 5, '{"n":1}')]))
    assert bob.apply(encode_presence([PresenceEntry(1, 5, '{"n":2}')])) == set()
    assert bob.apply(encode_presence([PresenceEntry(1, 5, None)])) == {1}
    assert bob.apply(encode_presence([PresenceEntry(1, 5, None)])) == set()


def test_nobody_changes_the_own_state_and_it_outruns_a_former_self() -> None:
    ada = Awareness(1)
    ada.set_local({"n": 1})
    assert ada.apply(encode_presence([PresenceEntry(1, 40, None)])) == set()
    assert ada.local == {"n": 1}
    assert decode_presence(ada.set_local({"n": 1}))[0].clock == 41


def test_a_state_is_small() -> None:
    with pytest.raises(ProtocolError, match="presence_too_large"):
        Awareness(1).set_local({"note": "ž" * 2045})


def test_after_a_lost_connection_nobody_is_here_and_all_can_come_back() -> None:
    ada, bob = Awareness(1), Awareness(2)
    update = ada.set_local({"n": 1})
    bob.set_local({})
    bob.apply(update)
    assert bob.forget_others() == {1}
    assert set(bob.states) == {2}
    assert bob.apply(update) == {1}, "also with the clock that was known"


@pytest.mark.parametrize("state", ["1", '"x"', "[]", "{", "[" * 3000, ""])
def test_a_state_is_an_object(state: str) -> None:
    with pytest.raises(ProtocolError, match="bad_presence"):
        decode_presence(encode_presence([PresenceEntry(1, 1, state)]))


def test_a_stock_awareness_understands() -> None:
    doc = Doc()
    stock, ours = StockAwareness(doc), Awareness(77)
    stock.apply_awareness_update(ours.set_local({"user": {"name": "Ada"}}), "test")
    assert stock.states[77] == {"user": {"name": "Ada"}}
    stock.set_local_state({"a": [1, 2.5, None]})
    ours.apply(stock.encode_awareness_update([doc.client_id]))
    assert ours.states[doc.client_id] == {"a": [1, 2.5, None]}
