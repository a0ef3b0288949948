"""What an update holds, as the reader tells it (crdt.update_reader)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

Range = tuple[int, int]
"""Clocks [start, end)."""
Id = tuple[int, int]
"""An item: (client, clock)."""
Parent = str | Id
"""What an item is in: a root's name, or the item of a map."""
Placed = tuple[int, int, Parent, str]
"""An item (client, clock), what it is in, and its key there."""
Followed = tuple[int, int, Id]
"""An item (client, clock), and the one that it is written over."""


class Reference(NamedTuple):
    """The struct at (by_client, by_clock) needs the struct at (client, clock) of another client."""

    client: int
    clock: int
    by_client: int
    by_clock: int


@dataclass(slots=True, init=False)
class UpdateSummary:
    """ranges: structs by client, ascending, without what the update skips; deletes likewise.

    placed: items that name where they are, as the first of their key does. followed: those that are written over
    another and have its place. maps: items that are a map of their own, with their place if named.
    """

    ranges: dict[int, list[Range]]
    references: list[Reference]
    deletes: dict[int, list[Range]]
    roots: set[str]
    placed: list[Placed]
    followed: list[Followed]
    maps: dict[Id, Placed | None]

    def __init__(self) -> None:
        # By hand: a third of the time of fields with factories, and one is made for every update.
        self.ranges = {}
        self.references = []
        self.deletes = {}
        self.roots = set()
        self.placed = []
        self.followed = []
        self.maps = {}

    @property
    def is_empty(self) -> bool:
        return not self.ranges and not self.deletes

    def new_clients(self, state: Mapping[int, int]) -> list[int]:
        """Clients of whom it holds structs that a document of this state lacks."""
        return [client for client, ranges in self.ranges.items() if ranges[-1][1] > state.get(client, 0)]

    def advance(self, state: dict[int, int]) -> None:
        """Bring `state` to what it is after this (closed) update."""
        for client, ranges in self.ranges.items():
            end = ranges[-1][1]
            if end > state.get(client, 0):
                state[client] = end
