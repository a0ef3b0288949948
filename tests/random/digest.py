"""Comparing replicas (SPEC D9): state vectors and delete sets as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crdt.document import SceneDocument
from tests.support.acknowledged import Ranges, covers


def clocks(state_vector: bytes) -> dict[int, int]:
    """Client → clock of an encoded state vector."""
    numbers: list[int] = []
    value = shift = 0
    for byte in state_vector:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value)
            value = shift = 0
    return dict(sorted(zip(numbers[1::2], numbers[2::2], strict=True)))


@dataclass(frozen=True)
class Digest:
    """How much a replica knows."""

    clocks: dict[int, int]
    deleted: Ranges

    @staticmethod
    def of(scene: SceneDocument) -> Digest:
        return Digest(clocks(scene.state_vector()), scene.delete_set())

    @staticmethod
    def together(digests: Iterable[Digest]) -> Digest:
        """What they know, all of them."""
        clocks: dict[int, int] = {}
        deleted: dict[int, set[tuple[int, int]]] = {}
        for digest in digests:
            for client, clock in digest.clocks.items():
                clocks[client] = max(clock, clocks.get(client, 0))
            for client, ranges in digest.deleted.items():
                deleted.setdefault(client, set()).update(ranges)
        return Digest(clocks, {client: sorted(ranges) for client, ranges in deleted.items()})

    def covers(self, other: Digest) -> bool:
        """Whether everything that `other` knows is known here."""
        has_clocks = all(self.clocks.get(client, 0) >= clock for client, clock in other.clocks.items())
        return has_clocks and covers(self.deleted, other.deleted)
