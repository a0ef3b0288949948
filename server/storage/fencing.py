"""Appends of a node that no longer owns the branch fail: checked in the transaction of the append itself.

leases = {branch: epoch}                       # only those with an epoch above 0
rows = await connection.execute(owned(leases))
if lost := deposed(rows, leases): ...
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, select

from server.storage.node_tables import owners


def owned(branches: Iterable[str]) -> Select[tuple[str, int]]:
    """The owners' rows, held until the transaction ends: who wants to take a branch over waits for the commit.
    (SQLite has one writer at a time and no such clause.)
    """
    return (
        select(owners.c.branch, owners.c.epoch)
        .where(owners.c.branch.in_(sorted(branches)))
        .order_by(owners.c.branch)
        .with_for_update(read=True)
    )


def deposed(rows: Iterable[Any], leases: Mapping[str, int]) -> set[str]:
    """Branches of `leases` (branch → epoch) whose owner is another one."""
    held = {row.branch: row.epoch for row in rows}
    return {branch for branch, epoch in leases.items() if held.get(branch) != epoch}
