"""*saved n*: never before the commit, never past a hole, and deletes count like everything else."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from crdt.document import SceneDocument
from crdt.messages import SyncStep1, SyncStep2, Update, encode
from crdt.nodes import add
from server.storage.base import Entry, StorageUnavailable
from server.storage.memory import MemoryUpdateLog
from server.sync.member import SavedCount
from server.sync.room import Room
from server.sync.rooms import Rooms
from server.telemetry import Telemetry
from tests.server.sync.conftest import SCENE
from tests.support.sync import FakeClient, person, processed, settle, state_of, take_all


class GatedLog(MemoryUpdateLog):
    """Commits when the test says so, and fails as often as it says."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.failures = 0
        self.asked = asyncio.Event()

    async def append(self, branch: str, entries: Sequence[Entry], clients: Mapping[int, str], epoch: int = 0) -> None:
        self.asked.set()
        if self.failures:
            self.failures -= 1
            raise StorageUnavailable(OSError("disk full"))
        await self.gate.wait()
        await super().append(branch, entries, clients, epoch)


@pytest.fixture
def log() -> GatedLog:
    return GatedLog()


async def test_nothing_is_saved_or_shown_before_the_commit(room: Room, log: GatedLog) -> None:
    ada, bob = FakeClient(room), FakeClient(room, person("bob"))
    await settle(room, ada, bob)
    add(ada.document)
    await ada.send()
    await log.asked.wait()
    assert (ada.receive(), bob.receive()) == (0, 0)
    log.gate.set()
    await settle(room, ada, bob)
    assert (ada.saved.n, ada.saved.seq) == (2, 1), "the answer to step 1 and the edit"
    assert state_of(bob.document) == state_of(ada.document)


async def test_a_failing_disk_is_tried_again_and_reported(rooms: Rooms, room: Room, log: GatedLog) -> None:
    ada, bob = FakeClient(room), FakeClient(room, person("bob"))
    await settle(room, ada, bob)
    log.failures = 2
    add(ada.document)
    await ada.send()
    await log.asked.wait()
    assert rooms.failing == [SCENE]
    add(ada.document)
    add(bob.document)
    await ada.send()
    await bob.send()
    assert (ada.receive(), bob.receive()) == (0, 0), "editing goes on, saved stops"
    log.gate.set()
    await settle(room, ada, bob)
    assert rooms.failing == []
    assert ada.saved.n == 3
    assert state_of(bob.document) == state_of(ada.document)


async def test_a_delete_alone_is_saved_and_logged(room: Room, log: GatedLog) -> None:
    log.gate.set()
    ada = FakeClient(room)
    await settle(room, ada)
    chair = add(ada.document, name="Chair")
    await settle(room, ada)
    clocks = ada.document.state_vector()
    ada.document.unset("nodes", chair, "name")
    assert ada.document.state_vector() == clocks, "a state vector knows nothing of it"
    await settle(room, ada)
    assert (ada.saved.n, room.seq) == (3, 2)
    async with Rooms(log, Telemetry()) as others:
        assert state_of((await others.room(SCENE)).document) == state_of(ada.document)


async def test_a_lost_update_holds_saved_until_the_answer_that_contains_it(room: Room, log: GatedLog) -> None:
    log.gate.set()
    ada = FakeClient(room)
    await settle(room, ada)
    add(ada.document, name="lost")
    ada.outgoing.popleft()
    add(ada.document, name="after it")
    add(ada.document, name="and one more")
    await ada.send()
    await processed(room)
    ada.receive()
    assert ada.saved.n == 1, "the hole is not passed"
    assert [type(message) for message in ada.received].count(SyncStep1) == 2, "one question is enough"
    assert not room.has_pending()
    await settle(room, ada)
    assert ada.saved.n == 4, "two that did not fit, and the answer"
    assert len(room.document.ids("nodes")) == 3


async def test_an_update_from_the_future_touches_nothing(room: Room, log: GatedLog) -> None:
    log.gate.set()
    ada = FakeClient(room)
    await settle(room, ada)
    other = SceneDocument()
    chair = add(other)
    before = other.state_vector()
    other.set("nodes", chair, "name", "needs what came before")
    later = other.update(before)
    ada.outgoing.append(encode(Update(later)))
    await ada.send()
    await processed(room)
    assert (room.seq, room.document.ids("nodes"), room.has_pending()) == (0, [], False)


