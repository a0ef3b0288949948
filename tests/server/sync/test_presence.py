"""Who is here: own state only, newest form only, gone with its socket."""

import asyncio
import json

import pytest

from crdt.errors import ProtocolError
from crdt.messages import AwarenessUpdate, decode
from crdt.presence import MAX_ENTRIES, Awareness, PresenceEntry, decode_presence, encode_presence
from server.counters import Count
from server.sync.member import Member
from server.sync.outbox import Outbox
from server.sync.presence_board import PresenceBoard
from tests.support.sync import person, take_all


class Somebody:
    def __init__(self, board: PresenceBoard, members: set[Member], client: int, name: str) -> None:
        self.board = board
        self.members = members
        self.awareness = Awareness(client)
        self.member = Member(person(name), Outbox(1_000_000))
        self.frames = 0
        members.add(self.member)
        board.show_all(self.member)

    def show(self, **state: object) -> None:
        self.board.receive(self.member, self.awareness.set_local(state))

    def leave(self) -> None:
        self.members.discard(self.member)
        self.board.leave(self.member)

    def sees(self) -> dict[int, dict[str, object]]:
        for frame in take_all(self.member.outbox):
            message = decode(frame)
            assert isinstance(message, AwarenessUpdate)
            self.awareness.apply(message.update)
            self.frames += 1
        return {client: state for client, state in self.awareness.states.items() if client != self.awareness.client}


@pytest.fixture
def members() -> set[Member]:
    return set()


@pytest.fixture
def board(members: set[Member]) -> PresenceBoard:
    return PresenceBoard(members, Count(), interval=0)


@pytest.fixture
def ada(board: PresenceBoard, members: set[Member]) -> Somebody:
    return Somebody(board, members, 1, "ada")


@pytest.fixture
def bob(board: PresenceBoard, members: set[Member]) -> Somebody:
    return Somebody(board, members, 2, "bob")


async def a_round() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_the_first_change_goes_out_at_once(ada: Somebody, bob: Somebody) -> None:
    ada.show(n=1)
    assert bob.sees() == {1: {"n": 1}}
    assert ada.sees() == {}


async def test_many_changes_are_one_frame_with_the_last(ada: Somebody, bob: Somebody) -> None:
    for n in range(100):
        ada.show(n=n)
    await a_round()
    assert bob.sees() == {1: {"n": 99}}
    assert bob.frames == 1, "a receiver that did not take the first gets only the last"


async def test_who_comes_later_sees_all(ada: Somebody, board: PresenceBoard, members: set[Member]) -> None:
    ada.show(n=1)
    assert Somebody(board, members, 3, "eve").sees() == {1: {"n": 1}}


async def test_it_goes_with_the_socket(ada: Somebody, bob: Somebody) -> None:
    ada.show(n=1)
    bob.sees()
    ada.leave()
    assert bob.sees() == {}


async def test_who_goes_before_the_round_stays_gone(ada: Somebody, bob: Somebody) -> None:
    ada.show(n=1)
    ada.show(n=2)
    ada.leave()
    await a_round()
    assert bob.sees() == {}


async def test_nobody_speaks_for_another(ada: Somebody, bob: Somebody) -> None:
    ada.show(n=1)
    bob.show(n=2)
    await a_round()
    forged = [PresenceEntry(1, 50, '{"n":"forged"}'), PresenceEntry(1, 51, None), PresenceEntry(9, 1, "{}")]
    ada.board.receive(bob.member, encode_presence(forged))
    await a_round()
    ada.show(n=3)
    await a_round()
    assert bob.sees() == {1: {"n": 3}}
    assert ada.sees() == {2: {"n": 2}}


async def test_an_echo_before_an_own_state_binds_nothing(ada: Somebody, bob: Somebody) -> None:
    """Stock clients repeat what they hear."""
    ada.show(n=1)
    echo = encode_presence([PresenceEntry(1, 1, '{"n":1}')])
    ada.board.receive(bob.member, echo)
    assert bob.member.presence_client is None
    bob.show(n=2)
    await a_round()
    assert ada.sees() == {2: {"n": 2}}


async def test_a_client_that_comes_back_with_an_old_clock_is_seen(
    ada: Somebody, bob: Somebody, board: PresenceBoard, members: set[Member]
) -> None:
    for n in range(5):
        ada.show(n=n)
    await a_round()
    bob.sees()
    ada.leave()
    assert bob.sees() == {}
    again = Somebody(board, members, 1, "ada")
    again.show(n="back")
    await a_round()
    assert bob.sees() == {1: {"n": "back"}}


