"""Large updates in parts: each is closed once those before it are applied (the rules are in PROTOCOL.md, *Parts*).

for part in split_update(update, 1_000_000): ...
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from crdt.errors import ProtocolError, UpdateRefused
from crdt.lib0 import encode_uint
from crdt.update_summary import Id, Range
from crdt.update_walk import KIND, SKIP, Walk

OVERHEAD = 16
"""Bytes that a client is counted with in a part, beyond its structs or ranges."""


def split_update(update: bytes, limit: int) -> list[bytes]:
    """The update in parts of about `limit` bytes (a struct that is larger alone is a part of its own).

    Applied in this order, they are the same as the whole. UpdateRefused: what the reader refuses, and `not_closed`
    where structs wait for each other.
    """
    if len(update) <= limit:
        return [update]
    recorder = _Recorder(update)
    try:
        deletes = recorder.run().deletes
    except ProtocolError as error:
        raise UpdateRefused("malformed_update", error.message, error.hint) from error
    parts = _Parts(limit)
    for struct in _in_order(recorder.structs):
        parts.add_struct(struct)
    for client, ranges in deletes.items():
        for deleted in ranges:
            parts.add_deleted(client, deleted)
    return parts.encoded()


@dataclass(slots=True)
class _Struct:
    """needs: structs of other clients. is_skip: holds nothing."""

    client: int
    clock: int
    end: int
    content: bytes
    needs: list[Id]
    is_skip: bool


class _Recorder(Walk):
    """structs: of each client, in the order of the update."""

    __slots__ = ("structs",)

    def __init__(self, data: bytes) -> None:
        super().__init__(data, usual=bytes(256))
        self.structs: dict[int, list[_Struct]] = {}

    def _struct(self, info: int) -> int:
        decoder, references = self.decoder, self.summary.references
        begin, known = decoder.position - 1, len(references)
        length = super()._struct(info)
        needs = [(reference.client, reference.clock) for reference in references[known:]]
        content = decoder.data[begin : decoder.position]
        struct = _Struct(self.client, self.clock, self.clock + length, content, needs, info & KIND == SKIP)
        self.structs.setdefault(self.client, []).append(struct)
        return length


def _in_order(structs: dict[int, list[_Struct]]) -> Iterator[_Struct]:
    """Every struct after those that it needs: client by client, each left only for what the next struct needs."""
    at = dict.fromkeys(structs, 0)
    ends = {client: own[0].clock for client, own in structs.items()}
    for first in structs:
        waiting: list[tuple[int, int | None]] = [(first, None)]
        while waiting:
            client, wanted = waiting[-1]
            if at[client] == len(structs[client]) or (wanted is not None and ends[client] > wanted):
                waiting.pop()
                continue
            struct = structs[client][at[client]]
            need = next((need for need in struct.needs if need[0] in ends and _is_ahead(need, structs, ends)), None)
            if need is None:
                at[client] += 1
                ends[client] = struct.end
                yield struct
            elif any(need[0] == other for other, _ in waiting):
                raise UpdateRefused(
                    "not_closed", f"{client}:{struct.clock} and {need[0]}:{need[1]} wait for each other"
                )
            else:
                waiting.append(need)


def _is_ahead(need: Id, structs: dict[int, list[_Struct]], ends: dict[int, int]) -> bool:
    """Whether the update holds the struct and it did not come yet."""
    client, clock = need
    return ends[client] <= clock < structs[client][-1].end


@dataclass(slots=True)
class _Part:
    structs: dict[int, list[_Struct]] = field(default_factory=dict)
    deletes: dict[int, list[Range]] = field(default_factory=dict)
    size: int = 0

    def encode(self) -> bytes:
        runs = [run for client in sorted(self.structs, reverse=True) if (run := _trimmed(self.structs[client]))]
        encoded = [encode_uint(len(runs))]
        for run in runs:
            encoded += [encode_uint(len(run)), encode_uint(run[0].client), encode_uint(run[0].clock)]
            encoded += [struct.content for struct in run]
        encoded.append(encode_uint(len(self.deletes)))
        for client in sorted(self.deletes, reverse=True):
            ranges = self.deletes[client]
            encoded += [encode_uint(client), encode_uint(len(ranges))]
            encoded += [_encode_range(deleted) for deleted in ranges]
        return b"".join(encoded)


def _trimmed(run: list[_Struct]) -> list[_Struct]:
    """Without the skips at its ends."""
    kept = [number for number, struct in enumerate(run) if not struct.is_skip]
    return run[kept[0] : kept[-1] + 1] if kept else []


def _encode_range(deleted: Range) -> bytes:
    return encode_uint(deleted[0]) + encode_uint(deleted[1] - deleted[0])


class _Parts:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts = [_Part()]

    def add_struct(self, struct: _Struct) -> None:
        part = self._room_for(len(struct.content), struct.client in self._parts[-1].structs)
        part.structs.setdefault(struct.client, []).append(struct)

    def add_deleted(self, client: int, deleted: Range) -> None:
        part = self._room_for(len(_encode_range(deleted)), client in self._parts[-1].deletes)
        part.deletes.setdefault(client, []).append(deleted)

    def _room_for(self, size: int, is_known: bool) -> _Part:
        """The part that takes so many bytes more, of a client that it has already or not."""
        part = self._parts[-1]
        if part.size and part.size + size + (0 if is_known else OVERHEAD) > self._limit:
            part, is_known = _Part(), False
            self._parts.append(part)
        part.size += size + (0 if is_known else OVERHEAD)
        return part

    def encoded(self) -> list[bytes]:
        return [part.encode() for part in self._parts]
