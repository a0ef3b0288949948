"""The log of updates: what a room asks of a storage.

One writer per branch: the room that holds it numbers its updates 1, 2, 3, … and a number that is taken by anything
else is a `LogConflict` (two servers on one branch). Nothing is acknowledged before the commit.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from crdt.errors import MaquetteError


class LogConflict(MaquetteError):
    """Another writer took this branch's next number."""

    def __init__(self, branch: str, seq: int) -> None:
        super().__init__("log_conflict", f"{branch} already has another update number {seq}", "one server per branch")


class Deposed(MaquetteError):
    """Another node owns the branch by now; its room here must end."""

    def __init__(self, branch: str) -> None:
        super().__init__("deposed", f"another node owns {branch} now", "connect again")


class StorageUnavailable(MaquetteError):
    """The disk or the database does not answer; worth trying again. Whether a commit took place is not known."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__("storage_unavailable", f"{type(cause).__name__}: {cause}", "free the disk, start the database")


@contextmanager
def naming_failures() -> Iterator[None]:
    """What the disk or the database raises in the body becomes StorageUnavailable."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StorageUnavailable(error) from error


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log. at: ms since 1970. payload: a Yjs V1 update, closed under all rows before it."""

    seq: int
    at: int
    author: str
    via: str
    payload: bytes
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a branch is made of: `snapshot` (or None) as of `snapshot_seq`, then `tail` in order."""

    snapshot: bytes | None = None
    snapshot_seq: int = 0
    tail: Sequence[Entry] = ()
    clients: Mapping[int, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return len(self.snapshot or b"") + sum(len(entry.payload) for entry in self.tail)

    @property
    def seq(self) -> int:
        return self.tail[-1].seq if self.tail else self.snapshot_seq


Extra = Callable[[Any], Awaitable[None]]
"""Runs inside the storage's transaction; SQL hands it the AsyncConnection, memory hands it None."""


class UpdateLog(Protocol):
    """Every verb raises StorageUnavailable when the disk or the database fails."""

    async def load(self, branch: str) -> Loaded: ...

    def append(
        self, branch: str, entries: Sequence[Entry], clients: Mapping[int, str], epoch: int = 0
    ) -> Awaitable[None]:
        """Commit rows and newly bound client ids. Repeating an append that had in fact been committed is no error.

        epoch: of the lease on the branch; Deposed where another node has taken it since. 0: there are no leases.
        """

    async def append_job(
        self, branch: str, entry: Entry, clients: Mapping[int, str], extra: Extra, epoch: int = 0
    ) -> int | None:
        """Commit the row of `entry.job` together with `extra`; an exception in `extra` undoes both.

        Returns None when committed now, else the number under which this job was committed before (extra not run).
        """

    async def read(self, branch: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        """Rows above `after`, in order."""

    async def put_snapshot(self, branch: str, seq: int, at: int, payload: bytes) -> None:
        """Keep the document as of row `seq`; older snapshots but one are dropped."""

    async def close(self) -> None: ...
