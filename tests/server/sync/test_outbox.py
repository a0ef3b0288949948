"""What waits for one socket, and the short cut past it for what goes to many."""

from collections.abc import Callable

import pytest

from crdt.document import SceneDocument
from crdt.messages import Saved, encode, encode_update
from server.counters import Count
from server.sockets.frames import BINARY, frame
from server.sync.batch import Change
from server.sync.delivery import Delivery
from server.sync.inbox import Question
from server.sync.member import Member
from server.sync.outbox import Closing, Outbox, presence_message
from server.sync.presence_board import show
from server.sync.replica import Replica
from server.telemetry import Telemetry
from tests.support.sync import person

LIMIT = 1000


class Socket:
    """A port that a test fills and empties. sent: whole frames and messages in the order in which they were given."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.sent: list[bytes] = []
        self.emptied = 0
        self.is_free = True
        outbox.attach(self, self._emptied)

    waiting = 0

    def send(self, message: bytes) -> None:
        self.sent.append(frame(BINARY, message))

    @property
    def wire(self) -> Callable[[bytes], object]:
        return self.sent.append

    def fill(self) -> None:
        self.is_free = False
        self.outbox.full()

    def empty(self) -> None:
        self.is_free = True
        self.outbox.pump()

    def _emptied(self) -> None:
        self.emptied += 1


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(LIMIT)


@pytest.fixture
def socket(outbox: Outbox) -> Socket:
    return Socket(outbox)


def test_the_wire_is_there_while_the_socket_takes_everything(outbox: Outbox, socket: Socket) -> None:
    assert outbox.wire is not None
    socket.fill()
    assert outbox.wire is None
    outbox.put(b"one")
    outbox.put_saved(Saved(1, 1))
    assert outbox.wire is None
    socket.empty()
    assert outbox.wire is not None
    assert socket.sent == [frame(BINARY, b"one"), frame(BINARY, encode(Saved(1, 1)))], "in order, before anything else"


def test_there_is_no_wire_past_an_end(outbox: Outbox, socket: Socket) -> None:
    outbox.close(Closing(4408))
    assert outbox.wire is None
    socket.empty()
    assert outbox.wire is None
    other = Outbox(LIMIT)
    Socket(other)
    other.detach()
    assert other.wire is None


def test_who_fell_behind_is_written_to_again_once_it_was_answered(outbox: Outbox, socket: Socket) -> None:
    socket.fill()
    outbox.put_update(bytes(LIMIT))
    assert not outbox.put_update(b"x")
    socket.empty()
    assert (socket.sent, socket.emptied, outbox.wire) == ([], 1, None)
    outbox.put(b"the difference")
    outbox.caught_up()
    assert outbox.wire is not None
    assert socket.sent == [frame(BINARY, b"the difference")]


class Room:
    """Three members with sockets, and what delivers to them."""

    def __init__(self) -> None:
        self.replica = Replica(SceneDocument())
        self.telemetry = Telemetry()
        self.members = {name: Member(person(name), Outbox(LIMIT)) for name in ("ada", "bob", "eve")}
        self.sockets = {name: Socket(member.outbox) for name, member in self.members.items()}
        self.delivery = Delivery(self.members.values(), self.replica, self.telemetry)
        for member in self.members.values():
            self.delivery.answer(Question(member, b"\0"))
        self.taken()

    def taken(self) -> dict[str, list[bytes]]:
        taken = {name: socket.sent[:] for name, socket in self.sockets.items()}
        for socket in self.sockets.values():
            socket.sent.clear()
        return taken


def test_an_update_is_written_to_all_but_its_sender_and_who_is_full() -> None:
    room = Room()
    room.sockets["eve"].fill()
    room.delivery.broadcast([Change(b"an update", {room.members["ada"]})])
    message = encode_update(b"an update")
    update = frame(BINARY, message)
    assert room.taken() == {"ada": [], "bob": [update], "eve": []}
    assert room.telemetry.sent.value == len(message)
    room.sockets["eve"].empty()
    assert room.taken()["eve"] == [update]


def test_who_asked_nothing_yet_and_who_is_refused_are_written_nothing() -> None:
    room = Room()
    room.members["bob"].given = None
    room.members["eve"].refusal = ValueError()
    room.delivery.broadcast([Change(b"an update", set())])
    assert list(map(len, room.taken().values())) == [1, 0, 0]


def test_an_update_in_many_frames_is_not_written_at_once() -> None:
    room = Room()
    room.members["bob"].outbox = Outbox(10**7)
    room.sockets["bob"] = Socket(room.members["bob"].outbox)
    large = bytes(300_000)
    room.delivery.broadcast([Change(large, {room.members["ada"], room.members["eve"]})])
    assert room.taken()["bob"] == [frame(BINARY, encode_update(large))]
    assert room.telemetry.sent.value == 0, "by the port, which cuts it in pieces"


def test_presence_is_written_to_those_who_did_not_send_it() -> None:
    room, sent = Room(), Count()
    room.members["ada"].presence_client = 1
    room.sockets["eve"].fill()
    shown = {1: b"\x01\x01\x04null"}
    show(shown, room.members.values(), sent)
    taken = room.taken()
    assert (taken["ada"], len(taken["bob"]), taken["eve"]) == ([], 1, [])
    assert sent.value == len(presence_message(shown))
    room.sockets["eve"].empty()
    assert room.taken()["eve"] == taken["bob"]
