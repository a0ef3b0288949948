"""What comes into a room: one ordered queue, bounded in bytes, taken in batches."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crdt.update_reader import UpdateSummary
from server.storage.base import Extra
from server.sync.member import Member

INPUT_OVERHEAD = 256


@dataclass(slots=True, eq=False)
class Incoming:
    """An update-carrying message, read and found well-formed. is_answer: a step 2. at: time.perf_counter()."""

    member: Member
    payload: bytes
    summary: UpdateSummary
    is_answer: bool
    at: float = field(default_factory=time.perf_counter)

    @property
    def size(self) -> int:
        return len(self.payload) + INPUT_OVERHEAD


@dataclass(slots=True, eq=False)
class Question:
    """A step 1, or (state None) a member that was too slow and has to catch up with the state that it was given."""

    member: Member
    state: bytes | None
    size: int = INPUT_OVERHEAD


@dataclass(slots=True, eq=False)
class Edit:
    """A collaborator on the server: `change` runs on the room's document; `done` gets the log's number."""

    author: str
    via: str
    change: Callable[[Any], object]
    done: asyncio.Future[int]
    size: int = INPUT_OVERHEAD


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """seq: the log's number of the job's row. repeated: it had been committed before, nothing was done now."""

    seq: int
    repeated: bool = False


@dataclass(slots=True, eq=False)
class JobResult:
    job: str
    author: str
    payload: bytes
    summary: UpdateSummary
    extra: Extra
    done: asyncio.Future[JobOutcome]

    @property
    def size(self) -> int:
        return len(self.payload) + INPUT_OVERHEAD


@dataclass(slots=True, eq=False)
class Stop:
    """The last thing a room reads."""

    size: int = 0


Input = Incoming | Question | Edit | JobResult | Stop


class Inbox:
    """limit: bytes that may wait; `put` of more waits, and with it the socket that wants to send them."""

    def __init__(self, limit: int) -> None:
        self.is_closed = False
        self._limit = limit
        self._inputs: list[Input] = []
        self._bytes = 0
        self._filled: asyncio.Future[None] | None = None
        self._drained: asyncio.Event | None = None

    def __len__(self) -> int:
        return len(self._inputs)

    @property
    def size(self) -> int:
        """What waits."""
        return self._bytes

    def offer(self, item: Input) -> bool:
        """Take it if that needs no waiting."""
        size = item.size
        if self.is_closed or (self._bytes and self._bytes + size > self._limit):
            return False
        self._add(item, size)
        return True

    async def put(self, item: Input) -> bool:
        """False when the inbox is closed: the item was not taken."""
        size = item.size
        while not self.is_closed and self._bytes and self._bytes + size > self._limit:
            if self._drained is None:
                self._drained = asyncio.Event()
            self._drained.clear()
            await self._drained.wait()
        if self.is_closed:
            return False
        self._add(item, size)
        return True

    def close(self) -> None:
        """What waits is still read, and a Stop after it."""
        if not self.is_closed:
            self.is_closed = True
            self._add(Stop(), 0)
            if self._drained is not None:
                self._drained.set()

    def _add(self, item: Input, size: int) -> None:
        self._inputs.append(item)
        self._bytes += size
        if (filled := self._filled) is not None:
            self._filled = None
            if not filled.done():
                filled.set_result(None)

    async def take(self) -> list[Input]:
        """Everything that waits, at least one input; a job's result and a stop come alone."""
        while not self._inputs:
            self._filled = asyncio.get_running_loop().create_future()
            await self._filled
        batch = self._cut(1 if len(self._inputs) == 1 else self._turn())
        if self._drained is not None:
            self._drained.set()
        return batch

    def drain(self) -> list[Input]:
        """What nobody will take any more."""
        return self._cut(len(self._inputs))

    def _turn(self) -> int:
        """How many of the first inputs make one batch."""
        if isinstance(self._inputs[0], JobResult):
            return 1
        for count, item in enumerate(self._inputs):
            if count and isinstance(item, JobResult | Stop):
                return count
        return len(self._inputs)

    def _cut(self, count: int) -> list[Input]:
        """Take the first `count` out."""
        if count == len(self._inputs):
            batch, self._inputs, self._bytes = self._inputs, [], 0
            return batch
        batch, self._inputs = self._inputs[:count], self._inputs[count:]
        self._bytes -= sum(item.size for item in batch)
        return batch


def resolve(done: asyncio.Future[Any], value: object) -> None:
    """Answer whoever waits; somebody who has gone away need not be told."""
    if not done.done():
        done.set_result(value)


def fail(done: asyncio.Future[Any], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
