"""The process beside the server that replays logs: it would hold the interpreter's lock from every socket otherwise."""

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
"""Bytes of a log that are replayed in a thread; more of them in the process."""

_log = structlog.get_logger()


class HistoryProcess:
    """`await process.ask(function, *arguments)`; it starts when first needed, and again when it died."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, function: Callable[..., T], *arguments: Any, weight: int) -> T:
        """The result of a module-level function of plain arguments; what it raises is raised here.

        weight: bytes that it replays. Unavailable when the process ends over it.
        """
        if weight < SMALL:
            return await asyncio.to_thread(function, *arguments)
        asked = await asyncio.to_thread(pickle.dumps, (function, arguments))
        async with self._turn:
            try:
                answer = await self._ask(asked)
            except BaseException as error:
                # Cut off in the middle: what it still sends would be the wrong answer.
                await self._end()
                if not isinstance(error, OSError | EOFError):
                    raise
                _log.error("history_process_ended", function=function.__name__)
                raise Unavailable("history_not_read", "the process that reads histories ended over this one") from error
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
                sys.executable, "-m", "server.history.worker", stdin=PIPE, stdout=PIPE
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
