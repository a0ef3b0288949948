"""What is appended to the log, and who writes it: the parts that every kind of database needs."""

import asyncio
import sqlite3
from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Insert, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from server.storage.base import Deposed, Entry
from server.storage.fencing import deposed
from server.storage.one_thread import Ended
from server.storage.tables import client_ids, updates

WINDOW = 0.003
"""Seconds between the starts of two commits for different branches, on a disk."""
ROW = ("branch", "seq", "at", "author", "via", "job", "payload")
CLIENT = ("branch", "client", "user")
CONFLICTS = (IntegrityError, sqlite3.IntegrityError)
FAILURES = (SQLAlchemyError, sqlite3.Error, OSError)
Owner = namedtuple("Owner", ["branch", "epoch"])


@dataclass(slots=True)
class Append:
    """entries: at least one. epoch: of the lease under which it was made, 0: none is asked for."""

    branch: str
    entries: Sequence[Entry]
    clients: Mapping[int, str]
    epoch: int
    done: asyncio.Future[None]

    @classmethod
    def make(cls, branch: str, entries: Sequence[Entry], clients: Mapping[int, str], epoch: int) -> "Append":
        return cls(branch, entries, clients, epoch, asyncio.get_running_loop().create_future())


class Writer(Protocol):
    """Commits a group in one transaction. Deposed or one of CONFLICTS: nothing of it was; others: nobody knows.

    window: seconds from one commit's start to the next one's that is for other branches.
    """

    window: float

    def commit(self, group: Sequence[Append], ended: Ended) -> None:
        """Begin, and return; never called again before `ended` was."""

    async def close(self) -> None: ...


def inserts(dialect: str) -> tuple[Insert, Insert]:
    """Of rows of the log and of bound client ids; the parameters in the order of ROW and CLIENT."""
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    rows = insert(updates).values({name: bindparam(name) for name in ROW})
    clients = insert(client_ids).values({name: bindparam(name) for name in CLIENT}).on_conflict_do_nothing()
    return rows, clients


def rows_of(group: Iterable[Append]) -> list[tuple[Any, ...]]:
    return [
        (one.branch, entry.seq, entry.at, entry.author, entry.via, entry.job, entry.payload)
        for one in group
        for entry in one.entries
    ]


def users_of(group: Iterable[Append]) -> list[tuple[Any, ...]]:
    return [(one.branch, client, user) for one in group for client, user in one.clients.items()]


def leases_of(group: Iterable[Append]) -> dict[str, int]:
    """The epochs that are to be checked, by branch."""
    return {one.branch: one.epoch for one in group if one.epoch}


def check_leases(rows: Iterable[Any], leases: Mapping[str, int]) -> None:
    """rows: what the database says who owns. Deposed."""
    lost = deposed(rows, leases)
    if lost:
        raise Deposed(min(lost))
