"""More than others say: of everything that may be said."""

from __future__ import annotations

import json

from crdt.messages import AwarenessUpdate, SyncStep1, Update, encode
from crdt.presence import PresenceEntry, encode_presence
from tests.random.fuzz_structs import (
    NULL,
    structs,
    uint,
    under,
    update,
)
from tests.server.attacks.conftest import MESSAGE_LIMIT, OUTBOX_LIMIT, Stage
from tests.server.attacks.saying import EVE, sent


async def test_questions_whose_answers_nobody_reads(stage: Stage) -> None:
    """Answers wait up to the outbox's limit, then the asker is closed."""
    stage.ada.document.set("nodes", stage.node, "extras", {"x": "x" * (OUTBOX_LIMIT // 2)})
    await stage.ada.saved()
    eve = await stage.eve()
    await eve.message(*[encode(SyncStep1(b"\x00"))] * 500)
    await stage.nobody_noticed()
    end = await eve.ended()
    assert end.code in (4429, None)
    assert sum(map(len, end.messages)) < 500 * OUTBOX_LIMIT // 2, "not all was answered"


async def test_thousands_of_tiny_updates(stage: Stage) -> None:
    eve = await stage.eve()
    await eve.message(
        *[encode(Update(update([structs(EVE, n, under("strokes", f"s{n}", NULL))]))) for n in range(3000)]
    )
    await stage.nobody_noticed()
    assert await eve.lives()


async def test_thousands_of_empty_updates(stage: Stage) -> None:
    eve = await stage.eve()
    await eve.message(*[encode(Update(b"\x00\x00"))] * 5000)
    await stage.nobody_noticed()
    assert await eve.lives()


async def test_a_flood_of_presence_reaches_others_in_rounds(stage: Stage) -> None:
    eve = await stage.eve()
    await eve.message(
        *[
            encode(AwarenessUpdate(encode_presence([PresenceEntry(EVE, n, json.dumps({"n": n}))])))
            for n in range(1, 3001)
        ]
    )
    await stage.nobody_noticed()
    assert await eve.lives()


async def test_a_flood_of_queries_that_nobody_reads(stage: Stage) -> None:
    eve = await stage.eve()
    await eve.message(*[b"\x03"] * 20_000)
    await stage.nobody_noticed()


async def test_many_updates_that_fit_nowhere(stage: Stage) -> None:
    """One question is under way at a time, however many updates do not fit."""
    eve = await stage.eve()
    await eve.message(*[sent(under("nodes", "x", NULL), clock=5 + n) for n in range(1000)])
    assert await eve.lives()
    await stage.nobody_noticed()


async def test_an_update_of_the_largest_size_of_one_byte_values(stage: Stage) -> None:
    """A million values in one message: read in a thread, others go on."""
    values = b"\x08" + uint(1_000_000) + b"\x7e" * 1_000_000
    eve = await stage.eve()
    await eve.message(sent(under("strokes", "x", values)))
    await stage.nobody_noticed()
    assert await eve.lives()
    assert len(values) < MESSAGE_LIMIT


async def test_the_same_client_id_on_two_sockets(stage: Stage) -> None:
    """Bound to its first user; a second user under the same id is refused, the first goes on."""
    first, second = await stage.eve(), await stage.raw()
    await first.message(sent(under("strokes", "a", NULL)))
    assert await first.lives()
    await stage.nobody_noticed()
    assert await second.request("/sync/projectproject00/scene?caps=refusal&user=malloryalloryall&name=mallory") == 101
    await second.message(sent(under("strokes", "b", NULL), clock=1))
    end = await second.ended()
    assert (end.code, end.refused) == (4409, "client_id_taken")
    assert await first.lives()
    await stage.nobody_noticed()
