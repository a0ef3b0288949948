"""One real endpoint and room, people who work in it, and somebody who sends what FrameMaker makes.

After every frame: a refused one changed nothing at all, none leaves anything pending. After every round: everybody
saw only legal changes, is connected, can edit and holds what the room holds; the room's readers read it.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from pycrdt import TransactionEvent
from starlette.applications import Starlette

from crdt.document import SceneDocument
from crdt.effective import effective_scene
from crdt.errors import InvalidEdit
from crdt.ids import new_id
from crdt.messages import AwarenessUpdate, Refused, Saved, SyncStep1, SyncStep2, Update, decode, encode
from crdt.nodes import add
from crdt.presence import Awareness
from crdt.schema import SCENE_ROOTS
from crdt.update_reader import check_roots, is_closed, read_state_vector, read_update
from crdt.validation import validate
from server.storage.memory import MemoryUpdateLog
from server.sync.room import Room
from server.sync.session import Limits
from tests.random.fuzz_frames import FrameMaker
from tests.support.asgi_socket import AsgiSocket, DirectSocket
from tests.support.served import CAPS, PROJECT, endpoint
from tests.support.sync import processed, state_of

ROUND = 100
"""Frames between two looks at everybody."""
LIFE = 500
"""Frames that one world gets: what is accepted makes it grow."""
CPU_SECONDS = 0.020
MEMORY = 16 * 1024
"""KB of resident memory that one frame may add."""


@dataclass
class Found:
    """What came out of a run."""

    frames: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    refusals: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    slow: list[tuple[str, bytes | str, float]] = field(default_factory=list)
    memory: int = 0

    def add(self, other: Found) -> None:
        self.frames += other.frames
        self.kinds += other.kinds
        self.refusals += other.refusals
        self.slowest = max(self.slowest, other.slowest)
        self.slow += other.slow
        self.memory = max(self.memory, other.memory)


class Person:
    """Somebody with a replica of their own who believes nothing."""

    def __init__(self, app: Starlette, name: str, layer: type[AsgiSocket]) -> None:
        self.name = name
        self.document = SceneDocument()
        self.awareness = Awareness(self.document.doc.client_id)
        self.node = ""
        self.edits = 0
        self.saved = 0
        self._sent = 0
        self._applying = False
        self._subscription = self.document.doc.observe(self._changed)
        self.socket = connect(app, name, layer)
        self.socket.put(encode(SyncStep1(self.document.state_vector())))
        self.socket.put(encode(AwarenessUpdate(self.awareness.set_local({"user": {"name": name}}))))

    def work(self) -> None:
        """An edit of a record of their own; `saved` has to reach `sent`."""
        if not self.node:
            self.node = add(self.document, name=self.name)
        self.edits += 1
        self.document.set("nodes", self.node, "name", f"{self.name} {self.edits}")

    def listen(self) -> None:
        for frame in self.socket.take():
            self._hear(frame)
        assert self.socket.closed is None, f"{self.name} was closed with {self.socket.closed}"

    def check(self, others: list[Person]) -> None:
        assert self.saved == self._sent, f"{self.name}: {self.saved} of {self._sent} updates saved"
        for other in others:
            seen = self.awareness.states.get(other.awareness.client)
            assert seen == other.awareness.local, f"{self.name} sees {other.name} as {seen}"
        assert self.document.record("nodes", self.node) is not None, f"{self.name}'s record is gone"

    def _hear(self, frame: bytes) -> None:
        match decode(frame):
            case SyncStep1(state):
                self._send(SyncStep2(self.document.update(state)))
            case SyncStep2(update) | Update(update):
                self._apply(update)
            case AwarenessUpdate(update):
                self.awareness.apply(update)
            case Saved(n, _):
                self.saved = n
            case Refused(code, message):
                raise AssertionError(f"{self.name} was refused: {code}, {message}")

    def _apply(self, update: bytes) -> None:
        state = read_state_vector(self.document.state_vector())
        summary = read_update(update)
        check_roots(summary, SCENE_ROOTS)
        assert is_closed(summary, state), f"{self.name} was sent an update that is not closed: {update.hex()}"
        self._applying = True
        self.document.apply(update)
        self._applying = False
        summary.advance(state)
        assert read_state_vector(self.document.state_vector()) == state

    def _changed(self, event: TransactionEvent) -> None:
        if not self._applying and event.update != b"\x00\x00":
            self._send(Update(event.update))

    def _send(self, message: SyncStep2 | Update) -> None:
        self._sent += 1
        self.socket.put(encode(message))


def connect(app: Starlette, name: str, layer: type[AsgiSocket] = DirectSocket) -> AsgiSocket:
    return layer(app, f"/sync/{PROJECT}/scene", f"{CAPS}&name={name}&user={name.ljust(16, '_')}")


@dataclass
class World:
    app: Starlette
    room: Room
    people: list[Person]
    maker: FrameMaker
    found: Found
    attacker: AsgiSocket | None = None
    attackers: int = 0

    async def attack(self) -> None:
        await self.attack_with(*self.maker.make())

    async def attack_with(self, kind: str, frame: bytes | str) -> None:
        socket = await self._attacker()
        before, memory = self.room.document.doc.get_update(), _resident()
        started = time.process_time()
        socket.put(frame)
        await socket.read()
        await processed(self.room)
        spent = time.process_time() - started
        self._judge(kind, frame, socket, before)
        self._count(kind, frame, socket, spent, _resident() - memory)
        if socket.closed is not None:
            await socket.task
            self.attacker = None

    async def _attacker(self) -> AsgiSocket:
        if self.attacker is None:
            self.attackers += 1
            layer = AsgiSocket if self.attackers % 4 == 0 else DirectSocket
            self.attacker = connect(self.app, f"eve{self.attackers}", layer)
            self.attacker.put(encode(SyncStep1(b"\x00")))
            await self.attacker.read()
            await processed(self.room)
        self.attacker.take()
        return self.attacker

    def _judge(self, kind: str, frame: bytes | str, socket: AsgiSocket, before: bytes) -> None:
        told = frame if isinstance(frame, str) else frame.hex()[:2000]
        assert not self.room.is_closed, f"the room ended by {kind}: {told}"
        assert not self.room.has_pending(), f"something is pending after {kind}: {told}"
        if socket.task.done():
            socket.task.result()
        if socket.closed is not None:
            assert socket.closed in (4400, 4403, 4409, 4413, 4429), f"{socket.closed} after {kind}: {told}"
            after = self.room.document.doc.get_update()
            assert after == before, f"refused with {socket.closed} but half applied, {kind}: {told}"

    def _count(self, kind: str, frame: bytes | str, socket: AsgiSocket, spent: float, memory: int) -> None:
        found = self.found
        found.frames += 1
        found.kinds[kind] += 1
        if socket.closed is not None:
            found.refusals[socket.closed] += 1
        if spent > CPU_SECONDS:
            found.slow.append((kind, frame, spent))
        found.slowest = max(found.slowest, spent)
        found.memory = max(found.memory, memory)

    async def meet(self) -> None:
        """Until everybody sees everybody (presence goes out in rounds)."""
        while any(len(person.awareness.states) < len(self.people) for person in self.people):
            for person in self.people:
                person.listen()
            await asyncio.sleep(0)

    async def settle(self) -> None:
        """Until nobody has anything to say; then everybody agrees."""
        for person in self.people:
            person.work()
        while True:
            for person in self.people:
                await person.socket.read()
            await processed(self.room)
            if not any(person.socket.frames for person in self.people):
                break
            for person in self.people:
                person.listen()
        wanted = state_of(self.room.document)
        for person in self.people:
            assert state_of(person.document) == wanted, f"{person.name} holds something else than the room"
            person.check([other for other in self.people if other is not person])
        self.maker.look(self.room.whole(), [person.awareness.client for person in self.people])

    def read_all(self) -> None:
        """What schema-breaking values are in there are nobody's trouble."""
        json.dumps(effective_scene(self.room.document), allow_nan=False)
        validate(self.room.document)
        with_node = self.room.document.fork()
        try:
            add(with_node, name=new_id())
        except InvalidEdit as error:
            assert error.code == "schema_too_new"  # noqa: PT017


