"""What those who join a large document are told: its state as it was a moment ago, and what came since."""

from __future__ import annotations

from crdt.document import SceneDocument
from crdt.messages import EMPTY_STATE, SyncStep2, Update, decode
from crdt.nodes import add
from server.sync.replica import Replica
from server.sync.room import Room
from tests.support.sync import FakeClient, person, settle, state_of


def large() -> tuple[Replica, SceneDocument]:
    source = SceneDocument()
    with source.transact():
        for number in range(1000):
            add(source, name=f"node {number}")
    replica = Replica(SceneDocument())
    replica.apply([source.update()])
    return replica, source


def renamed(source: SceneDocument, number: int) -> bytes:
    before = source.state_vector()
    source.set("nodes", source.ids("nodes")[number], "name", f"again {number}")
    return source.update(before)


def joined(messages: list[bytes]) -> SceneDocument:
    document = SceneDocument()
    for message in map(decode, messages):
        assert isinstance(message, SyncStep2 | Update)
        document.apply(message.update)
    return document


def test_the_answer_stays_and_what_came_since_follows() -> None:
    replica, source = large()
    (first,) = replica.answer(EMPTY_STATE)
    for number in range(5):
        replica.apply([renamed(source, number)])
    answer, later = replica.answer(EMPTY_STATE)
    assert decode(answer) == Update(decode(first).update)
    assert isinstance(decode(later), SyncStep2), "it says that all is there, so it comes last"
    assert answer is replica.answer(EMPTY_STATE)[0]
    assert state_of(joined([answer, later])) == state_of(source)
    replica.apply([renamed(source, 7)])
    assert state_of(joined(replica.answer(EMPTY_STATE))) == state_of(source)


def test_the_whole_is_always_of_now() -> None:
    replica, source = large()
    replica.answer(EMPTY_STATE)
    replica.apply([renamed(source, 0)])
    whole = SceneDocument()
    whole.apply(replica.whole())
    assert state_of(whole) == state_of(source)
    assert len(replica.answer(EMPTY_STATE)) == 1


def test_the_answer_is_made_anew_when_much_has_come_since() -> None:
    replica, source = large()
    replica.answer(EMPTY_STATE)
    for number in range(300):
        replica.apply([renamed(source, number)])
    assert state_of(joined(replica.answer(EMPTY_STATE))) == state_of(source)
    assert replica.answer(EMPTY_STATE)[0] != large()[0].answer(EMPTY_STATE)[0]
    assert sum(map(len, replica.answer(EMPTY_STATE)[1:])) * 8 < len(replica.answer(EMPTY_STATE)[0])


async def test_who_joins_while_others_edit_has_everything(room: Room) -> None:
    ada = FakeClient(room)
    await settle(room, ada)
    with ada.document.transact():
        nodes = [add(ada.document, name=f"node {number}") for number in range(500)]
    await settle(room, ada)
    people = [ada]
    for number in range(6):
        ada.document.set("nodes", nodes[number], "name", "changed")
        await ada.send()
        people.append(FakeClient(room, person(f"bob{number}")))
        await settle(room, *people)
    assert {str(state_of(one.document)) for one in people} == {str(state_of(room.document))}
