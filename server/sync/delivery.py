"""What a room sends to its members."""

from collections.abc import Collection, Iterator

from crdt.messages import TOO_FAST, Refused, SyncStep1, encode, encode_update
from server.sockets.frames import BINARY, FRAGMENT
from server.sockets.frames import frame as framed
from server.sync.batch import Change, Messages
from server.sync.inbox import Question
from server.sync.member import Member
from server.sync.outbox import Closing
from server.sync.replica import Replica
from server.telemetry import Telemetry

_TOO_FAST = Closing(TOO_FAST, "too_fast", Refused("too_fast", "more questions than answers were read", "ask once"))

MERGED_AT_MOST = 256 * 1024
"""Bytes of a change above which it is not merged with others."""


class Delivery:
    """members: the room's, as they are at each call."""

    def __init__(self, members: Collection[Member], replica: Replica, telemetry: Telemetry) -> None:
        self._members = members
        self._replica = replica
        self._telemetry = telemetry

    def ask(self, member: Member) -> None:
        """Step 1: what the room has, so that the member sends the rest."""
        member.saved.questions += 1
        member.outbox.put(encode(SyncStep1(self._replica.state_vector())))

    def broadcast(self, changes: list[Change]) -> None:
        """One frame to every member whose state is known, with all that it did not send itself; a large change has a
        frame of its own, as merging it would hold up everybody.
        """
        for together in _groups(changes) if len(changes) != 1 else (changes,):
            self._broadcast(Messages(together))

    def _broadcast(self, messages: Messages) -> None:
        """Those who take it at once and sent none of it are written one and the same frame."""
        frame, written = b"", 0
        apart = messages.apart if messages.size < FRAGMENT else self._members
        for member in self._members:
            if member.given is None or member.refusal is not None:
                continue
            write = member.outbox.wire
            if write is None or member in apart:
                self._put(member, messages)
                continue
            if not written:
                frame = framed(BINARY, messages.common)
            write(frame)
            written += 1
        if written:
            self._telemetry.sent.inc(written * len(messages.common))

    def _put(self, member: Member, messages: Messages) -> None:
        if member.outbox.behind:
            return
        message = messages.of(member)
        if message is not None and not member.outbox.put_update(message):
            self._telemetry.resyncs.inc()

    def answer(self, question: Question) -> None:
        """What the member lacks: by the state that it named, or else by what it was given so far."""
        member = question.member
        if member.outbox.is_flooded:
            member.outbox.close(_TOO_FAST)
        elif question.state is not None:
            for message in self._replica.answer(question.state):
                member.outbox.put(message)
        elif member.given is not None:
            member.outbox.put(encode_update(self._replica.since(member.given)))
        member.given = self._replica.state_vector()
        member.outbox.caught_up()


def _groups(changes: list[Change]) -> Iterator[list[Change]]:
    """In order, every large one for itself."""
    together: list[Change] = []
    for change in changes:
        if len(change.update) > MERGED_AT_MOST and together:
            yield together
            together = []
        together.append(change)
        if len(change.update) > MERGED_AT_MOST:
            yield together
            together = []
    if together:
        yield together
