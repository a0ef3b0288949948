"""A thread beside the event loop that does one thing after the other."""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

Ended = Callable[[BaseException | None], None]
"""Called on the event loop with how something ended."""


class OneThread:
    """A fifth of what an executor and its futures cost."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._is_started = False

    def run(self, work: Callable[[], None], ended: Ended) -> None:
        """ended: called on this event loop with what `work` raised, or None."""
        if not self._is_started:
            self._is_started = True
            self._thread.start()
        self._jobs.put((work, ended, asyncio.get_running_loop()))

    async def ask(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises; it is done also for somebody who has gone away meanwhile."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        held: list[T] = []

        def settle(error: BaseException | None) -> None:
            if answer.done():
                return
            if error is None:
                answer.set_result(held[0])
            else:
                answer.set_exception(error)

        self.run(lambda: held.append(work()), settle)
        return await answer

    def end(self) -> None:
        if self._is_started:
            self._jobs.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, ended, loop = job
            error: BaseException | None = None
            try:
                work()
            except BaseException as raised:
                error = raised
            loop.call_soon_threadsafe(ended, error)


_Job = tuple[Callable[[], None], Ended, asyncio.AbstractEventLoop]
