"""Updates that must not be applied, and those that must although they break the schema."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crdt.lib0 import encode_string
from crdt.messages import SyncStep2, Update, encode
from tests.random.fuzz_structs import (
    MAP,
    NULL,
    any_of,
    between,
    binary,
    deletes,
    over,
    structs,
    text,
    uint,
    under,
    update,
)
from tests.server.attacks.conftest import Stage
from tests.server.attacks.saying import EVE, container, deleted, record, sent, value

Made = Callable[[Stage], bytes]

DEEP = b"\x75\x01" * 100_000 + b"\x7e"
REFUSED: dict[str, dict[str, Made]] = {
    "client_id_taken": {
        "somebody else's next clock": lambda s: sent(under("nodes", "x", NULL), client=s.victim[0], clock=s.victim[1]),
        "garbage at somebody else's next clock": lambda s: sent(b"\x00\x05", client=s.victim[0], clock=s.victim[1]),
    },
    "container_replaced": {
        "a record replaced": lambda s: sent(over(record(s), MAP)),
        "a record replaced by a value": lambda s: sent(over(record(s), NULL)),
        "a second record of the same id": lambda s: sent(under("nodes", s.node, MAP)),
        "a value beside a record": lambda s: sent(under("nodes", s.node, NULL)),
        "a container replaced": lambda s: sent(over(container(s), MAP)),
        "a container under its key again": lambda s: sent(under(record(s), "parents", MAP)),
        "a map between two": lambda s: sent(between(container(s), container(s), NULL)),
        "two records of one id in one update": lambda _: sent(under("nodes", "x", MAP), under("nodes", "x", MAP)),
        "a map over a value": lambda s: sent(over(value(s), MAP)),
    },
    "container_misplaced": {
        "a map where a name belongs": lambda s: sent(under(record(s), "locked", MAP)),
        "a map in a container": lambda s: sent(under(container(s), "root", MAP)),
        "a map in a root of values": lambda _: sent(under("strokes", "x", MAP)),
    },
    "container_removed": {
        "a record deleted": lambda s: deleted(record(s)[0], (record(s)[1], 1)),
        "a container deleted": lambda s: deleted(container(s)[0], (container(s)[1], 1)),
        "everything deleted": lambda s: deleted(s.victim[0], (0, s.victim[1])),
        "made and deleted at once": lambda _: encode(
            Update(update([structs(EVE, 0, under("nodes", "x", MAP))], [deletes(EVE, (0, 1))]))
        ),
    },
    "malformed_update": {
        "an item in a value": lambda s: sent(under(value(s), "x", NULL)),
        "a map in a value": lambda s: sent(under(value(s), "x", MAP)),
        "an item in itself": lambda _: sent(under((EVE, 0), "x", MAP)),
        "an item after itself": lambda _: sent(over((EVE, 0), NULL)),
        "a clock over 31 bits": lambda _: sent(under("nodes", "x", NULL), clock=2**31),
        "clocks that run over 31 bits": lambda _: sent(b"\x00" + uint(2**31)),
        "a client over 53 bits": lambda _: sent(NULL, client=2**60),
        "a struct of no length": lambda _: sent(b"\x00\x00"),
        "2^53 clients": lambda _: encode(Update(uint(2**53 - 1) + b"\x00")),
        "2^31 structs": lambda _: encode(Update(update([structs(EVE, 0, count=2**31)]))),
        "2^31 values": lambda _: sent(under("nodes", "x", b"\x08" + uint(2**31))),
        "2^31 deletes": lambda s: encode(Update(update([], [deletes(s.victim[0], count=2**31)]))),
        "a truncated delete set": lambda _: encode(
            Update(update([structs(EVE, 0, under("nodes", "x", NULL))])[:-1] + b"\x01\x05\x02\x00")
        ),
        "a client twice": lambda _: encode(
            Update(update([structs(EVE, 0, b"\x00\x01"), structs(EVE, 1, b"\x00\x01")]))
        ),
        "text that is no UTF-8": lambda _: sent(under("nodes", "x", any_of(b"\x77\x02\xc3\x28"))),
        "a value of an unknown kind": lambda _: sent(under("nodes", "x", any_of(b"\x10"))),
        "content of an unknown kind": lambda _: sent(under("nodes", "x", b"\x0c")),
    },
    "value_too_deep": {
        "a value nested 100,000 deep": lambda _: sent(under("nodes", "x", any_of(DEEP))),
    },
    "key_too_long": {
        "a key of 1 MB": lambda _: sent(under("nodes", "k" * 2**20, NULL)),
    },
    "schema_reserved": {
        "a schema from the future, which makes the scene read-only": lambda _: sent(
            under("meta", "schema", any_of(b"\x7d\x3f"))
        ),
    },
    "unknown_root": {
        "another root": lambda _: sent(under("elsewhere", "x", NULL)),
        "a root without a name": lambda _: sent(under("", "x", NULL)),
    },
    "type_not_allowed": {
        "a list's item": lambda _: sent(b"\x08\x01" + encode_string("nodes") + b"\x01\x7e"),
        "a list": lambda _: sent(under("nodes", "x", b"\x07\x00")),
        "a text": lambda _: sent(under("nodes", "x", b"\x07\x02")),
        "an XML element": lambda _: sent(under("nodes", "x", b"\x07\x03" + encode_string("p"))),
        "characters": lambda _: sent(under("nodes", "x", b"\x04" + encode_string("x"))),
        "legacy JSON": lambda _: sent(under("nodes", "x", b"\x02\x01" + encode_string("1"))),
        "an embed": lambda _: sent(under("nodes", "x", b"\x05" + encode_string("1"))),
        "formatting": lambda _: sent(under("nodes", "x", b"\x06" + encode_string("b") + encode_string("1"))),
        "a subdocument": lambda _: sent(under("nodes", "x", b"\x09" + encode_string("g") + b"\x7e")),
        "a move": lambda _: sent(under("nodes", "x", b"\x0b\x00")),
    },
}
UPDATES = [(name, code) for code, group in REFUSED.items() for name in group]


@pytest.mark.parametrize(("name", "refused"), UPDATES)
async def test_an_update_that_is_refused(stage: Stage, name: str, refused: str) -> None:
    message, before = REFUSED[refused][name](stage), stage.room.whole()
    eve = await stage.eve()
    await eve.message(message)
    end = await eve.ended()
    assert (end.code, end.refused) == (4409, refused)
    assert stage.room.whole() == before
    await stage.nobody_noticed()


NEVER_CLOSED: dict[str, bytes] = {
    "an origin that nobody has": update([structs(EVE, 0, over((99, 5), NULL))]),
    "a parent that nobody has": update([structs(EVE, 0, under((99, 5), "x", NULL))]),
    "clocks left out": update([structs(EVE, 5, under("nodes", "x", NULL))]),
    "a skip and what comes after it": update([structs(EVE, 0, b"\x0a\x05", under("nodes", "x", NULL))]),
    "two that wait for each other": update(
        [structs(EVE, 0, over((78, 0), NULL)), structs(78, 0, over((EVE, 0), NULL))]
    ),
    "two that are in each other": update(
        [structs(EVE, 0, under((78, 0), "x", MAP)), structs(78, 0, under((EVE, 0), "x", MAP))]
    ),
    "a delete of what is not there": update([], [deletes(EVE, (0, 5))]),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER_CLOSED)
async def test_an_update_that_fits_nowhere_is_asked_for_three_times(stage: Stage, name: str) -> None:
    before = stage.room.whole()
    eve = await stage.eve()
    await eve.message(encode(Update(NEVER_CLOSED[name])))
    assert await eve.lives(), "its sender may still have the rest"
    await stage.nobody_noticed()
    before = stage.room.whole()
    for _ in range(3):
        await eve.message(encode(SyncStep2(NEVER_CLOSED[name])))
    end = await eve.ended()
    assert (end.code, end.refused) == (4409, "not_closed")
    assert stage.room.whole() == before
    await stage.nobody_noticed()


HARMLESS: dict[str, Made] = {
    "an empty update": lambda _: encode(Update(b"\x00\x00")),
    "garbage of their own": lambda _: sent(b"\x00\x05"),
    "a skip without anything": lambda _: sent(b"\x0a\x05"),
    "a deleted item": lambda _: sent(under("nodes", "x", b"\x01\x03")),
    "a name that is a number": lambda s: sent(over(value(s), any_of(b"\x7d\x05"))),
    "a value of an unknown key": lambda s: sent(under(record(s), "weight", NULL)),
    "a record that is a value": lambda _: sent(under("nodes", "x", NULL)),
    "NaN where a position belongs": lambda s: sent(
        under(record(s), "scale", any_of(b"\x75\x03" + b"\x7c\x7f\xc0\x00\x00" * 3))
    ),
    "a giant string": lambda s: sent(under(record(s), "extras", any_of(text("x" * 2**20)))),
    "a key of NUL": lambda _: sent(under("nodes", "\x00", NULL)),
    "a bigint": lambda s: sent(under(record(s), "visible", any_of(b"\x7a" + b"\x7f" + b"\xff" * 7))),
    "a stroke that is none": lambda _: sent(under("strokes", "x", binary(b"\xff" * 100))),
    "the same again": lambda s: encode(SyncStep2(s.room.whole())),
    "a delete of a value, twice": lambda s: deleted(value(s)[0], (value(s)[1], 1), (value(s)[1], 1)),
}


@pytest.mark.parametrize("name", HARMLESS)
async def test_what_breaks_only_the_schema_is_data(stage: Stage, name: str) -> None:
    eve = await stage.eve()
    await eve.message(HARMLESS[name](stage))
    assert await eve.lives()
    await stage.nobody_noticed()
