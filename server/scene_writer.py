"""The process beside the server that writes large scenes as JSON.

10,000 nodes cost a second, and hold the interpreter's lock in pieces of up to 0.4 s (measured), which a thread would
take from every socket.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress

import structlog

from server.errors import Unavailable
from server.scene_worker import scene_json

LARGE = 64 * 1024
"""Bytes of a document above which its scene is written in the other process; a smaller one takes a few milliseconds."""

_log = structlog.get_logger()


class SceneWriter:
    """`await writer.write(project, seq, state)`; the process starts when first needed, and again when it died."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def write(self, project: str, seq: int, state: bytes) -> bytes:
        """Gzipped JSON of the effective scene. Unavailable when the process ends over it."""
        if len(state) < LARGE:
            return await asyncio.to_thread(scene_json, project, seq, state)
        async with self._turn:
            try:
                return await self._ask(project, seq, state)
            except BaseException as error:
                # Cut off in the middle, also by the asker's going away: what it still sends would be the wrong answer.
                await self._end()
                if not isinstance(error, OSError | EOFError):
                    raise
                _log.error("scene_writer_ended", project=project, seq=seq)
                raise Unavailable(
                    "scene_not_written", "the process that writes scenes ended over this one", "ask again"
                ) from error

    async def close(self) -> None:
        async with self._turn:
            await self._end()

    async def _ask(self, project: str, seq: int, state: bytes) -> bytes:
        process = self._process
        if process is None or process.returncode is not None:
            process = await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        head = {"project": project, "seq": seq, "length": len(state)}
        process.stdin.write(json.dumps(head).encode() + b"\n" + state)
        await process.stdin.drain()
        length = await process.stdout.readuntil()
        return await process.stdout.readexactly(int(length))

    async def _start(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.scene_worker", stdin=PIPE, stdout=PIPE
        )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
