"""The presence of a followed room: judged and stamped by its owner, shown to the members here."""

from collections.abc import Callable, Iterable

from crdt.presence import PresenceEntry, decode_presence, join_entries, scan_presence
from server.counters import Count
from server.sync.member import Member
from server.sync.presence_board import show


class FollowerBoard:
    """The face of PresenceBoard. forward: hands a member's own update to the owner. sent: bytes over sockets."""

    def __init__(self, members: Iterable[Member], forward: Callable[[Member, bytes], None], sent: Count) -> None:
        self._members = members
        self._sent = sent
        self._forward = forward
        self._entries: dict[int, bytes] = {}
        self._clocks: dict[int, int] = {}
        self._stale: set[int] = set()
        self._shown: dict[Member, bytes] = {}

    def receive(self, member: Member, update: bytes) -> None:
        """ProtocolError when it is no awareness update."""
        entries = scan_presence(update)
        if member.presence_client is None:
            own = [one.client for one in entries if one.state is not None and one.client not in self._entries]
            own = own or [one.client for one in entries if one.state is not None][:1]
            member.presence_client = own[0] if own else None
        self._shown[member] = update
        self._forward(member, update)

    def show_all(self, member: Member) -> None:
        entries = {client: entry for client, entry in self._entries.items() if client != member.presence_client}
        if entries:
            member.outbox.put_presence(entries)

    def leave(self, member: Member) -> None:
        self._shown.pop(member, None)

    def close(self) -> None:
        self._shown.clear()

    def remember(self, clocks: dict[int, int]) -> None:
        self._clocks.update(clocks)

    # -- from the owner

    def show(self, entries: dict[int, bytes]) -> None:
        """Entries as the owner stamped them; none: that was all of its first answer."""
        if not entries:
            self._hide_stale()
            return
        self._stale.difference_update(entries)
        for client, encoded in entries.items():
            (entry,) = decode_presence(join_entries([encoded]))
            self._clocks[client] = entry.clock
            if entry.state is None:
                self._entries.pop(client, None)
            else:
                self._entries[client] = encoded
        self._send(entries)

    def begin_anew(self) -> None:
        """Another owner, or the same one once more: who it does not show within its first answer is gone."""
        own = {member.presence_client for member in self._members}
        self._stale = {client for client in self._entries if client not in own}

    def _hide_stale(self) -> None:
        gone = {client: self._gone(client) for client in self._stale}
        self._stale = set()
        for client in gone:
            del self._entries[client]
        self._send(gone)

    def hide_others(self) -> None:
        """This node becomes the owner: who is not here has to appear again."""
        self._stale = set(self._entries)
        for client in [member.presence_client for member in self._shown]:
            self._stale.discard(client or -1)
        self._hide_stale()

    def clocks(self) -> dict[int, int]:
        """What was seen of everybody, or will be when they are hidden: a new owner's stamps have to be higher."""
        return {client: clock + 1 for client, clock in self._clocks.items()}

    def shown_by(self, member: Member) -> bytes | None:
        """The member's latest update, to be shown to a new owner."""
        return self._shown.get(member)

    def _gone(self, client: int) -> bytes:
        self._clocks[client] = self._clocks.get(client, 0) + 1
        return PresenceEntry(client, self._clocks[client], None).encode()

    def _send(self, entries: dict[int, bytes]) -> None:
        if entries:
            show(entries, self._members, self._sent)
