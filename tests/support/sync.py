"""Clients of a room without sockets: nothing moves until a test moves it, message by message."""

from collections import deque
from dataclasses import dataclass, field

from crdt.document import Document, SceneDocument
from crdt.messages import (
    AwarenessUpdate,
    Message,
    Saved,
    SyncStep1,
    SyncStep2,
    Update,
    decode,
    encode,
)
from crdt.presence import Awareness
from crdt.update_reader import read_state_vector
from server.auth import Identity
from server.sync.inbox import Incoming, Question
from server.sync.member import Member
from server.sync.outbox import Outbox
from server.sync.room import Room


def person(name: str = "ada") -> Identity:
    return Identity(name.ljust(16, "_"), name, "#3e63dd", "person", "visitor")


def take_all(outbox: Outbox) -> list[bytes]:
    """What the session's writer would send now."""
    frames = []
    while (frame := outbox.next()) is not None:
        frames.append(frame)
    return frames


@dataclass(eq=False)
class FakeClient:
    """A replica on a hand-moved wire. `send` delivers the oldest message to the room, `receive` the oldest from it."""

    room: Room
    identity: Identity = field(default_factory=person)
    document: Document = field(default_factory=SceneDocument)
    can_write: bool = True
    outbox_limit: int = 8 * 1024 * 1024

    def __post_init__(self) -> None:
        self.awareness = Awareness(self.document.doc.client_id)
        self.subscription = self.document.doc.observe(self._changed)
        self._applying = False
        self.outgoing: deque[bytes] = deque()
        self.connect(self.room)

    def connect(self, room: Room) -> None:
        """A new connection of the same replica: what was on the way is lost."""
        self.room = room
        self.member = Member(self.identity, Outbox(self.outbox_limit), can_write=self.can_write, wants_saved=True)
        self.incoming: deque[bytes] = deque()
        self.outgoing.clear()
        self.received: list[Message] = []
        self.saved = Saved(0, 0)
        room.join(self.member)
        self.outgoing.append(encode(SyncStep1(self.document.state_vector())))

    def disconnect(self) -> None:
        self.room.leave(self.member)
        self.outgoing.clear()

    async def catch_up(self) -> None:
        """What a session does for a socket that was too slow, once it has taken what it was given."""
        self.receive()
        if self.member.outbox.behind:
            await self.room.put(Question(self.member, None))

    def _changed(self, event) -> None:
        if not self._applying and event.update != b"\x00\x00":
            self.outgoing.append(encode(Update(event.update)))

    async def send(self, count: int | None = None) -> None:
        """Deliver the oldest `count` messages to the room (None: all)."""
        for _ in range(len(self.outgoing) if count is None else count):
            await self._hand_in(decode(self.outgoing.popleft()))

    async def _hand_in(self, message: Message) -> None:
        match message:
            case SyncStep1(state):
                await self.room.put(Question(self.member, state))
            case SyncStep2(update):
                await self.room.put(Incoming(self.member, update, await self.room.read(update), True))
            case Update(update):
                await self.room.put(Incoming(self.member, update, await self.room.read(update), False))
            case AwarenessUpdate(update):
                self.room.presence.receive(self.member, update)

    def receive(self) -> int:
        """Read everything that the room has sent; how many messages."""
        frames = take_all(self.member.outbox)
        for frame in frames:
            self._handle(decode(frame))
        return len(frames)

    def _handle(self, message: Message) -> None:
        self.received.append(message)
        match message:
            case SyncStep1(state):
                self.outgoing.append(encode(SyncStep2(self.document.update(state))))
            case SyncStep2(update) | Update(update):
                self._applying = True
                self.document.apply(update)
                self._applying = False
            case AwarenessUpdate(update):
                self.awareness.apply(update)
            case Saved():
                self.saved = message


async def processed(room: Room) -> None:
    """Wait until the room has dealt with all that it was given: an edit that does nothing comes after it."""
    await room.edit("nobody", "test", lambda _: None)


async def settle(room: Room, *clients: FakeClient) -> None:
    """Move everything until nobody has anything to say."""
    while True:
        for client in clients:
            await client.send()
        await processed(room)
        if not sum(client.receive() for client in clients) and not any(client.outgoing for client in clients):
            return


def state_of(document: Document) -> tuple[str, dict[int, int], object]:
    """What two replicas have in common when they are equal (SPEC D9)."""
    return document.canonical(), read_state_vector(document.state_vector()), document.delete_set()
