"""One fault after the other: each is done, healed, and must leave nothing lost and everybody working again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.report import Table, goal, median, percentile
from tests.drills.load import Crowd
from tests.support.acknowledged import assert_kept, state_in

SETTLING = 1.0
"""Seconds after everybody's recovery before it is calm: rooms were loaded, and replicas compared."""
RECOVERY = 60.0
"""Seconds after which a fault counts as not recovered from."""

Fault = Callable[[random.Random], Awaitable[None]]
"""Does its harm and heals it; returns when nothing is broken any more."""


@dataclass(frozen=True)
class System:
    """What is drilled. pages: one address per editor. database: as SQLAlchemy names it."""

    name: str
    pages: Sequence[str]
    token: str | None
    project: str
    database: str
    faults: Mapping[str, Fault]


@dataclass
class Log:
    """recovered: seconds from the healing of a fault until everybody was told again that something is saved.

    paused: the longest time without such a word over each fault, of those whom it touched least and most.
    """

    recovered: dict[str, list[float]] = field(default_factory=dict)
    paused: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    calm: list[float] = field(default_factory=list)

    def table(self, title: str) -> Table:
        table = Table(title, ABOUT, COLUMNS)
        for name, seconds in sorted(self.recovered.items()):
            least, most = zip(*self.paused[name], strict=True)
            figures = (median(seconds), max(seconds), median(least), median(most))
            table.rows.append([name, len(seconds), *(round(figure, 2) for figure in figures)])
        calm = 1000 * percentile(self.calm, 99)
        table.verdict.append(goal(calm <= 100, f"saved within {calm:.1f} ms in calm (p99; goal 100)"))
        longest = max(max(seconds) for seconds in self.recovered.values())
        table.verdict.append(goal(longest <= 10, f"recovered within {longest:.1f} s of the healing (goal 10)"))
        return table


ABOUT = (
    "Editors (Python clients) add, rename, move, trash and undo all the time. After every fault the log is compared "
    "with what each was told is saved, clocks and deletes; at the end all replicas and the log are equal in state and "
    "delete set. Recovery: from the moment when nothing is broken any more until every editor was told that an edit "
    "made since is saved. Pause: the longest time in which an editor was told nothing, the fault itself included, of "
    "those whom it touched least and most. Calm: from a second after everybody's recovery to the next fault."
)
COLUMNS = [
    "fault", "times", "recovery, median s", "recovery, longest s", "pause of the least touched, s",
    "of the most touched, s",
]  # fmt: skip


async def drill(system: System, people: Crowd, count: int, seed: int, log: Log) -> None:
    """`count` faults, each kind as often as the others, in random order."""
    chance = random.Random(seed)
    names = [name for _ in range(count // len(system.faults) + 1) for name in system.faults][:count]
    chance.shuffle(names)
    await people.all_saved_since(time.monotonic(), RECOVERY)
    for number, name in enumerate(names):
        await _calm(people, log)
        began = time.monotonic()
        await system.faults[name](chance)
        healed = time.monotonic()
        recovered = await people.all_saved_since(healed, RECOVERY) - healed
        log.recovered.setdefault(name, []).append(recovered)
        log.paused.setdefault(name, []).append(people.pauses_since(began))
        print(f"{number + 1:4}/{len(names)} {name}: {recovered:.2f} s", flush=True)
        told = [editor.acknowledged for editor in people.editors]
        assert_kept(await state_in(system.database, system.project), told, f"after fault {number} ({name})")
    await people.finish()
    disk = await state_in(system.database, system.project)
    assert disk.canonical() == people.editors[0].scene.canonical(), "the log holds something else than the replicas"
    assert disk.delete_set() == people.editors[0].scene.delete_set()


async def _calm(people: Crowd, log: Log) -> None:
    """A while without faults and what they leave to be done, in which everybody saves some more."""
    await asyncio.sleep(SETTLING)
    began = time.monotonic()
    for _ in range(3):
        await people.all_saved_since(time.monotonic(), RECOVERY)
    log.calm += [one.told - one.asked for editor in people.editors for one in editor.times if one.asked > began]
