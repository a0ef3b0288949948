"""A strict reader of Yjs V1 updates: what an update contains and refers to, before it may touch a document.

pycrdt keeps structs whose predecessors are missing as *pending* and may lose or misplace them, decodes text without
checking it and takes counts at their word. So whatever comes from outside is walked here first, with every count
bounded by the bytes that are left, and refused when it holds anything that our documents never hold: nested types
other than Y.Map, list items, text, subdocuments.

    summary = read_update(data)          # UpdateRefused
    is_closed(summary, {client: clock})  # may it be applied to a document of this state?
"""

from collections.abc import Iterable

from crdt.closedness import is_closed
from crdt.errors import ProtocolError, UpdateRefused
from crdt.lib0 import read_count, read_uint
from crdt.update_summary import Id, Parent, Placed, Range, Reference, UpdateSummary
from crdt.update_walk import Walk, check_clock

__all__ = [
    "Id", "Parent", "Placed", "Range", "Reference", "UpdateSummary",
    "check_roots", "is_closed", "read_state_vector", "read_update",
]  # fmt: skip


def read_update(data: bytes) -> UpdateSummary:
    """Walk a whole update. UpdateRefused: `malformed_update`, `type_not_allowed`, `value_too_large`,
    `value_too_deep`, `key_too_long`.
    """
    try:
        return Walk(data).run()
    except ProtocolError as error:
        raise UpdateRefused("malformed_update", error.message, error.hint) from error


def read_state_vector(data: bytes) -> dict[int, int]:
    """Clock by client. UpdateRefused: `malformed_state_vector`."""
    try:
        state, end = _read_clocks(data)
        if end < len(data):
            raise ProtocolError("trailing_bytes", f"{len(data) - end} bytes after the end of the state vector")
    except IndexError:
        raise UpdateRefused("malformed_state_vector", "the bytes end in the middle of a clock") from None
    except ProtocolError as error:
        raise UpdateRefused("malformed_state_vector", error.message, error.hint) from error
    return state


def _read_clocks(data: bytes) -> tuple[dict[int, int], int]:
    count, position = read_count(data, 0, least=2)
    state = {}
    for _ in range(count):
        client, position = read_uint(data, position)
        clock, position = read_uint(data, position)
        state[client] = clock
    if state:
        check_clock(max(state.values()))
    return state, position


def check_roots(summary: UpdateSummary, allowed: Iterable[str]) -> None:
    """UpdateRefused `unknown_root` when it writes to a root map that the document does not have."""
    unknown = summary.roots.difference(allowed)
    if unknown:
        name = min(unknown)
        raise UpdateRefused("unknown_root", f"the root {name[:64]!r}", f"one of {', '.join(allowed)}")
