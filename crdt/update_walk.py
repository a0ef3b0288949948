"""One pass over the bytes of an update (format: yjs/src/utils/UpdateEncoder.js): clients, each with its structs in
clock order, then the delete set.

Asked for them, it notes where every struct begins (`boundaries`, for crdt.update_split).

Most structs are a value, a binary or a map that is put under a key: those are read in one flat loop (`_structs`, half
the time of the rest's way). All others, and in tests these too, go through `_struct`.
"""

from dataclasses import dataclass, field
from typing import NoReturn

from crdt.errors import ProtocolError, UpdateRefused
from crdt.lib0 import Decoder, read_uint, truncated
from crdt.update_summary import Id, Parent, Range, Reference, UpdateSummary
from crdt.update_values import SIZES, skip_value

MAX_CLOCK = 2**31 - 1
"""yrs holds clocks in 32 bits."""
MAX_VALUE = 16 * 1024 * 1024
"""Bytes of one value; what is larger belongs into a blob."""
MAX_KEY = 1024
"""Bytes of a key in UTF-8."""

GC, DELETED, JSON, BINARY, STRING, EMBED, FORMAT, TYPE, ANY, DOC, SKIP, MOVE = range(12)
Y_MAP = 1
FORBIDDEN = {
    JSON: "legacy JSON content",
    STRING: "text",
    EMBED: "an embed",
    FORMAT: "formatting",
    DOC: "a subdocument",
    MOVE: "a move",
}
HAS_ORIGIN, HAS_RIGHT_ORIGIN, HAS_PARENT_SUB, KIND = 0x80, 0x40, 0x20, 0x1F

USUAL = bytes(
    info & KIND in (BINARY, TYPE, ANY) and not info & HAS_RIGHT_ORIGIN and bool(info & (HAS_ORIGIN | HAS_PARENT_SUB))
    for info in range(256)
)
"""Of each info byte: whether the flat loop reads such a struct."""


@dataclass(slots=True)
class Boundaries:
    """A client's structs: where each begins among the bytes and its clock, at last where all end; which are skips."""

    positions: list[int] = field(default_factory=list)
    clocks: list[int] = field(default_factory=list)
    skips: set[int] = field(default_factory=set)