async def test_who_never_fits_is_given_up(room: Room, log: GatedLog) -> None:
    log.gate.set()
    ada = FakeClient(room)
    await settle(room, ada)
    other = SceneDocument()
    chair = add(other)
    before = other.state_vector()
    other.set("nodes", chair, "name", "never closed")
    later = other.update(before)
    for _ in range(3):
        ada.outgoing.append(encode(SyncStep2(later)))
    await ada.send()
    await processed(room)
    assert ada.member.outbox.closing.refused.code == "not_closed"


async def test_a_foreign_client_id_is_refused(room: Room, log: GatedLog) -> None:
    log.gate.set()
    ada, eve = FakeClient(room, person("ada")), FakeClient(room, person("eve"))
    await settle(room, ada, eve)
    add(ada.document)
    await settle(room, ada, eve)
    forger = SceneDocument(type(ada.document.doc)(client_id=ada.document.doc.client_id))
    forger.apply(ada.document.update())
    before = forger.state_vector()
    add(forger, name="forged at her next clock")
    eve.outgoing.append(encode(Update(forger.update(before))))
    await eve.send()
    await processed(room)
    assert eve.member.outbox.closing.refused.code == "client_id_taken"
    add(ada.document, name="hers")
    await settle(room, ada)
    assert state_of(room.document) == state_of(ada.document)


async def test_relaying_what_is_known_is_no_forgery(room: Room, log: GatedLog) -> None:
    log.gate.set()
    ada, bob = FakeClient(room, person("ada")), FakeClient(room, person("bob"))
    await settle(room, ada, bob)
    add(ada.document)
    await settle(room, ada, bob)
    bob.outgoing.append(encode(SyncStep2(bob.document.update())))
    await settle(room, bob)
    assert bob.member.outbox.closing is None
    assert bob.saved.n == 2


async def test_a_client_id_stays_bound_after_a_restart(room: Room, log: GatedLog) -> None:
    log.gate.set()
    ada = FakeClient(room, person("ada"))
    await settle(room, ada)
    add(ada.document)
    await settle(room, ada)
    async with Rooms(log, Telemetry()) as others:
        again = await others.room(SCENE)
        ada.connect(again)
        thief = FakeClient(again, person("eve"), ada.document)
        await settle(again, ada)
        add(ada.document)
        await thief.send()
        await processed(again)
        assert thief.member.outbox.closing.refused.code == "client_id_taken"


async def test_a_reader_may_answer_but_not_edit(room: Room, log: GatedLog) -> None:
    log.gate.set()
    ada = FakeClient(room)
    await settle(room, ada)
    chair = add(ada.document)
    await settle(room, ada)
    ada.document.unset("nodes", chair, "translation")
    await settle(room, ada)
    viewer = FakeClient(room, person("vic"), can_write=False)
    await settle(room, ada, viewer)
    viewer.outgoing.append(encode(SyncStep2(viewer.document.update())))
    await settle(room, viewer)
    assert viewer.member.outbox.closing is None, "a stock client answers with all it knows"
    add(viewer.document)
    await viewer.send()
    await processed(room)
    assert viewer.member.outbox.closing.code == 4403
    assert room.document.ids("nodes") == [chair]


def test_counting_stops_at_a_hole_and_goes_on_after_the_right_answer() -> None:
    count = SavedCount(questions=1)
    count.accepted(is_answer=True)
    assert count.not_closed(is_answer=False), "ask"
    count.questions += 1
    count.accepted(is_answer=False)
    assert not count.not_closed(is_answer=False), "the same answer will hold it"
    assert count.n == 1
    count.accepted(is_answer=True)
    assert count.n == 5


async def test_questions_without_end_are_not_answered_without_end(room: Room, log: GatedLog) -> None:
    log.gate.set()
    await room.edit("bob", "test", lambda scene: add(scene, extras="x" * 50_000))
    ada = FakeClient(room, outbox_limit=200_000)
    for _ in range(100):
        ada.outgoing.append(encode(SyncStep1(b"\x00")))
    await ada.send()
    await processed(room)
    assert ada.member.outbox.closing.code == 4429
    assert sum(map(len, take_all(ada.member.outbox))) < 300_000
