"""A session of three people as it goes: drags at sixty a second, renames, new things, colours, trash; often at once."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from crdt.document import SceneDocument
from crdt.nodes import add, restore, trash
from crdt.resources import add_material
from server.storage.base import Entry

ACTORS = ("ada", "bob", "eve")
START = 1_800_000_000_000


@dataclass
class Actor:
    """A replica, and what its owner is going to do."""

    name: str
    document: SceneDocument = field(default_factory=SceneDocument)
    plan: Iterator[float] = field(default_factory=lambda: iter(()))


def edits(actor: Actor, rng: random.Random) -> Iterator[float]:
    """Does the next edit at each step; yields the seconds until the one after it."""
    scene = actor.document
    while True:
        nodes = scene.ids("nodes")
        action = rng.choices(("drag", "add", "rename", "material", "trash"), (6, 2, 2, 1, 1))[0]
        if action == "add" or len(nodes) < 5:
            add(scene, name=f"{actor.name} {len(nodes)}", translation=[rng.random(), 0.0, 0.0])
        elif action == "drag":
            node = rng.choice(nodes)
            for step in range(rng.randrange(30, 120)):
                scene.set("nodes", node, "translation", [step / 60, rng.random(), 0.5])
                yield 1 / 60
        elif action == "rename":
            scene.set("nodes", rng.choice(nodes), "name", f"named by {actor.name} {rng.randrange(1000)}")
        elif action == "material":
            add_material(scene, name=f"paint {rng.randrange(1000)}")
        else:
            node = rng.choice(nodes)
            (restore if scene.read("nodes", node).trashed else lambda s, ids: trash(s, ids, actor.name))(scene, [node])
        yield rng.uniform(0.5, 6.0)


def session(count: int, seed: int = 1) -> list[Entry]:
    """`count` rows of a log, each one edit of one actor that had seen all before it."""
    rng = random.Random(seed)
    actors = [Actor(name) for name in ACTORS]
    for actor in actors:
        actor.plan = edits(actor, rng)
    due = [(rng.random(), index) for index in range(len(actors))]
    heapq.heapify(due)
    rows: list[Entry] = []
    while len(rows) < count:
        now, index = heapq.heappop(due)
        actor = actors[index]
        emitted: list[bytes] = []
        subscription = actor.document.doc.observe(lambda event, emitted=emitted: emitted.append(event.update))
        pause = next(actor.plan)
        subscription.drop()
        heapq.heappush(due, (now + pause, index))
        for update in emitted:
            if update == b"\x00\x00" or len(rows) == count:
                continue
            rows.append(Entry(len(rows) + 1, START + int(now * 1000), actor.name, "socket", update))
            for other in actors:
                if other is not actor:
                    other.document.apply(update)
    return rows
