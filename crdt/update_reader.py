"""A strict reader of Yjs V1 updates: what an update contains and refers to, before it may touch a document.

pycrdt keeps structs whose predecessors are missing as *pending* and may lose or misplace them, decodes text without
checking it and takes counts at their word. So whatever comes from outside is walked here first, with every count
bounded by the bytes that are left, and refused when it holds anything that our documents never hold: nested types
other than Y.Map, list items, text, subdocuments.

    summary = read_update(data)          # UpdateRefused
    is_closed(summary, {client: clock})  # may it be applied to a document of this state?

Format (yjs/src/utils/UpdateEncoder.js): clients, each with its structs in clock order, then the delete set.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crdt.errors import ProtocolError, UpdateRefused
from crdt.lib0 import Decoder

MAX_CLOCK = 2**31 - 1
"""yrs holds clocks in 32 bits."""
MAX_DEPTH = 64
"""Nesting of lists and objects inside one value; yrs decodes them recursively."""

GC, DELETED, JSON, BINARY, STRING, EMBED, FORMAT, TYPE, ANY, DOC, SKIP, MOVE = range(12)
Y_MAP = 1
_FORBIDDEN = {
    JSON: "legacy JSON content",
    STRING: "text",
    EMBED: "an embed",
    FORMAT: "formatting",
    DOC: "a subdocument",
    MOVE: "a move",
}
HAS_ORIGIN, HAS_RIGHT_ORIGIN, HAS_PARENT_SUB, KIND = 0x80, 0x40, 0x20, 0x1F

_FIXED_ANY = {127: 0, 126: 0, 124: 4, 123: 8, 122: 8, 121: 0, 120: 0}
"""Bytes of undefined, null, float32, float64, bigint64, false, true."""
_ANY_INTEGER, _ANY_STRING, _ANY_OBJECT, _ANY_ARRAY, _ANY_BYTES = 125, 119, 118, 117, 116

Range = tuple[int, int]
"""Clocks [start, end)."""


Id = tuple[int, int]
"""An item: (client, clock)."""
Parent = str | Id
"""What an item is in: a root's name, or the item of a map."""
Placed = tuple[Id, Parent, str]
"""An item, what it is in, and its key there."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The struct at (by_client, by_clock) needs the struct at (client, clock) of another client."""

    client: int
    clock: int
    by_client: int
    by_clock: int


@dataclass(frozen=True, slots=True)
class UpdateSummary:
    """What an update holds. ranges: structs by client, ascending, without what it skips; deletes likewise.

    placed: items that name where they are, as the first of their key does. followed: (item, neighbour) of those that
    are written over another and have its place. maps: items that are a map of their own, with their place if named.
    """

    ranges: dict[int, list[Range]] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    deletes: dict[int, list[Range]] = field(default_factory=dict)
    roots: set[str] = field(default_factory=set)
    placed: list[Placed] = field(default_factory=list)
    followed: list[tuple[Id, Id]] = field(default_factory=list)
    maps: dict[Id, Placed | None] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.ranges and not self.deletes

    def new_clients(self, state: Mapping[int, int]) -> list[int]:
        """Clients of whom it holds structs that a document of this state lacks."""
        return [client for client, ranges in self.ranges.items() if ranges[-1][1] > state.get(client, 0)]

    def advance(self, state: dict[int, int]) -> None:
        """Bring `state` to what it is after this (closed) update."""
        for client, ranges in self.ranges.items():
            state[client] = max(ranges[-1][1], state.get(client, 0))


def read_update(data: bytes) -> UpdateSummary:
    """Walk a whole update. UpdateRefused: `malformed_update` or `type_not_allowed`."""
    try:
        return _Walk(data).run()
    except ProtocolError as error:
        raise UpdateRefused("malformed_update", error.message, error.hint) from error


def read_state_vector(data: bytes) -> dict[int, int]:
    """Clock by client. UpdateRefused: `malformed_state_vector`."""
    decoder = Decoder(data)
    try:
        count = decoder.count(least=2)
        state = {decoder.uint(): _clock(decoder.uint()) for _ in range(count)}
        decoder.finish()
    except ProtocolError as error:
        raise UpdateRefused("malformed_state_vector", error.message, error.hint) from error
    return state


