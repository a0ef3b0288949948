"""Updates are read and checked on their own before a document has anything to do with them."""

import asyncio

from crdt.update_reader import UpdateSummary, check_roots, read_update
from server.sync.branch import Branch

LARGE = 256 * 1024
"""Bytes of an update above which it is read and judged in a thread."""


async def read(branch: Branch, update: bytes) -> UpdateSummary:
    """What it holds, where it may be in that document at all. UpdateRefused."""
    return _checked(branch, await summary_of(update))


def read_now(branch: Branch, update: bytes) -> UpdateSummary:
    """The same at once, for updates up to LARGE. UpdateRefused."""
    return _checked(branch, read_update(update))


def _checked(branch: Branch, summary: UpdateSummary) -> UpdateSummary:
    if summary.roots:
        check_roots(summary, branch.document.ROOTS)
    return summary


async def summary_of(update: bytes) -> UpdateSummary:
    """Read an update, a large one in a thread. UpdateRefused."""
    return await asyncio.to_thread(read_update, update) if len(update) > LARGE else read_update(update)
