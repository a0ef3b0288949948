"""People who edit all the time, remember what they were told is saved, and how long that took."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import crdt
from crdt.client import LiveScene
from crdt.update_reader import read_state_vector
from tests.support.acknowledged import Acknowledged, Editor, converge

PAUSE = 0.02
"""Seconds between an acknowledgement and the next edits: a fast worker with a mouse."""


@dataclass(frozen=True)
class Acknowledgement:
    """asked, told: time.monotonic()."""

    asked: float
    told: float


class TimedEditor(Editor):
    def __init__(self, scene: LiveScene, seed: int) -> None:
        super().__init__(scene, seed)
        self.live = scene
        self.times: list[Acknowledgement] = []

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            for _ in range(self.random.randint(1, 4)):
                self.edit()
            told = Acknowledged(read_state_vector(self.scene.state_vector()), self.scene.delete_set())
            asked = time.monotonic()
            await self.live.saved()
            self.times.append(Acknowledgement(asked, time.monotonic()))
            self.acknowledged = told
            self.counts["saved"] += 1
            await asyncio.sleep(PAUSE)

    def saved_since(self, moment: float) -> float | None:
        """When it was first told that something it asked for after `moment` is saved."""
        at = bisect_right(self.times, moment, key=lambda one: one.asked)
        return self.times[at].told if at < len(self.times) else None

    def pause_since(self, moment: float) -> float:
        """The longest time without a word, in what was told after `moment`."""
        told = [one.told for one in self.times if one.told > moment]
        return max(after - before for before, after in pairwise([moment, *told]))


@dataclass
class Crowd:
    editors: Sequence[TimedEditor]
    running: list[asyncio.Task[None]] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def all_saved_since(self, moment: float, seconds: float) -> float:
        """Wait until everybody was told that something asked for after `moment` is saved; when that was."""
        deadline = time.monotonic() + seconds
        while stuck := [editor for editor in self.editors if editor.saved_since(moment) is None]:
            self.raise_if_ended()
            named = [one.live.presence.user["name"] for one in stuck]
            assert time.monotonic() < deadline, f"nothing of {named} was saved for {seconds} s"
            await asyncio.sleep(0.02)
        return max(editor.saved_since(moment) or 0.0 for editor in self.editors)

    def pauses_since(self, moment: float) -> tuple[float, float]:
        """The longest pauses of those touched least and most."""
        pauses = [editor.pause_since(moment) for editor in self.editors]
        return min(pauses), max(pauses)

    def raise_if_ended(self) -> None:
        for task in self.running:
            if task.done() and not self.stopping.is_set():
                task.result()
                raise AssertionError("an editor ended by itself")

    async def finish(self) -> None:
        """Everybody stops, and holds the same."""
        self.stopping.set()
        await asyncio.gather(*self.running)
        await converge([editor.scene for editor in self.editors])


@asynccontextmanager
async def crowd(pages: Sequence[str], token: str | None) -> AsyncIterator[Crowd]:
    """One editor for each page's address."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        scenes = [await enter(crdt.join(page, token, name=f"editor {n}")) for n, page in enumerate(pages)]
        people = Crowd([TimedEditor(scene, seed) for seed, scene in enumerate(scenes)])
        people.running = [asyncio.create_task(editor.run(people.stopping)) for editor in people.editors]
        try:
            yield people
        finally:
            for task in people.running:
                task.cancel()
            await asyncio.wait(people.running)