def check_roots(summary: UpdateSummary, allowed: Iterable[str]) -> None:
    """UpdateRefused `unknown_root` when it writes to a root map that the document does not have."""
    unknown = summary.roots.difference(allowed)
    if unknown:
        name = min(unknown)
        raise UpdateRefused("unknown_root", f"the root {name[:64]!r}", f"one of {', '.join(allowed)}")


def is_closed(summary: UpdateSummary, state: Mapping[int, int]) -> bool:
    """Whether a document of this state can integrate the whole update at once, nothing left pending."""
    ends = _reach(summary, state)
    if ends is None:
        return False
    for client, deletes in summary.deletes.items():
        if deletes[-1][1] > ends.get(client, state.get(client, 0)):
            return False
    unmet = [need for need in summary.references if need.clock >= state.get(need.client, 0)]
    if any(need.clock >= ends.get(need.client, 0) for need in unmet):
        return False
    return not unmet or _integrates(unmet, ends, state)


def _reach(summary: UpdateSummary, state: Mapping[int, int]) -> dict[int, int] | None:
    """The clock of every client of the update after it; None when it leaves a hole."""
    ends = {}
    for client, ranges in summary.ranges.items():
        reach = state.get(client, 0)
        for start, end in ranges:
            if start > reach:
                return None
            reach = max(reach, end)
        ends[client] = reach
    return ends


def _integrates(unmet: list[Reference], ends: Mapping[int, int], state: Mapping[int, int]) -> bool:
    """Whether the clients' structs can be put in an order in which everything is there before it is needed."""
    needs: dict[int, list[Reference]] = defaultdict(list)
    for need in reversed(unmet):
        needs[need.by_client].append(need)
    reached = {client: state.get(client, 0) if client in needs else end for client, end in ends.items()}
    blocked: dict[int, list[int]] = defaultdict(list)
    ready = list(needs)
    while ready:
        client = ready.pop()
        open_needs = needs[client]
        while open_needs and reached[open_needs[-1].client] > open_needs[-1].clock:
            open_needs.pop()
        if open_needs:
            blocked[open_needs[-1].client].append(client)
        reach = open_needs[-1].by_clock if open_needs else ends[client]
        if reach > reached[client]:
            reached[client] = reach
            ready.extend(blocked.pop(client, ()))
    return not any(needs.values())


def _clock(value: int) -> int:
    if value > MAX_CLOCK:
        raise ProtocolError("clock_too_large", f"the clock {value}", f"at most {MAX_CLOCK}")
    return value


