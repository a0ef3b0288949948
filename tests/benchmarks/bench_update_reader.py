"""What the strict reader of updates costs: of every small edit, and of whole scenes that are imported or joined.

CPU time, not the clock's, so that what else the machine does is left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from crdt.document import SceneDocument
from crdt.nodes import add
from crdt.provider import PART
from crdt.update_reader import read_update
from crdt.update_split import split_update
from server.sync.containers import containers_of
from server.sync.gate import Gate
from server.sync.member import Member
from server.sync.outbox import Outbox
from tests.benchmarks.report import Table, goal
from tests.support.sync import person

NODES = 10_000
SMALL = 2_000
ROUNDS = 5
MICROSECONDS, MILLISECONDS = 1e6, 1e3


def run() -> Table:
    scene = SceneDocument()
    with scene.transact():
        nodes = [add(scene, name=f"node {number}", translation=[number, 2.25, 3.0]) for number in range(NODES)]
    whole = scene.update()
    small = small_edits(scene, nodes)
    each = best(lambda: taken(whole, small)) / len(small) * MICROSECONDS
    read = best(lambda: read_whole(whole)) * MILLISECONDS
    split = best(lambda: split_whole(whole)) * MILLISECONDS
    return Table(
        "Reading updates",
        f"CPU time, best of {ROUNDS}: {SMALL:,} edits of one field, read, judged and admitted; a scene of {NODES:,} "
        f"nodes ({len(whole) / 1e6:.1f} MB) read, and split into parts of 1 MB.",
        ("small edit µs", "scene read ms", "scene split ms"),
        [(each, read, split)],
        [
            goal(each <= 8, f"{each:.1f} µs for a small edit, goal 8 µs"),
            goal(read <= 200, f"{read:.0f} ms to read {NODES:,} nodes, goal 200 ms"),
            goal(split <= 250, f"{split:.0f} ms to split them, goal 250 ms"),
        ],
    )


def small_edits(scene: SceneDocument, nodes: list[str]) -> list[bytes]:
    """One update each, as a drag sends them."""
    updates: list[bytes] = []
    subscription = scene.doc.observe(lambda event: updates.append(event.update))
    for number in range(SMALL):
        scene.set("nodes", nodes[number % 50], "translation", [number / 7, 1.5, 2.0])
    subscription.drop()
    return updates


def taken(whole: bytes, updates: list[bytes]) -> float:
    """Seconds in which the gate of a room with this document takes the updates."""
    summary = read_update(whole)
    state: dict[int, int] = {}
    summary.advance(state)
    gate = Gate(state, {}, containers_of(whole, SceneDocument))
    member = Member(person(), Outbox(1024))
    began = time.process_time()
    for update in updates:
        summary = read_update(update)
        if not gate.judge(member, summary, is_answer=False):
            raise AssertionError("an edit that is not closed")
        gate.admit(summary, member.identity.user_id)
    return time.process_time() - began


def read_whole(whole: bytes) -> float:
    began = time.process_time()
    read_update(whole)
    return time.process_time() - began


def split_whole(whole: bytes) -> float:
    began = time.process_time()
    split_update(whole, PART)
    return time.process_time() - began


def best(run: Callable[[], float]) -> float:
    return min(run() for _ in range(ROUNDS))
