"""The compute peer that `maquette serve` keeps: a child process, started again when it dies, stopped at exit."""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import structlog

_FIRST_PAUSE = 1.0
_LAST_PAUSE = 30.0
_STEADY = 60.0
_GRACE = 5.0

log = structlog.get_logger()


_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def is_peer_installed() -> bool:
    """Whether the `compute` extra is there: a server without it is a smaller installation, not a broken one."""
    return all(importlib.util.find_spec(name) is not None for name in ("compute", "numpy", "meshoptimizer"))


async def keep_peer(url: str, token_file: Path, environment: Mapping[str, str]) -> None:
    """Run a peer for this server until cancelled. A peer that keeps dying is started ever more slowly.

    environment: what it is told besides the server's own variables.
    """
    pause = _FIRST_PAUSE
    while True:
        started = asyncio.get_running_loop().time()
        code = await _run_peer(url, token_file, {**os.environ, **environment})
        lasted = asyncio.get_running_loop().time() - started
        pause = _FIRST_PAUSE if lasted > _STEADY else min(pause * 2, _LAST_PAUSE)
        log.warning("compute peer ended", code=code, lasted=round(lasted, 1), again_in=pause)
        await asyncio.sleep(pause)


async def _run_peer(url: str, token_file: Path, environment: Mapping[str, str]) -> int:
    command = [sys.executable, "-m", "compute", "peer", "--server", url, "--token-file", str(token_file)]
    # A session of its own: Ctrl-C in the terminal is for the server, which then stops the peer itself.
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, start_new_session=True, preexec_fn=_die_with_parent
    )
    log.info("compute peer started", pid=process.pid)
    try:
        return await process.wait()
    finally:
        await asyncio.shield(_stop(process))


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _GRACE)
    except TimeoutError:
        log.warning("compute peer does not stop", pid=process.pid)
        process.kill()
        await process.wait()


def _die_with_parent() -> None:
    """In the child: a server that is killed takes its peer with it (Linux), so that none is left over."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