async def test_a_new_socket_of_the_same_user_takes_over_from_a_half_open_one(
    ada: Somebody, bob: Somebody, board: PresenceBoard, members: set[Member]
) -> None:
    ada.show(n=1)
    again = Somebody(board, members, 1, "ada")
    again.show(n=2)
    await a_round()
    ada.show(n="late")
    ada.leave()
    await a_round()
    assert bob.sees() == {1: {"n": 2}}


async def test_a_state_that_is_too_large_changes_nothing(ada: Somebody, bob: Somebody) -> None:
    ada.show(n=1)
    ada.board.receive(ada.member, encode_presence([PresenceEntry(1, 9, json.dumps({"n": "x" * 5000}))]))
    await a_round()
    assert bob.sees() == {1: {"n": 1}}


async def test_malformed_presence_is_an_error_of_its_sender(ada: Somebody) -> None:
    with pytest.raises(ProtocolError):
        ada.board.receive(ada.member, b"\x05\x01")


async def test_the_server_can_appear(ada: Somebody, board: PresenceBoard) -> None:
    board.announce(77, '{"user":{"name":"peer"}}')
    await a_round()
    assert ada.sees() == {77: {"user": {"name": "peer"}}}
    board.receive(ada.member, encode_presence([PresenceEntry(77, 99, "{}")]))
    assert ada.member.presence_client is None
    board.announce(77, None)
    assert ada.sees() == {}


async def test_outgoing_clocks_only_rise(ada: Somebody, bob: Somebody, board: PresenceBoard) -> None:
    clocks = []
    for incoming in (7, 7, 3, 9):
        board.receive(ada.member, encode_presence([PresenceEntry(1, incoming, "{}")]))
        await a_round()
        for frame in take_all(bob.member.outbox):
            message = decode(frame)
            assert isinstance(message, AwarenessUpdate)
            clocks += [entry.clock for entry in decode_presence(message.update)]
    assert clocks == [7, 8, 9, 10]


async def test_nobody_appears_under_anothers_name(ada: Somebody, bob: Somebody) -> None:
    own = {"id": "bob".ljust(16, "_"), "name": "bob", "kind": "person", "color": "#123456"}
    bob.show(user=own, tool="move")
    assert ada.sees() == {2: {"user": own, "tool": "move"}}
    forged = json.dumps({"user": {**own, "id": "ada".ljust(16, "_"), "name": "ada"}, "tool": "\ud800"})
    bob.board.receive(bob.member, encode_presence([PresenceEntry(2, 9, forged)]))
    await a_round()
    assert ada.sees() == {2: {"user": own, "tool": "\ud800"}}
    bob.show(user={**own, "name": "ada"})
    await a_round()
    assert ada.sees() == {2: {"user": own}}


NO_STATES = ["[1]", '"x"', "{", '{"a":NaN}', '{"a":1e5,"b":-Infinity}', '{"a":' * 33 + "1" + "}" * 33]


@pytest.mark.parametrize("state", NO_STATES)
async def test_a_state_that_others_could_stumble_over(ada: Somebody, bob: Somebody, state: str) -> None:
    with pytest.raises(ProtocolError, match="bad_presence"):
        ada.board.receive(ada.member, encode_presence([PresenceEntry(1, 1, state)]))
    assert bob.sees() == {}


async def test_a_thousand_others_may_be_repeated_and_no_more(ada: Somebody, bob: Somebody) -> None:
    crowd = [PresenceEntry(number, 1, "{}") for number in range(1, MAX_ENTRIES + 2)]
    with pytest.raises(ProtocolError, match="bad_presence"):
        ada.board.receive(ada.member, encode_presence(crowd))
    ada.board.receive(ada.member, encode_presence(crowd[:MAX_ENTRIES]))
    assert set(bob.sees()) == {1}


async def test_a_clock_without_room_above_it_is_refused(ada: Somebody, bob: Somebody) -> None:
    """Found by fuzzing: counting on from 2^53 - 1 made an entry that could not be encoded, and its owner immortal."""
    bob.board.receive(bob.member, encode_presence([PresenceEntry(2, 1, "{}")]))
    for state in ("{}", None):
        with pytest.raises(ProtocolError, match="bad_presence"):
            bob.board.receive(bob.member, encode_presence([PresenceEntry(2, 2**53 - 1, state)]))
    bob.board.receive(bob.member, encode_presence([PresenceEntry(2, 2**40, "{}")]))
    await a_round()
    assert ada.sees() == {2: {}}
    bob.leave()
    assert ada.sees() == {}
