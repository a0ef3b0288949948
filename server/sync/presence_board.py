"""The presence of one room: every socket's own state, in its newest form, to everybody else.

Clients that come back with an old clock stay visible, because what goes out is stamped with clocks of ours that only
rise. Stock clients echo what they hear of others: entries under other ids than their own are ignored.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping

from crdt.presence import PresenceEntry, scan_presence
from server.counters import Count
from server.sockets.frames import BINARY
from server.sockets.frames import frame as framed
from server.sync.member import Member
from server.sync.outbox import presence_message
from server.sync.presence_state import shown_entry

INTERVAL = 0.004
"""Seconds between two rounds at least; the first change after a pause goes out at once."""
INTERVAL_PER_MEMBER = 40e-6
"""In large rooms a round costs so much that rounds have to be rarer: a fifth of the loop's time is theirs at most."""
REMEMBERED_CLOCKS = 10_000


class PresenceBoard:
    """members: the room's, iterated at each round. sent: bytes over sockets. interval: seconds between two rounds."""

    def __init__(self, members: Collection[Member], sent: Count, interval: float = INTERVAL) -> None:
        self._members = members
        self._sent = sent
        self._interval = interval
        self._owners: dict[int, Member | None] = {}
        self._entries: dict[int, PresenceEntry] = {}
        self._clocks: dict[int, int] = {}
        self._changed: set[int] = set()
        self._next_round: asyncio.TimerHandle | None = None

    def receive(self, member: Member, update: bytes) -> None:
        """Take a client's awareness update. ProtocolError when it is none."""
        for entry in scan_presence(update):
            if self._owns(member, entry):
                self._show(member, entry)

    def announce(self, client: int, state: str | None) -> None:
        """A state of the server's own. state: JSON text of an object, None to take it away."""
        self._owners[client] = None
        self._put(PresenceEntry(client, 0, state))
        if state is None:
            del self._owners[client]

    def show_all(self, member: Member) -> None:
        """Everybody's state, for one who has just come or asks."""
        entries = {client: entry.encode() for client, entry in self._entries.items()}
        entries.pop(member.presence_client or -1, None)
        if entries:
            member.outbox.put_presence(entries)

    def leave(self, member: Member) -> None:
        """The socket is gone, and with it what it showed."""
        client = member.presence_client
        if client is not None and self._owners.get(client) is member:
            del self._owners[client]
            if client in self._entries:
                self._put(PresenceEntry(client, 0, None))

    def remember(self, clocks: Mapping[int, int]) -> None:
        """What was seen of clients elsewhere: what goes out from now on is newer."""
        for client, clock in clocks.items():
            self._clocks[client] = max(clock, self._clocks.get(client, 0))

    def close(self) -> None:
        if self._next_round is not None:
            self._next_round.cancel()

    def _owns(self, member: Member, entry: PresenceEntry) -> bool:
        if member.presence_client is not None:
            return entry.client == member.presence_client
        if entry.state is None:
            return False
        owner = self._owners.get(entry.client, member)
        if owner is None or (owner is not member and owner.identity.user_id != member.identity.user_id):
            return False
        # The same user again, the old socket not yet known to be dead: the new one takes over.
        member.presence_client = entry.client
        self._owners[entry.client] = member
        return True

    def _show(self, member: Member, entry: PresenceEntry) -> None:
        if self._owners.get(entry.client) is not member:
            return  # taken over by a newer socket of the same user
        if (shown := shown_entry(member.identity, entry)) is not None:
            self._put(shown)

    def _put(self, entry: PresenceEntry) -> None:
        clock = max(entry.clock, self._clocks.pop(entry.client, 0) + 1)
        self._clocks[entry.client] = clock
        if len(self._clocks) > REMEMBERED_CLOCKS:
            self._forget_oldest_clock()
        stamped = PresenceEntry(entry.client, clock, entry.state)
        if stamped.state is None:
            self._entries.pop(entry.client, None)
            self._send({entry.client: stamped.encode()})
            self._changed.discard(entry.client)
        else:
            self._entries[entry.client] = stamped
            self._changed.add(entry.client)
            self._schedule()

    def _forget_oldest_clock(self) -> None:
        client = next(client for client in self._clocks if client not in self._entries)
        del self._clocks[client]

    def _schedule(self) -> None:
        if self._next_round is None:
            self._round()

    def _round(self) -> None:
        self._next_round = None
        if not self._changed:
            return
        self._send({client: self._entries[client].encode() for client in self._changed})
        self._changed.clear()
        pause = max(self._interval, self._interval and len(self._members) * INTERVAL_PER_MEMBER)
        self._next_round = asyncio.get_running_loop().call_later(pause, self._round)

    def _send(self, entries: dict[int, bytes]) -> None:
        show(entries, self._members, self._sent)


def show(entries: dict[int, bytes], members: Iterable[Member], sent: Count) -> None:
    """Send everybody all but their own; to those who have none among them one frame is written. sent: counts bytes."""
    message = presence_message(entries)
    frame, written = framed(BINARY, message), 0
    for member in members:
        own = member.presence_client
        if own in entries:
            if len(entries) > 1:
                member.outbox.put_presence({key: entries[key] for key in entries if key != own})
        elif (write := member.outbox.wire) is not None:
            write(frame)
            written += 1
        else:
            member.outbox.put_presence(entries, message)
    sent.inc(written * len(message))
