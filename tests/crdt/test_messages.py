"""The wire: golden bytes that TypeScript reads too, and bytes that are no message."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt import messages
from crdt.errors import ProtocolError
from crdt.lib0 import Decoder, encode_string, encode_uint
from crdt.messages import Saved, Update, carried_update, decode, encode
from crdt.presence import decode_presence, encode_presence
from tests.vectors.generate_messages import MESSAGES, PATH, PRESENCE, REFUSED, vectors

GOLDEN = json.loads(PATH.read_text())


def test_the_golden_bytes_are_those_that_are_kept() -> None:
    assert vectors() == GOLDEN, "the wire changed: was that meant? python -m tests.vectors.generate_messages"


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_comes_back(name: str) -> None:
    assert decode(encode(MESSAGES[name])) == MESSAGES[name]


def test_every_message_has_a_vector() -> None:
    assert {type(message) for message in MESSAGES.values()} == set(messages.Message.__args__)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_message(name: str) -> None:
    with pytest.raises(ProtocolError):
        decode(bytes.fromhex(REFUSED[name]))


@pytest.mark.parametrize("name", PRESENCE)
def test_presence_comes_back(name: str) -> None:
    assert decode_presence(encode_presence(PRESENCE[name])) == PRESENCE[name]


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        message = decode(data)
    except ProtocolError:
        return
    assert decode(encode(message)) == message


@given(st.binary(max_size=300), st.binary(max_size=3), st.integers(0, 3))
def test_the_short_way_to_an_update_is_decode(update: bytes, more: bytes, cut: int) -> None:
    whole = encode(Update(update))
    for data in (whole, whole + more, whole[: len(whole) - cut], b"\x00\x02" + more, more):
        carried = carried_update(data)
        try:
            message = decode(data)
        except ProtocolError:
            message = None
        assert carried == (message.update if isinstance(message, Update) else None)


@given(st.integers(0, 2**53 - 1))
def test_numbers(value: int) -> None:
    decoder = Decoder(encode_uint(value))
    assert (decoder.uint(), decoder.remaining) == (value, 0)


@given(st.text())
def test_strings_are_counted_in_bytes(value: str) -> None:
    try:
        encoded = encode_string(value)
    except UnicodeEncodeError:
        return  # lone surrogates are no text
    decoder = Decoder(encoded)
    assert (decoder.string(), decoder.remaining) == (value, 0)


@pytest.mark.parametrize("value", [-1, 2**53])
def test_numbers_outside(value: int) -> None:
    with pytest.raises(ProtocolError, match="number_too_large"):
        encode(Saved(value, 0))


def test_a_count_that_lies_allocates_nothing() -> None:
    with pytest.raises(ProtocolError, match="count_too_large"):
        decode_presence(encode_uint(2**50) + b"\x01\x01\x02{}")


def test_stock_encoding_of_an_update() -> None:
    assert encode(Update(b"abc")) == b"\x00\x02\x03abc"
