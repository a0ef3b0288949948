"""Processes beside the server for heavy work in Python, which would hold the interpreter's lock from every socket.

10,000 nodes as JSON cost a second, in pieces of up to 0.4 s (measured); replaying a log is as heavy.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import structlog

from server.errors import Unavailable

T = TypeVar("T")

SMALL = 32 * 1024
"""Bytes of a document or a log that are worked on in a thread; more of them in the process."""

LARGE = 4 * 1024 * 1024
"""Bytes of work after which a process for what can wait ends: the memory would stay with it until the next."""

_log = structlog.get_logger()


class SideProcess:
    """`await process.ask(function, *arguments)`; it starts when first needed, and again when it died.

    niceness: 0 for what people wait for; 5 for what can wait.
    """

    def __init__(self, niceness: int = 0) -> None:
        self._niceness = niceness
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, function: Callable[..., T], *arguments: Any, weight: int) -> T:
        """The result of a module-level function of plain arguments; what it raises is raised here.

        weight: bytes that it works on. Unavailable when the process ends over it.
        """
        if weight < SMALL:
            return await asyncio.to_thread(function, *arguments)
        asked = await asyncio.to_thread(pickle.dumps, (function, arguments))
        async with self._turn:
            try:
                answer = await self._ask(asked)
            except BaseException as error:
                # Cut off in the middle, also by the asker's going away: what it still sends would be the wrong answer.
                await self._end()
                if not isinstance(error, OSError | EOFError):
                    raise
                _log.error("side_process_ended", function=function.__name__)
                raise Unavailable("process_ended", f"a process of the server ended over {function.__name__}") from error
            if weight > LARGE and self._niceness:
                await self._end()
        result, failure = await asyncio.to_thread(pickle.loads, answer)
        if failure is not None:
            raise failure
        found: T = result
        return found

    async def close(self) -> None:
        async with self._turn:
            await self._end()

    async def _ask(self, asked: bytes) -> bytes:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server.side_worker", str(self._niceness), stdin=PIPE, stdout=PIPE
            )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.writelines((len(asked).to_bytes(8), asked))
        await process.stdin.drain()
        length = await process.stdout.readexactly(8)
        return await process.stdout.readexactly(int.from_bytes(length))

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