class Walk:
    """`Walk(data).run()`: the summary. ProtocolError; UpdateRefused `type_not_allowed`, `key_too_long`, `value_…`."""

    __slots__ = ("boundaries", "client", "clock", "decoder", "summary", "usual")

    def __init__(self, data: bytes, usual: bytes = USUAL) -> None:
        self.boundaries: dict[int, Boundaries] | None = None
        self.decoder = Decoder(data)
        self.summary = UpdateSummary()
        self.usual = usual
        self.client = 0
        self.clock = 0

    def run(self) -> UpdateSummary:
        decoder = self.decoder
        try:
            for _ in range(decoder.count(least=3)):
                self._structs_of_client()
            for _ in range(decoder.count(least=2)):
                self._deletes_of_client()
        except IndexError:
            raise truncated() from None
        except UnicodeDecodeError as error:
            raise ProtocolError("bad_text", f"text that is not UTF-8: {error.reason}") from error
        decoder.finish()
        return self.summary

    def _structs_of_client(self) -> None:
        decoder = self.decoder
        count = decoder.count(least=2)
        data, before = decoder.data, decoder.position
        self.client, position = read_uint(data, before)
        own = data[before:position]
        clock, decoder.position = read_uint(data, position)
        self.clock = check_clock(clock)
        if self.client in self.summary.ranges:
            raise ProtocolError("client_twice", f"client {self.client} comes twice")
        ranges = self._structs(count, own)
        if ranges:
            self.summary.ranges[self.client] = ranges

    def _structs(self, count: int, own: bytes) -> list[Range]:
        """own: the client's id as it is encoded, which most references repeat."""
        decoder, summary, usual, client = self.decoder, self.summary, self.usual, self.client
        data, size, own_size = decoder.data, len(decoder.data), len(own)
        ranges: list[Range] = []
        position, start = decoder.position, self.clock
        clock = start
        noted = Boundaries() if self.boundaries is not None else None
        for _ in range(count):
            info = data[position]
            begin, length = position, 1
            if noted is not None:
                noted.positions.append(position)
                noted.clocks.append(clock)
            if usual[info]:
                position += 1
                parent: Parent | None = None
                is_id = True
                if info < HAS_ORIGIN:
                    is_id = data[position] == 0
                    if not is_id:
                        parent, position = self._root(position)
                    else:
                        position += 1
                if is_id:
                    if data.startswith(own, position):
                        other = client
                        position += own_size
                    else:
                        other, position = read_uint(data, position)
                    at = data[position]
                    position += 1
                    if at > 0x7F:
                        at, position = read_uint(data, position - 1)
                    if other != client:
                        summary.references.append(Reference(other, check_clock(at), client, clock))
                    elif at >= clock:
                        raise _refers_ahead(client, clock, at)
                    parent = (other, at)
                if info >= HAS_ORIGIN:
                    summary.followed.append((client, clock, parent))  # type: ignore[arg-type]
                else:
                    key_size = data[position]
                    if key_size > 0x7F:
                        key_size, position = self._key_size(position)
                    else:
                        position += 1
                    key = data[position : position + key_size].decode()
                    position += key_size
                    summary.placed.append((client, clock, parent, key))  # type: ignore[arg-type]
                kind = info & KIND
                if kind == ANY:
                    if data[position] == 1:
                        value_size = SIZES[data[position + 1]]
                        position += 1
                        position = position + value_size if value_size else skip_value(data, position)
                    else:
                        length, position = self._values(position)
                elif kind == BINARY:
                    value_size, position = read_uint(data, position)
                    position += value_size
                else:
                    self._map(data[position], clock)
                    position += 1
                if position > size:
                    raise truncated()
            else:
                decoder.position = position + 1
                self.clock = clock
                length = self._struct(info)
                position = decoder.position
            if position - begin > MAX_VALUE:
                raise _value_too_large(position - begin)
            if info & KIND == SKIP:
                if start < clock:
                    ranges.append((start, clock))
                start = clock + length
                if noted is not None:
                    noted.skips.add(len(noted.clocks) - 1)
            clock += length
            if clock > MAX_CLOCK:
                raise _clock_too_large(clock)
        decoder.position = position
        if start < clock:
            ranges.append((start, clock))
        if noted is not None and self.boundaries is not None and count:
            noted.positions.append(position)
            noted.clocks.append(clock)
            self.boundaries[client] = noted
        return ranges

    def _struct(self, info: int) -> int:
        """Read one struct of any kind; its length in clocks."""
        kind = info & KIND
        if kind in (GC, SKIP):
            return self._length()
        self._links(info)
        return self._content(kind)

    def _length(self) -> int:
        length = self.decoder.uint()
        if not length:
            raise _empty_struct()
        return length

    def _links(self, info: int) -> None:
        if info & HAS_ORIGIN:
            self.summary.followed.append((self.client, self.clock, self._reference()))
        if info & HAS_RIGHT_ORIGIN:
            self.summary.followed.append((self.client, self.clock, self._reference()))
        if not info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN):
            self.summary.placed.append((self.client, self.clock, *self._parent(info)))

    def _reference(self) -> Id:
        client, clock = self.decoder.uint(), check_clock(self.decoder.uint())
        if client != self.client:
            self.summary.references.append(Reference(client, clock, self.client, self.clock))
        elif clock >= self.clock:
            raise _refers_ahead(client, self.clock, clock)
        return client, clock

    def _parent(self, info: int) -> tuple[Parent, str]:
        decoder = self.decoder
        parent: Parent
        if decoder.data[decoder.position] == 0:
            decoder.position += 1
            parent = self._reference()
        else:
            parent, decoder.position = self._root(decoder.position)
        if not info & HAS_PARENT_SUB:
            raise UpdateRefused("type_not_allowed", "an item of a list", "documents hold maps only")
        size, position = self._key_size(decoder.position)
        decoder.position = position
        return parent, decoder.take(size).decode()

    def _root(self, position: int) -> tuple[str, int]:
        """The name of a root map, which stands behind a 1; and where it ends."""
        if self.decoder.data[position] != 1:
            raise ProtocolError("bad_parent", f"parent kind {self.decoder.data[position]}", "0 or 1")
        size, position = self._key_size(position + 1)
        name = self.decoder.data[position : position + size].decode()
        self.summary.roots.add(name)
        return name, position + size

    def _key_size(self, position: int) -> tuple[int, int]:
        size, position = read_uint(self.decoder.data, position)
        if size > MAX_KEY:
            raise UpdateRefused("key_too_long", f"a key of {size} bytes", f"at most {MAX_KEY}")
        return size, position

    def _content(self, kind: int) -> int:
        decoder = self.decoder
        if kind == ANY:
            length, decoder.position = self._values(decoder.position)
            return length
        if kind == TYPE:
            self._map(decoder.byte(), self.clock)
        elif kind == DELETED:
            return self._length()
        elif kind == BINARY:
            decoder.var_bytes()
        else:
            _forbid(kind)
        return 1

    def _values(self, position: int) -> tuple[int, int]:
        """How many there are, and where they end."""
        data = self.decoder.data
        count, position = read_uint(data, position)
        if not count:
            raise _empty_struct()
        for _ in range(count):
            position = skip_value(data, position)
        return count, position

    def _map(self, reference: int, clock: int) -> None:
        if reference != Y_MAP:
            raise UpdateRefused("type_not_allowed", f"a shared type of kind {reference}", "documents hold maps only")
        placed = self.summary.placed
        is_placed = placed and placed[-1][1] == clock and placed[-1][0] == self.client
        self.summary.maps[self.client, clock] = placed[-1] if is_placed else None

    def _deletes_of_client(self) -> None:
        decoder = self.decoder
        client, decoder.position = read_uint(decoder.data, decoder.position)
        count = decoder.count(least=2)
        if client in self.summary.deletes:
            raise ProtocolError("client_twice", f"client {client} comes twice among the deletes")
        data, position = decoder.data, decoder.position
        ranges = []
        for _ in range(count):
            start, position = read_uint(data, position)
            length, position = read_uint(data, position)
            if not length:
                raise _empty_struct()
            ranges.append((start, check_clock(start + length)))
        decoder.position = position
        if count > 1:
            ranges.sort()
        if ranges:
            self.summary.deletes[client] = ranges


def check_clock(value: int) -> int:
    if value > MAX_CLOCK:
        raise _clock_too_large(value)
    return value


def _clock_too_large(value: int) -> ProtocolError:
    return ProtocolError("clock_too_large", f"the clock {value}", f"at most {MAX_CLOCK}")


def _empty_struct() -> ProtocolError:
    return ProtocolError("empty_struct", "a struct of length 0")


def _refers_ahead(client: int, clock: int, at: int) -> ProtocolError:
    return ProtocolError("refers_ahead", f"{client}:{clock} refers to its own successor {at}")


def _value_too_large(size: int) -> UpdateRefused:
    return UpdateRefused(
        "value_too_large", f"a value of {size} bytes", f"at most {MAX_VALUE}; what is larger is a blob"
    )


def _forbid(kind: int) -> NoReturn:
    if kind in FORBIDDEN:
        raise UpdateRefused("type_not_allowed", FORBIDDEN[kind], "documents hold maps of plain values")
    raise ProtocolError("unknown_content", f"content of kind {kind}")
