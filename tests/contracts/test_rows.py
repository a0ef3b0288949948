"""One suite for projects, the blobs of projects and stored answers, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.errors import Conflict, NotFound
from server.http.answers import Answers
from server.ledger import BlobLedger
from server.projects import Projects

ONE, TWO = "projectproject01", "projectproject02"
BIG = 2**40


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def projects(engine: AsyncEngine) -> Projects:
    return Projects(engine, Clock())


@pytest.fixture
def ledger(engine: AsyncEngine) -> BlobLedger:
    return BlobLedger(engine, Clock())


async def test_a_repeated_request_makes_one_project(projects: Projects) -> None:
    made = await asyncio.gather(*(projects.create(f"Ÿ {number} 🪑", ONE) for number in range(5)))
    assert len(set(made)) == 1
    assert await projects.read(ONE) == made[0]


async def test_the_newest_change_comes_first_page_by_page(projects: Projects) -> None:
    for number in range(5):
        await projects.create(str(number), f"{number}".rjust(16, "p"))
    first = await projects.page(trashed=False, after=None, limit=3)
    rest = await projects.page(trashed=False, after=(first[-1].changed, first[-1].id), limit=3)
    assert [project.name for project in [*first, *rest]] == ["4", "3", "2", "1", "0"]


async def test_the_trash_is_a_list_of_its_own(projects: Projects) -> None:
    await projects.create("one", ONE)
    assert (await projects.change(ONE, trashed=True)).trashed
    assert await projects.page(trashed=False, after=None, limit=9) == []
    assert [project.id for project in await projects.page(trashed=True, after=None, limit=9)] == [ONE]


async def test_edits_are_noted_in_one_go(projects: Projects) -> None:
    await projects.create("one", ONE)
    await projects.create("two", TWO)
    await projects.touch({ONE: 5_000_000_000_000, TWO: 6_000_000_000_000, "gonegonegonegone": 1})
    await projects.touch({})
    assert [(await projects.read(id)).changed for id in (ONE, TWO)] == [5_000_000_000_000, 6_000_000_000_000]


async def test_a_project_that_is_not_there(projects: Projects) -> None:
    with pytest.raises(NotFound, match="no_such_project"):
        await projects.read(ONE)
    with pytest.raises(NotFound, match="no_such_project"):
        await projects.change(ONE, name="x")


async def test_a_blob_is_new_to_a_project_once(ledger: BlobLedger) -> None:
    assert sorted(await asyncio.gather(*(ledger.record(ONE, "a" * 64, BIG) for _ in range(4)))) == [False] * 3 + [True]
    assert await ledger.size(ONE, "a" * 64) == BIG
    assert await ledger.size(TWO, "a" * 64) is None
    assert await ledger.missing(TWO, ["b" * 64, "a" * 64, "b" * 64]) == ["b" * 64, "a" * 64]


async def test_a_copy_reads_what_its_source_reads(ledger: BlobLedger) -> None:
    for name in "ab":
        await ledger.record(ONE, name * 64, 1)
    await ledger.record(TWO, "a" * 64, 1)
    await ledger.copy(ONE, TWO)
    await ledger.copy("nothing of it000", TWO)
    assert await ledger.missing(TWO, ["a" * 64, "b" * 64]) == []


async def test_the_first_decoded_copy_stays(ledger: BlobLedger) -> None:
    assert await ledger.plain_of("a" * 64) is None
    for copy in "bc":
        await ledger.record_plain("a" * 64, copy * 64)
    assert await ledger.plain_of("a" * 64) == "b" * 64


async def test_an_answer_is_kept_under_its_key(engine: AsyncEngine) -> None:
    answers = Answers(engine, Clock())
    for _ in range(2):
        async with answers.slot("ada", "key", "POST", {"name": "x"}) as slot:
            answer = slot.answer or await answers.keep(slot, 201, {"id": slot.make_id(), "note": None})
            assert (answer.status, answer.body) == (201, {"id": slot.make_id(), "note": None})
    with pytest.raises(Conflict, match="idempotency_conflict"):
        async with answers.slot("ada", "key", "POST", {"name": "y"}):
            pass