class _Walk:
    """One pass over the bytes of an update."""

    __slots__ = ("client", "clock", "decoder", "summary")

    def __init__(self, data: bytes) -> None:
        self.decoder = Decoder(data)
        self.summary = UpdateSummary()
        self.client = 0
        self.clock = 0

    def run(self) -> UpdateSummary:
        for _ in range(self.decoder.count(least=3)):
            self._structs_of_client()
        for _ in range(self.decoder.count(least=2)):
            self._deletes_of_client()
        self.decoder.finish()
        return self.summary

    def _structs_of_client(self) -> None:
        decoder = self.decoder
        count = decoder.count(least=2)
        self.client = decoder.uint()
        self.clock = _clock(decoder.uint())
        if self.client in self.summary.ranges:
            raise ProtocolError("client_twice", f"client {self.client} comes twice")
        ranges: list[Range] = []
        start = self.clock
        for _ in range(count):
            info = decoder.byte()
            end = _clock(self.clock + self._struct(info))
            if info & KIND == SKIP:
                if start < self.clock:
                    ranges.append((start, self.clock))
                start = end
            self.clock = end
        if start < self.clock:
            ranges.append((start, self.clock))
        if ranges:
            self.summary.ranges[self.client] = ranges

    def _struct(self, info: int) -> int:
        """Read one struct; its length in clocks."""
        kind = info & KIND
        if kind in (GC, SKIP):
            return self._length()
        self._links(info)
        return self._content(kind)

    def _length(self) -> int:
        length = self.decoder.uint()
        if not length:
            raise ProtocolError("empty_struct", "a struct of length 0")
        return length

    def _links(self, info: int) -> None:
        item = self.client, self.clock
        if info & HAS_ORIGIN:
            self.summary.followed.append((item, self._reference()))
        if info & HAS_RIGHT_ORIGIN:
            self.summary.followed.append((item, self._reference()))
        if not info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN):
            self.summary.placed.append((item, *self._parent(info)))

    def _reference(self) -> Id:
        client, clock = self.decoder.uint(), _clock(self.decoder.uint())
        if client != self.client:
            self.summary.references.append(Reference(client, clock, self.client, self.clock))
        elif clock >= self.clock:
            raise ProtocolError("refers_ahead", f"{client}:{self.clock} refers to its own successor {clock}")
        return client, clock

    def _parent(self, info: int) -> tuple[Parent, str]:
        parent: Parent
        named = self.decoder.uint()
        if named == 1:
            parent = self.decoder.string()
            self.summary.roots.add(parent)
        elif named == 0:
            parent = self._reference()
        else:
            raise ProtocolError("bad_parent", f"parent kind {named}", "0 or 1")
        if not info & HAS_PARENT_SUB:
            raise UpdateRefused("type_not_allowed", "an item of a list", "documents hold maps only")
        return parent, self.decoder.string()

    def _content(self, kind: int) -> int:
        decoder = self.decoder
        if kind == ANY:
            count = decoder.count()
            for _ in range(count):
                skip_any(decoder)
            if not count:
                raise ProtocolError("empty_struct", "a struct of length 0")
            return count
        if kind == TYPE:
            self._map()
        elif kind == DELETED:
            return self._length()
        elif kind == BINARY:
            decoder.var_bytes()
        else:
            self._forbid(kind)
        return 1

    def _map(self) -> None:
        reference = self.decoder.uint()
        if reference != Y_MAP:
            raise UpdateRefused("type_not_allowed", f"a shared type of kind {reference}", "documents hold maps only")
        item, placed = (self.client, self.clock), self.summary.placed
        self.summary.maps[item] = placed[-1] if placed and placed[-1][0] == item else None

    def _forbid(self, kind: int) -> None:
        if kind in _FORBIDDEN:
            raise UpdateRefused("type_not_allowed", _FORBIDDEN[kind], "documents hold maps of plain values")
        raise ProtocolError("unknown_content", f"content of kind {kind}")

    def _deletes_of_client(self) -> None:
        decoder = self.decoder
        client, count = decoder.uint(), decoder.count(least=2)
        if client in self.summary.deletes:
            raise ProtocolError("client_twice", f"client {client} comes twice among the deletes")
        ranges = []
        for _ in range(count):
            start = decoder.uint()
            ranges.append((start, _clock(start + self._length())))
        if ranges:
            self.summary.deletes[client] = sorted(ranges)


def skip_any(decoder: Decoder, depth: int = 0) -> None:
    """Pass over one lib0 `any` value, checking it."""
    if depth > MAX_DEPTH:
        raise ProtocolError("too_deep", f"a value nested more than {MAX_DEPTH} deep")
    kind = decoder.byte()
    if kind == _ANY_STRING:
        decoder.string()
    elif kind == _ANY_INTEGER:
        _skip_integer(decoder)
    elif kind in _FIXED_ANY:
        decoder.take(_FIXED_ANY[kind])
    elif kind == _ANY_ARRAY:
        for _ in range(decoder.count()):
            skip_any(decoder, depth + 1)
    elif kind == _ANY_OBJECT:
        for _ in range(decoder.count(least=2)):
            decoder.string()
            skip_any(decoder, depth + 1)
    elif kind == _ANY_BYTES:
        decoder.var_bytes()
    else:
        raise ProtocolError("unknown_value", f"a value of kind {kind}")


def _skip_integer(decoder: Decoder) -> None:
    # 6 bits, then 7 at a time; ten bytes hold more than 64 bits.
    for _ in range(9):
        if decoder.byte() < 0x80:
            return
    raise ProtocolError("number_too_large", "an integer of more than 9 bytes", "at most 2^53 - 1")
