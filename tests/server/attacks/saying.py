"""What attackers say: updates by hand, and where in the scene they aim."""

from __future__ import annotations

from crdt.messages import AwarenessUpdate, Update, encode
from crdt.presence import PresenceEntry, encode_presence
from tests.random.fuzz_structs import deletes, structs, update
from tests.server.attacks.conftest import Stage

EVE = 77
"""A client id that is free."""


def sent(*items: bytes, client: int = EVE, clock: int = 0) -> bytes:
    """An update of these structs."""
    return encode(Update(update([structs(client, clock, *items)])))


def deleted(client: int, *ranges: tuple[int, int]) -> bytes:
    return encode(Update(update([], [deletes(client, *ranges)])))


def shown(*entries: PresenceEntry) -> bytes:
    return encode(AwarenessUpdate(encode_presence(entries)))


def record(stage: Stage) -> tuple[int, int]:
    """The map of the node."""
    return next(item for item, placed in stage.known.maps.items() if placed is not None and placed[3] == stage.node)


def container(stage: Stage) -> tuple[int, int]:
    return next(item for item, placed in stage.known.maps.items() if placed is not None and placed[3] == "parents")


def value(stage: Stage) -> tuple[int, int]:
    """The node's name."""
    return next((client, clock) for client, clock, _, key in stage.known.placed if key == "name")
