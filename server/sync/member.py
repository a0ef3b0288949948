"""One socket as its room sees it: who it is, what it may do, what it was sent and how much of it is saved."""

from dataclasses import dataclass, field

from crdt.errors import MaquetteError
from crdt.messages import FORBIDDEN, UPDATE_REFUSED, Notice, Refused, Saved, encode
from server.auth import Identity
from server.limits.allowance import UNLIMITED, Allowance
from server.limits.sockets import Place
from server.permissions import Role
from server.sync.outbox import Closing, Outbox

NOT_SAVING = Notice("not_saving", "what is edited now is not saved yet", "go on: it is saved when the disk is back")
SAVING_AGAIN = Notice("saving_again", "everything is being saved again")

MAX_UNCLOSED_ANSWERS = 3
"""Sync steps 2 in a row that do not fit the room, before the replica is given up."""


_NOT_ALLOWED = ("read_only", "forbidden")


@dataclass(slots=True)
class SavedCount:
    """Counts *saved n* (PROTOCOL.md): how many of the update-carrying messages, from the first on, are committed.

    A message that was not closed holds the count until the step 2 that answers our step 1 is committed: that one
    contains it. Answers come in the order of the questions.
    """

    received: int = 0
    questions: int = 0
    answers: int = 0
    unclosed_answers: int = 0
    _held_at: int | None = None
    _held_until: int = 0

    @property
    def n(self) -> int:
        return self.received if self._held_at is None else self._held_at

    def resume(self, received: int, questions: int, answers: int, saved: int) -> None:
        """Go on with a connection under another owner, who does not know what of it was committed after `saved`: the
        answer to the next question contains it.
        """
        self.received, self.questions, self.answers = received, questions, answers
        self.unclosed_answers = 0
        if saved < received:
            self._held_at, self._held_until = saved, questions + 1

    def accepted(self, is_answer: bool) -> None:
        self.received += 1
        if is_answer:
            self.answers += 1
            self.unclosed_answers = 0
            if self.answers >= self._held_until:
                self._held_at = None

    def not_closed(self, is_answer: bool) -> bool:
        """Count a message that could not be applied; True when its sender is to be asked for all it has."""
        if self._held_at is None:
            self._held_at = self.received
        self.received += 1
        if is_answer:
            self.answers += 1
            self.unclosed_answers += 1
        if self.questions > self.answers:
            return False  # the answer that is under way contains this message too
        self._held_until = self.questions + 1
        return True


@dataclass(slots=True, eq=False)
class Member:
    """role, can_write (may change the document), can_appear: asked at each message; they change while the socket lives.
    allowance: how fast it may send. place: what it counts for in quotas of connections. given: the state vector that
    all it was sent adds up to, None before its first step 1 was answered: until then it is sent no updates, because
    they would not be closed there.
    """

    identity: Identity
    outbox: Outbox
    can_write: bool = True
    can_appear: bool = True
    role: Role = "editor"
    allowance: Allowance = UNLIMITED
    place: Place | None = None
    via: str = "socket"
    wants_saved: bool = False
    wants_hello: bool = False
    wants_notices: bool = False
    given: bytes | None = None
    saved: SavedCount = field(default_factory=SavedCount)
    presence_client: int | None = None
    refusal: MaquetteError | None = None
    _told: int = -1

    def give_up_place(self) -> None:
        """When its socket is gone."""
        if self.place is not None:
            self.place.leave()

    def tell_saved(self, seq: int) -> None:
        n = self.saved.n
        if self.wants_saved and n > self._told:
            self._told = n
            self.outbox.put_saved(Saved(n, seq))

    def notice(self, notice: Notice) -> None:
        """Tell what everybody in the room should know, where it was asked for."""
        if self.wants_notices:
            self.outbox.put(encode(notice))

    def end_refused(self) -> None:
        """Tell why nothing of this replica is applied any more, and close its socket."""
        if (error := self.refusal) is not None:
            code = FORBIDDEN if error.code in _NOT_ALLOWED else UPDATE_REFUSED
            self.outbox.close(Closing(code, error.code, Refused(error.code, error.message, error.hint)))
