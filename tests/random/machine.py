"""Three participants, one server that restarts, messages that wait, get lost and come twice (issue 2, point 7).

Hypothesis draws the order of events. Counters say how often each operation really did something.
"""

from __future__ import annotations

import random
from collections import Counter
from inspect import signature
from typing import Any
from unittest import mock

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from crdt import nodes, resources
from crdt.errors import InvalidEdit
from crdt.ids import job_id_maker
from crdt.ordering import DIGITS, between
from tests.random.digest import Digest
from tests.random.model_server import ModelServer
from tests.random.oracle import check_move, check_scene, check_undo
from tests.random.replica import CLOCK, Replica
from tests.vectors.ids import name

REPLICAS = 3
RAN: Counter[str] = Counter()
"""Operation → how often it changed something, over all runs of this process."""

ILL_TYPED = (3, None, "a\nb", ["x"])
EDITS = (
    "add", "rename", "rename", "drag", "move", "move", "move", "move_before", "move_into_each_other",
    "move_into_each_other", "move_out_of_a_cycle", "trash", "trash", "restore", "restore", "duplicate",
    "override_material", "retry_job", "retry_job", "ill_typed",
    "foreign_orphan", "undo", "undo", "undo", "redo", "redo", "contest", "contest",
)  # fmt: skip
NETWORK = (
    "server_receives", "server_receives", "server_receives", "client_receives", "client_receives", "client_receives",
    "commit", "commit", "commit", "disconnect", "reconnect", "reconnect", "repeat", "repeat_to_server", "crash",
    "power_cut", "synchronise", "synchronise", "synchronise", "synchronise",
)  # fmt: skip
"""What may happen, as often as it stands here."""

who = st.integers(0, REPLICAS - 1)
number = st.integers(0, 11)


def expect(error: InvalidEdit, *codes: str) -> None:
    if error.code not in codes:
        raise AssertionError(f"refused with {error.code}") from error


class CollaborationMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.chance = random.Random(0)
        self._patch = mock.patch.object(nodes, "between", self._between)
        self._patch.start()
        self.made = 0
        self.orphans: set[str] = set()
        self.server = self.make_server()
        self.replicas = [self.make_replica(index) for index in range(REPLICAS)]
        self.known: list[set[str]] = [set() for _ in range(REPLICAS)]

    def make_server(self) -> ModelServer:
        return ModelServer()

    def make_replica(self, index: int) -> Replica:
        return Replica(self.server, index + 1)

    def _between(self, a: str | None, b: str | None) -> str:
        """Order keys with repeatable digits; few of them, so that concurrent inserts do tie."""
        return between(a, b, lambda: self.chance.choice("0A") + self.chance.choice(DIGITS[1:4] + "aA"))

    # -- the stage

    @initialize()
    def start(self) -> None:
        """Everybody begins with the same four nodes, two of them below another."""
        self.flush()
        first = self.replicas[0].scene
        with first.transact("system"):
            for index in range(4):
                parent = "root" if index < 2 else name(f"s{index - 2}")
                nodes.add(first, id=name(f"s{index}"), name=f"s{index}", parent=parent)
        self.replicas[0].settle()
        self.flush()
        assert len(self.replicas[2].scene.ids("nodes")) == 4

    @rule(what=st.sampled_from(EDITS + NETWORK), r=who, n=number, p=number, v=number)
    def step(self, what: str, r: int, n: int, p: int, v: int) -> None:
        """r: which replica, n: which node, p: which parent, v: what else has to be chosen."""
        operation = getattr(self, what)
        chosen = {"r": r, "n": n, "p": p, "v": v}
        operation(**{key: chosen[key] for key in signature(operation).parameters})

    def new_id(self) -> str:
        self.made += 1
        return name(f"n{self.made}")

    def node(self, replica: Replica, index: int) -> str:
        ids = replica.scene.ids("nodes")
        return ids[index % len(ids)]

    def shared(self, index: int) -> str:
        """One of the nodes that everybody began with, where people get in each other's way."""
        return name(f"s{index % 2}")

    def parent(self, replica: Replica, index: int) -> str:
        return "root" if index % 4 == 0 else self.node(replica, index)

    def edit(self, replica: Replica, what: str, act: Any, merge_key: str | None = None) -> None:
        """One undoable transaction; refusals by the rules of the tree are part of the game."""
        before = replica.scene.content()
        try:
            with replica.scene.transact(merge_key=merge_key) as step:
                act(replica.scene)
        except InvalidEdit as error:
            expect(error, "move_into_itself", "bad_order")
            assert replica.scene.content() == before, "a refused edit changed something"
            self.count(f"{what} refused")
            return
        replica.stack.push(step)
        replica.settle()
        if step:
            self.count(what)

    def count(self, what: str) -> None:
        RAN[what] += 1
        event(what)

    # -- edits

    def add(self, r: int, p: int) -> None:
        replica = self.replicas[r]
        made = self.new_id()
        self.edit(replica, "add", lambda scene: nodes.add(scene, id=made, name=made, parent=self.parent(replica, p)))

    def rename(self, r: int, n: int, v: int) -> None:
        node = self.shared(n)
        self.edit(self.replicas[r], "rename", lambda scene: scene.set("nodes", node, "name", f"name {v % 4}"))

    def drag(self, r: int, n: int, v: int) -> None:
        """Up to three transactions that merge into one step."""
        node = self.shared(n)
        for x in range(v % 3 + 1):
            position = [(x + v) % 4, 0.5, 0]
            self.edit(
                self.replicas[r],
                "drag",
                lambda scene, position=position: scene.set("nodes", node, "translation", position),
                merge_key=f"drag {node}",
            )

    def _move(self, r: int, n: int, p: int, before: int | None) -> None:
        replica = self.replicas[r]
        node, parent = self.node(replica, n), self.parent(replica, p)
        siblings = [child for child in replica.scene.tree().children.get(parent, ()) if child != node]
        sibling = siblings[before % len(siblings)] if before is not None and siblings else None
        content = replica.scene.content()
        moved = []

        def act(scene: Any) -> None:
            nodes.move(scene, node, parent, sibling)
            moved.append(node)

        self.edit(replica, "move", act)
        if moved:
            check_move(node, parent, content, replica.scene.content())

    def move(self, r: int, n: int, p: int) -> None:
        self._move(r, n, p, None)

    def move_before(self, r: int, n: int, p: int, v: int) -> None:
        self._move(r, n, p, v)

    def move_into_each_other(self, r: int, n: int, p: int, v: int) -> None:
        """What makes cycles: two people, the same two nodes, opposite ways."""
        s = v % REPLICAS
        a, b = self.node(self.replicas[r], n), self.node(self.replicas[r], p)
        if r == s or any(x not in self.replicas[s].scene.ids("nodes") for x in (a, b)):
            return
        self.edit(self.replicas[r], "move", lambda scene: nodes.move(scene, a, b))
        self.edit(self.replicas[s], "move", lambda scene: nodes.move(scene, b, a))

    def move_out_of_a_cycle(self, r: int, n: int, p: int, v: int) -> None:
        """Somebody pulls a node out of a cycle that a third node had wanted to be below."""
        replica = self.replicas[r]
        a, third = self.node(replica, n), self.node(replica, v)
        self.edit(replica, "move", lambda scene: nodes.move(scene, third, a))
        self.flush()
        self.move_into_each_other(r, n, p, v)
        self.flush()
        self._move(r, n, 0, None)

    def trash(self, r: int, n: int) -> None:
        node = self.node(self.replicas[r], n)
        self.edit(self.replicas[r], "trash", lambda scene: nodes.trash(scene, [node], f"user {r}", at=CLOCK))

    def restore(self, r: int, n: int) -> None:
        index = self.replicas[r].scene.index
        trashed = [node for node in sorted(index.edges()) if index.is_trashed(node)]
        if trashed:
            chosen = trashed[n % len(trashed)]
            self.edit(self.replicas[r], "restore", lambda scene: nodes.restore(scene, [chosen]))

    def duplicate(self, r: int, n: int) -> None:
        node = self.node(self.replicas[r], n)
        if len(self.replicas[r].scene.ids("nodes")) < 24:
            self.edit(self.replicas[r], "duplicate", lambda scene: nodes.duplicate(scene, node, make_id=self.new_id))

    def override_material(self, r: int, n: int) -> None:
        made, node = self.new_id(), self.node(self.replicas[r], n)

        def act(scene: Any) -> None:
            resources.add_material(scene, id=made, name=made)
            resources.set_override(scene, node, name("slot"), made)

        self.edit(self.replicas[r], "material", act)

    def retry_job(self, r: int, v: int) -> None:
        """A job that runs again makes the same ids, and is refused where its result is already."""
        replica, made = self.replicas[r], job_id_maker(f"job {v % 3}")("node")
        if all(made not in other.scene.map("nodes") for other in self.replicas):
            self.edit(replica, "job", lambda scene: nodes.add(scene, id=made, name="made once"))
        if made in replica.scene.map("nodes"):
            try:
                nodes.add(replica.scene, id=made, name="made twice")
            except InvalidEdit as error:
                expect(error, "id_taken")
                self.count("job retried")

    def ill_typed(self, r: int, n: int, v: int) -> None:
        replica = self.replicas[r]
        before = replica.scene.content()
        try:
            replica.scene.set("nodes", self.node(replica, n), "name", ILL_TYPED[v % len(ILL_TYPED)])
        except InvalidEdit as error:
            expect(error, "bad_value")
            self.count("ill-typed refused")
        assert replica.scene.content() == before

    def foreign_orphan(self, r: int) -> None:
        """Another program writes a node below one that does not exist."""
        if len(self.orphans) < 2:
            made = self.new_id()
            self.orphans.add(made)
            with self.replicas[r].scene.transact("system"):
                scene = self.replicas[r].scene
                scene.create("nodes", made, {"parents": {name("nowhere"): [1, "a1"]}})
            self.replicas[r].settle()
            self.count("foreign orphan")

    def _turn(self, r: int, *, undo: bool) -> None:
        replica = self.replicas[r]
        side = replica.stack._done if undo else replica.stack._undone
        if not side:
            return
        step, before = side[-1], replica.scene.content()
        outcome = replica.stack.undo() if undo else replica.stack.redo()
        replica.settle()
        assert outcome is not None
        check_undo(step, before, replica.scene.content())
        self.count("undo" if undo else "redo")
        if outcome.kept:
            self.count("undo kept another's change")

    def undo(self, r: int) -> None:
        self._turn(r, undo=True)

    def redo(self, r: int) -> None:
        self._turn(r, undo=False)

    def contest(self, r: int, n: int, v: int) -> None:
        """Two people name the same node; the first takes theirs back, the second takes it back and forth."""
        s = (r + 1 + v % 2) % REPLICAS
        for someone in (r, s):
            self.reconnect(someone)
        self.rename(r, n, v)
        if v % 3:
            self.flush()  # else neither knows of the other
        self.rename(s, n, v + 1)
        self.flush()
        self.undo(r)
        self.undo(s)
        self.redo(s)

    # -- the network

    def server_receives(self, r: int, v: int) -> None:
        link = self.replicas[r].link
        for _ in range(v % 4 + 1):
            if link is not None and self.replicas[r].online and link.up:
                self.server.receive(link)
                self.count("server received")

    def client_receives(self, r: int, v: int) -> None:
        for _ in range(v % 6 + 1):
            self._client_receives(r)

    def _client_receives(self, r: int) -> bool:
        replica = self.replicas[r]
        if not replica.online or replica.link is None or not replica.link.down:
            return False
        replica.receive()
        self.count("client received")
        return True

    def commit(self) -> None:
        self.server.commit()
        self.count("commit")

    def disconnect(self, r: int) -> None:
        replica = self.replicas[r]
        if replica.online and replica.link is not None:
            self.count("messages lost" if replica.link.up or replica.link.down else "disconnect")
            replica.disconnect()

    def reconnect(self, r: int) -> None:
        if not self.replicas[r].online:
            self.replicas[r].connect()
            self.count("reconnect")

    def repeat(self, r: int) -> None:
        """The last message comes once more, late."""
        replica = self.replicas[r]
        if replica.last_received is not None:
            replica.take(replica.last_received)
            self.count("repeated to client")

    def repeat_to_server(self, v: int) -> None:
        if self.server.log:
            self.server.room.apply(self.server.log[v % len(self.server.log)])
            self.count("repeated to server")

    def crash(self) -> None:
        self.server.crash()
        for replica in self.replicas:
            assert Digest.of(self.server.room).covers(replica.saved), "saved, and lost"
        self.count("crash")

    def power_cut(self, r: int) -> None:
        """The server takes what a client sends, answers, and dies before it has written anything."""
        replica = self.replicas[r]
        while replica.link is not None and replica.online and replica.link.up:
            self.server.receive(replica.link)
        while self._client_receives(r):
            pass
        self.crash()

    def synchronise(self) -> None:
        """Everything on its way arrives."""
        self.flush()
        self.count("synchronise")

    # -- what must hold

    @invariant()
    def everything_holds(self) -> None:
        for index, replica in enumerate(self.replicas):
            assert not replica.replaced, f"removed or written twice: {replica.replaced}"
            if replica.dirty:
                replica.dirty = False
                content = replica.scene.content()
                check_scene(replica.scene, content, self.known[index], self.orphans)
                self.known[index] |= set(content.get("nodes", {}))

    def flush(self) -> None:
        """Delivers everything until nothing is on its way."""
        while any(self._deliver(index) for index in range(REPLICAS)) or self.server.has_uncommitted:
            if self.server.has_uncommitted:
                self.server.commit()

    def _deliver(self, r: int) -> bool:
        """Empties both queues of one connection; whether there was anything."""
        link, busy = self.replicas[r].link, False
        while link is not None and self.replicas[r].online and link.up:
            self.server.receive(link)
            busy = True
        while self._client_receives(r):
            busy = True
        return busy

    def teardown(self) -> None:
        try:
            if hasattr(self, "replicas") and self.replicas[0].scene.ids("nodes"):
                self.end()
        finally:
            self._patch.stop()

    def end(self) -> None:
        for index in range(REPLICAS):
            self.reconnect_now(index)
        self.flush()
        self.everything_holds()
        everyone = [self.server.room, self.server.reload(), *(replica.scene for replica in self.replicas)]
        assert len({scene.canonical() for scene in everyone}) == 1, "contents differ"
        digests = [Digest.of(scene) for scene in everyone]
        assert all(digest == digests[0] for digest in digests), "state vectors or delete sets differ"

    def reconnect_now(self, r: int) -> None:
        if not self.replicas[r].online:
            self.replicas[r].connect()
