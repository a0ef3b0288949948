"""The table of a job's states (SPEC J1)."""

from __future__ import annotations

import random
from typing import get_args

import pytest

from crdt import jobs
from crdt.document import SessionDocument
from crdt.errors import InvalidEdit
from crdt.schema import JobState

STATES: tuple[JobState, ...] = get_args(JobState)
FINAL = {"succeeded", "failed", "cancelled"}


def test_the_table_names_every_state_and_ends_in_the_final_ones() -> None:
    assert set(jobs.TRANSITIONS) == set(STATES)
    assert {state for state in STATES if jobs.is_final(state)} == FINAL


def test_every_state_is_reached_and_every_open_one_can_be_stopped() -> None:
    reached: set[JobState] = set()
    edge: set[JobState] = {"queued"}
    while edge:
        reached |= edge
        edge = {then for now in edge for then in jobs.TRANSITIONS[now]} - reached
    assert reached == set(STATES)
    assert all(jobs.can_become(state, "cancelled") for state in STATES if state not in FINAL)


def test_whatever_happens_first_a_final_state_stays() -> None:
    """10 000 random orders of wishes, each granted where the table allows it."""
    chance = random.Random(0)
    ended: set[JobState] = set()
    for _ in range(10_000):
        state: JobState = "queued"
        for wish in chance.choices(STATES, k=12):
            assert not (state in FINAL and jobs.can_become(state, wish))
            assert not jobs.can_become(state, state)
            state = wish if jobs.can_become(state, wish) else state
        ended.add(state)
    assert ended >= FINAL


def test_the_server_writes_no_key_of_the_asker() -> None:
    """J2."""
    session = SessionDocument()
    job = jobs.request(session, "export", {}, {}, by="somebody")
    with pytest.raises(InvalidEdit):
        jobs.set_state(session, job, op="import")
    assert jobs.read(session, job).op == "export"
