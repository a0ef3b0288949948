"""What is asked of the log's tables, whichever way it is asked."""

from typing import Any

from sqlalchemy import Select, select

from server.storage.base import Entry
from server.storage.packing import unpack
from server.storage.tables import client_ids, snapshots, updates

_COLUMNS = tuple(updates.c[name] for name in ("seq", "at", "author", "via", "payload", "job", "packed"))


def snapshots_of(branch: str) -> Select[Any]:
    """(seq, payload), the newest first."""
    columns = (snapshots.c.seq, snapshots.c.payload)
    return select(*columns).where(snapshots.c.branch == branch).order_by(snapshots.c.seq.desc())


def rows_after(branch: str, seq: int) -> Select[Any]:
    """In order; each for `entry_of`."""
    return select(*_COLUMNS).where(updates.c.branch == branch, updates.c.seq > seq).order_by(updates.c.seq)


def bound_clients(branch: str) -> Select[Any]:
    """(client, user)."""
    return select(client_ids.c.client, client_ids.c.user).where(client_ids.c.branch == branch)


def entry_of(seq: int, at: int, author: str, via: str, payload: bytes, job: str | None, packed: int) -> Entry:
    """A row of `rows_after`."""
    return Entry(seq, at, author, via, unpack(packed, bytes(payload)), job)
