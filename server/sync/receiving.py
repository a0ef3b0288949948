"""What one member's messages mean to its room, whichever way they came."""

from dataclasses import dataclass

from crdt.errors import MaquetteError, ProtocolError, UpdateRefused
from crdt.messages import (
    MALFORMED,
    RESTART,
    TOO_LARGE,
    UPDATE_REFUSED,
    AwarenessUpdate,
    Message,
    QueryAwareness,
    Refused,
    SyncStep1,
    SyncStep2,
    Update,
    carried_update,
    decode,
)
from crdt.update_reader import read_state_vector
from server.errors import Unavailable
from server.sync.inbox import Incoming, Question
from server.sync.live import LiveRoom
from server.sync.member import Member
from server.sync.outbox import Closing
from server.sync.reading import LARGE, read_now

RECEIVING_ERRORS = (ProtocolError, UpdateRefused, Unavailable)
"""What `receive` raises; each ends the connection as `closing_for` says."""


@dataclass(slots=True)
class Receiver:
    """limit: bytes of one message."""

    room: LiveRoom
    member: Member
    limit: int

    def check(self, data: bytes | str) -> bytes:
        """The bytes of a message that may be decoded. ProtocolError: `text_message`, `message_too_large`."""
        if isinstance(data, str):
            raise ProtocolError("text_message", "a text message", "binary messages")
        if len(data) > self.limit:
            raise ProtocolError("message_too_large", f"a message of {len(data)} bytes", f"at most {self.limit}")
        return data

    def receive_now(self, data: bytes) -> bool:
        """Take a message at once; False where that cannot be done (it is large, the room is full): `receive` it."""
        if (update := carried_update(data)) is not None:
            return len(update) <= LARGE and self._offer(update, is_answer=False)
        match decode(data):
            case SyncStep2(update):
                return len(update) <= LARGE and self._offer(update, is_answer=True)
            case SyncStep1(state):
                read_state_vector(state)
                return self.room.offer(Question(self.member, state))
            case message:
                self._receive_presence(message)
        return True

    def _offer(self, update: bytes, *, is_answer: bool) -> bool:
        return self.room.offer(Incoming(self.member, update, read_now(self.room.branch, update), is_answer))

    async def receive(self, data: bytes) -> None:
        """Take a message; waits while the room is full, reads large ones in a thread."""
        match decode(data):
            case Update(update):
                await self._receive_update(update, is_answer=False)
            case SyncStep2(update):
                await self._receive_update(update, is_answer=True)
            case SyncStep1(state):
                read_state_vector(state)
                await self.room.put(Question(self.member, state))
            case message:
                self._receive_presence(message)

    async def _receive_update(self, update: bytes, *, is_answer: bool) -> None:
        summary = await self.room.read(update)
        await self.room.put(Incoming(self.member, update, summary, is_answer))

    def _receive_presence(self, message: Message) -> None:
        match message:
            case AwarenessUpdate(update):
                if self.member.can_appear:
                    self.room.presence.receive(self.member, update)
            case QueryAwareness():
                self.room.presence.show_all(self.member)
            case other:
                raise ProtocolError("not_for_servers", f"a {type(other).__name__} message from a client")


def closing_for(error: MaquetteError) -> Closing:
    """How a connection ends whose message raised one of RECEIVING_ERRORS."""
    if isinstance(error, Unavailable):
        return Closing(RESTART, error.code)
    refused = Refused(error.code, error.message, error.hint)
    if isinstance(error, UpdateRefused):
        return Closing(UPDATE_REFUSED, error.code, refused)
    return Closing(TOO_LARGE if error.code == "message_too_large" else MALFORMED, error.code, refused)
