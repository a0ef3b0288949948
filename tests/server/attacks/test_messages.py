"""Messages that are none, and state vectors that are none."""

from __future__ import annotations

import pytest

from crdt.lib0 import encode_string
from crdt.messages import Hello, SyncStep1, encode
from tests.random.fuzz_structs import (
    uint,
)
from tests.server.attacks.conftest import Stage
from tests.server.attacks.raw import frame

MESSAGES: dict[str, tuple[bytes, str]] = {
    "nothing at all": (b"", "truncated"),
    "an unknown number": (b"\x07", "unknown_message"),
    "a number of three bytes": (b"\xff\xff\x03", "unknown_message"),
    "a number without end": (b"\xff" * 12, "number_too_large"),
    "a sync message of kind 3": (b"\x00\x03\x00", "unknown_message"),
    "the reserved number of strokes": (b"\x67\x00", "unknown_message"),
    "a step 1 cut short": (b"\x00\x00\x05\x01", "truncated"),
    "a step 2 cut short": (b"\x00\x01\x05\x01", "truncated"),
    "an update cut short": (b"\x00\x02\x05\x01", "truncated"),
    "an update that claims 2^53 bytes": (b"\x00\x02" + uint(2**53 - 1), "truncated"),
    "bytes after the end": (b"\x03\x00", "trailing_bytes"),
    "a hello from a client": (b"\x64" + encode_string("{}"), "bad_json"),
    "a hello that would pass": (
        encode(Hello(9, 1, {}, "owner", False, 1)), "not_for_servers",
    ),
    "a saved from a client": (b"\x65\x01\x01", "not_for_servers"),
    "a refusal from a client": (b"\x66" + encode_string('{"code":"a","message":"b","hint":"c"}'), "not_for_servers"),
    "a notice from a client": (b"\x68" + encode_string('{"code":"a","message":"b","hint":"c"}'), "not_for_servers"),
    "a permission denied from a client": (b"\x02\x00" + encode_string("no"), "not_for_servers"),
    "a notice nested 100,000 deep": (b"\x68" + encode_string("[" * 100_000), "bad_json"),
    "a refusal that is no text": (b"\x66\x02\xc3\x28", "bad_text"),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
async def test_a_message_that_is_none(stage: Stage, name: str) -> None:
    message, refused = MESSAGES[name]
    eve = await stage.eve()
    await eve.message(message)
    end = await eve.ended()
    assert (end.code, end.refused) == (4400, refused)
    await stage.nobody_noticed()


async def test_a_text_message(stage: Stage) -> None:
    eve = await stage.eve()
    await eve.send(frame(b"hello", 1))
    end = await eve.ended()
    assert (end.code, end.refused) == (4400, "text_message")
    await stage.nobody_noticed()


STATE_VECTORS: dict[str, bytes] = {
    "of nothing": b"",
    "that claims 2^53 clients": uint(2**53 - 1),
    "of 60 bytes that claims 2^31 clients": uint(2**31 - 1) + bytes(55),
    "with a clock over 31 bits": b"\x01\x01" + uint(2**31),
    "with a client over 53 bits": b"\x01" + uint(2**60) + b"\x01",
    "cut short": b"\x02\x01\x01",
    "with bytes after the end": b"\x00\x00",
}


@pytest.mark.parametrize("name", STATE_VECTORS)
async def test_a_state_vector(stage: Stage, name: str) -> None:
    eve = await stage.eve()
    await eve.message(encode(SyncStep1(STATE_VECTORS[name])))
    end = await eve.ended()
    assert (end.code, end.refused) == (4409, "malformed_state_vector")
    await stage.nobody_noticed()
