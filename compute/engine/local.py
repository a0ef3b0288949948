"""The local engine: a few worker processes, started before they are needed and replaced after a while.

A worker that crashes, runs out of memory or out of time takes only its own task with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

import structlog

from compute.engine.base import Engine, Progress, Task
from compute.engine.worker import VALUE_FILE
from compute.errors import OperationError
from compute.mesh import JsonObject

log = structlog.get_logger()

GRACE_SECONDS = 2.0
"""Between SIGTERM and SIGKILL."""
RECYCLE_AFTER = 32
"""Tasks that one worker runs: libraries that leak do so for a while only."""
_LINE = 1 << 20
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class LocalEngine(Engine):
    """
    >>> engine = LocalEngine(workers=2)
    >>> value = await engine.run(task, lambda fraction, message: None)
    """

    def __init__(self, workers: int = 1, warm: Sequence[str] = ()) -> None:
        """warm: modules that every worker imports before it is needed."""
        self._warm = list(warm)
        self._turn = asyncio.Semaphore(workers)
        self._size = workers
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> None:
        """Start the workers, so that the first tasks do not wait for imports."""
        self._idle += await asyncio.gather(*(_Worker.start(self._warm) for _ in range(self._size)))

    async def run(self, task: Task, progress: Progress) -> JsonObject:
        async with self._turn:
            worker = await self._take(fresh=task.fresh)
            self._busy.add(worker)
            try:
                return await worker.run(task, progress)
            finally:
                self._busy.discard(worker)
                await asyncio.shield(self._give_back(worker, spent=task.fresh))

    async def close(self) -> None:
        self._closed = True
        # A start that is cancelled half way would leave its process behind: let it come up and stop at once.
        await asyncio.gather(*self._starting)
        await asyncio.gather(*(worker.stop() for worker in [*self._idle, *self._busy]))
        self._idle.clear()

    async def _take(self, fresh: bool) -> _Worker:
        for worker in self._idle:
            if worker.alive and not (fresh and worker.tasks):
                self._idle.remove(worker)
                return worker
        return await _Worker.start(self._warm)

    async def _give_back(self, worker: _Worker, spent: bool) -> None:
        if spent or not worker.alive or worker.running or worker.tasks >= RECYCLE_AFTER or self._closed:
            await worker.stop()
        else:
            self._idle.append(worker)
        if len(self._idle) < self._size and not self._closed:
            starting = asyncio.create_task(self._prestart())
            self._starting.add(starting)
            starting.add_done_callback(self._starting.discard)

    async def _prestart(self) -> None:
        worker = await _Worker.start(self._warm)
        if self._closed or len(self._idle) >= self._size:
            await worker.stop()
        else:
            self._idle.append(worker)


class _Worker:
    def __init__(self, process: Process) -> None:
        self._process = process
        self.tasks = 0
        self.running = False

    @classmethod
    async def start(cls, warm: Sequence[str]) -> _Worker:
        """A process that has imported what it needs. In a session of its own: Ctrl-C reaches the peer only."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "compute.engine.worker", *warm,
            stdin=PIPE, stdout=PIPE, limit=_LINE, start_new_session=True, env={**os.environ, **_ONE_THREAD},
        )  # fmt: skip
        worker = cls(process)
        try:
            await worker._receive()
        except BaseException:
            await asyncio.shield(worker.stop())
            raise
        return worker

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def run(self, task: Task, progress: Progress) -> JsonObject:
        self.tasks += 1
        self.running = True
        try:
            async with asyncio.timeout(task.limits.seconds):
                await self._send(task)
                while not (message := await self._receive()).get("done"):
                    if "error" in message:
                        self.running = False
                        if "trace" in message:
                            log.error("operation broke", function=task.function, trace_back=message["trace"])
                        raise OperationError(**message["error"])
                    progress(message["progress"], message["message"])
        except TimeoutError:
            message = f"the operation took longer than {task.limits.seconds:g} s"
            raise OperationError("time_limit", message, "use a smaller model or a peer with a higher limit") from None
        self.running = False
        value: JsonObject = json.loads((task.folder / VALUE_FILE).read_text())
        return value

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL; a process that is gone already is fine."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                async with asyncio.timeout(GRACE_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        await self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
            with contextlib.suppress(ConnectionError):
                await self._process.stdin.wait_closed()

    async def _send(self, task: Task) -> None:
        assert self._process.stdin is not None
        line = {
            "function": task.function, "arguments": task.arguments, "folder": str(task.folder),
            "memory": task.limits.memory,
        }  # fmt: skip
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        with contextlib.suppress(ConnectionError):  # a worker that died is noticed when it does not answer
            await self._process.stdin.drain()

    async def _receive(self) -> JsonObject:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise _crash(await self._process.wait())
        message: JsonObject = json.loads(line)
        return message


def _crash(code: int) -> OperationError:
    ended = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    hint = "the system may have been out of memory" if code == -signal.SIGKILL else "another attempt may succeed"
    return OperationError("worker_crashed", f"the worker process {ended}", hint)
