"""Presence: of others, too deep, too large, none at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from crdt.messages import AwarenessUpdate, encode
from crdt.presence import PresenceEntry, encode_presence
from tests.random.fuzz_structs import (
    uint,
)
from tests.server.attacks.conftest import Stage
from tests.server.attacks.saying import EVE, shown


def one(state: str, clock: int = 1) -> bytes:
    return encode_presence([PresenceEntry(EVE, clock, state)])


PRESENCE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no JSON": (lambda: one("{"), "bad_presence"),
    "a list": (lambda: one("[]"), "bad_presence"),
    "NaN, which browsers cannot read": (lambda: one('{"x":NaN}'), "bad_presence"),
    "JSON 2,000 deep": (lambda: one("[" * 2000 + "]" * 2000), "bad_presence"),
    "an object 300 deep": (lambda: one('{"a":' * 300 + "1" + "}" * 300), "bad_presence"),
    "10^5 entries": (lambda: encode_presence([PresenceEntry(n, 1, None) for n in range(10**5)]), "bad_presence"),
    "10^6 promised entries": (lambda: uint(10**6) + bytes(100), "count_too_large"),
    "an update of 1.5 MB": (lambda: one("x" * 1_500_000), "bad_presence"),
    "a clock of 2^53 - 1": (lambda: one("{}", 2**53 - 1), "bad_presence"),
    "a client over 53 bits": (lambda: b"\x01" + uint(2**60) + b"\x01\x02{}", "number_too_large"),
    "text that is no UTF-8": (lambda: b"\x01\x05\x01\x02\xc3\x28", "bad_text"),
    "an entry cut short": (lambda: b"\x01\x05\x01\x09{}", "truncated"),
    "bytes after the end": (lambda: b"\x00\x00", "trailing_bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", PRESENCE)
async def test_a_presence_that_is_refused(stage: Stage, name: str) -> None:
    make, refused = PRESENCE[name]
    eve = await stage.eve()
    await eve.message(encode(AwarenessUpdate(make())))
    end = await eve.ended()
    assert (end.code, end.refused) == (4400, refused)
    await stage.nobody_noticed()


async def test_somebody_elses_presence_is_theirs(stage: Stage) -> None:
    ada, bob = stage.ada.awareness.client, stage.bob.awareness.client
    eve = await stage.eve()
    for state in (None, '{"user":{"name":"forged"}}'):
        await eve.message(
            encode(
                AwarenessUpdate(encode_presence([PresenceEntry(ada, 10**6, state), PresenceEntry(bob, 10**6, state)]))
            )
        )
    assert await eve.lives()
    await stage.nobody_noticed()


async def test_a_presence_under_anothers_name_is_corrected(stage: Stage) -> None:
    forged = {"user": {"id": "ada".ljust(16, "0"), "name": "ada", "color": "#000000", "kind": "person"}}
    eve = await stage.eve()
    await eve.message(shown(PresenceEntry(EVE, 1, json.dumps(forged))))
    async with asyncio.timeout(10):
        while EVE not in stage.bob.awareness.states:
            await asyncio.sleep(0.001)
    seen = stage.bob.awareness.states[EVE]["user"]
    assert (seen["id"], seen["name"]) == ("eveeveeveeveeve0", "eve")
    eve.writer.transport.abort()
    async with asyncio.timeout(10):
        while EVE in stage.bob.awareness.states:
            await asyncio.sleep(0.001)
    await stage.nobody_noticed()


async def test_a_presence_of_5_KB_is_not_shown(stage: Stage) -> None:
    eve = await stage.eve()
    await eve.message(shown(PresenceEntry(EVE, 1, json.dumps({"x": "x" * 5000}))))
    assert await eve.lives()
    await stage.nobody_noticed()
    assert EVE not in stage.bob.awareness.states
