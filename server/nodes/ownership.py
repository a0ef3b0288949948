"""Which node may write to a branch.

A *lease* is the right to append to one branch, numbered by an *epoch* that rises with every new owner: an append under
an older one fails (server.storage.fencing). Nodes without leases own everything: epoch 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from crdt.errors import MaquetteError


class DataInUse(MaquetteError):
    """Another server works on this data, and this one was not told how to share it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who owns a branch: this node (is_mine), or the one to follow."""

    node: str
    epoch: int
    is_mine: bool


class Ownership(Protocol):
    """node: this node's name, a new one at every start."""

    node: str

    @property
    def is_well(self) -> bool:
        """Whether the others know that this node lives."""

    async def claim(self, branch: str) -> Lease:
        """Own a branch that nobody living owns; otherwise who does. StorageUnavailable."""

    async def release(self, branch: str, epoch: int, heir: str = "") -> None:
        """Let another node (heir: that one) own it at once; nothing where the lease is another's by now.

        StorageUnavailable.
        """

    def on_gone(self, listener: Callable[[str], None]) -> None:
        """Told about every other node that has died or left."""

    def on_deposed(self, listener: Callable[[], None]) -> None:
        """Told when this node was given up for dead: nothing that it owned is its own any more."""

    async def run(self) -> None:
        """Keep this node alive, and look after the others."""

    async def close(self) -> None:
        """Leave: what this node owns is free at once."""
