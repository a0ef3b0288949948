"""Keeps the scene of one project in step on two servers, each of which may be away for as long as it likes.

    async with join(here, user=bridge_user(here, there)) as a, join(there, user=…) as b:
        await bridge(a, b)          # until cancelled; or `maquette bridge HERE THERE`

A bridge is an ordinary collaborator on both sides: what one side lacks is merged into the other, blobs first, so that
nobody is shown a geometry that is not there yet. The conversation (jobs, chat, comments) stays where it is. What comes
over carries the bridge's name on the other side.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from crdt.client import LiveScene, join
from crdt.document import Document
from crdt.errors import ConnectionRefused

GATHERING = 0.05
"""Seconds in which several changes become one."""
AWAY = 5.0
"""Seconds until blobs are asked for again where the other side is away."""

_HASH = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def bridge_user(*pages: str) -> str:
    """The bridge's user id: the same whenever it is started again, as its side's client ids are bound to it."""
    digest = hashlib.sha256("\n".join(sorted(pages)).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:16]


async def keep_bridged(here: str, there: str, here_token: str | None = None, there_token: str | None = None) -> None:
    """`bridge` two pages for ever; waits for a server that is not there yet. ConnectionRefused as in `bridge`."""
    user = bridge_user(here, there)
    while True:
        try:
            async with (
                join(here, here_token, name="Bridge", user=user) as one,
                join(there, there_token, name="Bridge", user=user) as other,
            ):
                await bridge(one, other)
        except ConnectionRefused as refused:
            if refused.code != "unreachable":
                raise


async def bridge(one: LiveScene, other: LiveScene) -> None:
    """Carry changes both ways until cancelled. Raises ConnectionRefused when a side refuses the bridge for good."""
    tasks = [_carry(one, other), _carry(other, one), _watch(one), _watch(other)]
    running = [asyncio.create_task(task) for task in tasks]
    try:
        await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)


async def _watch(scene: LiveScene) -> None:
    """Ends only by raising what ended the connection."""
    with _changes(scene) as changed:
        while True:
            await scene.saved()
            changed.clear()
            await changed.wait()


async def _carry(source: LiveScene, target: LiveScene) -> None:
    carried: set[str] = set()
    with _changes(source) as changed:
        while True:
            changed.clear()
            update = source.update(target.state_vector())
            await _carry_blobs(_hashes(update) - carried, source, target)
            carried |= _hashes(update)
            target.apply(update)
            await changed.wait()
            await asyncio.sleep(GATHERING)


def _hashes(update: bytes) -> set[str]:
    """Whatever may name a blob: texts stand in an update as they are."""
    return {found.decode() for found in _HASH.findall(update)}


async def _carry_blobs(hashes: set[str], source: LiveScene, target: LiveScene) -> None:
    waiting = sorted(hashes)
    while waiting:
        try:
            await _carry_blob(waiting[-1], source, target)
            waiting.pop()
        except httpx.TransportError:
            await asyncio.sleep(AWAY)


async def _carry_blob(sha256: str, source: LiveScene, target: LiveScene) -> None:
    """A hash that names no blob of the source, or one that is gone there, need not be carried."""
    if await target.has_blob(sha256) or not await source.has_blob(sha256):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = await source.download(sha256, Path(folder) / sha256)
        await target.upload(await asyncio.to_thread(path.read_bytes))


@contextmanager
def _changes(document: Document) -> Iterator[asyncio.Event]:
    changed = asyncio.Event()
    subscription = document.doc.observe(lambda _: changed.set())
    try:
        yield changed
    finally:
        subscription.drop()