@asynccontextmanager
async def world(chance: random.Random, found: Found) -> AsyncIterator[World]:
    with TemporaryDirectory() as folder:
        async with endpoint(MemoryUpdateLog(), Path(folder), limits=Limits()) as (app, sync):
            room = await sync.rooms.room(f"{PROJECT}/scene")
            made = World(
                app, room, [Person(app, "ada", DirectSocket), Person(app, "bob", AsgiSocket)], FrameMaker(chance), found
            )
            await made.meet()
            await made.settle()
            yield made
            ends = [person.socket.end() for person in made.people]
            if made.attacker is not None:
                ends.append(made.attacker.end())
            await asyncio.gather(*ends)


def _resident() -> int:
    """The most resident memory that this process ever had, KB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def _run(seed: int, frames: int) -> Found:
    chance, found = random.Random(seed), Found()
    while found.frames < frames:
        async with world(chance, found) as made:
            for _ in range(min(LIFE, frames - found.frames) // ROUND):
                for _ in range(ROUND):
                    await made.attack()
                await made.settle()
            made.read_all()
    return found


def run(seed: int, frames: int) -> Found:
    """Send `frames` (a multiple of ROUND). AssertionError names the frame that broke something."""
    return asyncio.run(_run(seed, frames))


def spent_on(frame: bytes | str) -> float:
    """Seconds of CPU that this frame costs in a world of its own."""

    async def once() -> float:
        found = Found()
        async with world(random.Random(0), found) as made:
            await made.attack_with("again", frame)
        return found.slowest

    return asyncio.run(once())
