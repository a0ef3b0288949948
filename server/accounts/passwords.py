"""Passwords as argon2id, hashed beside the event loop, few at a time and not without end.

Parameters (RFC 9106, OWASP): 3 passes over 32 MiB, one lane: 0.1 s on the machines that we serve from. At most
`CONCURRENT` hashes run, at a low priority, so that a flood of logins takes neither the rooms' time nor memory; who
comes when more than `WAITING` wait is asked to come back.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from server.errors import Unavailable, Unprocessable

T = TypeVar("T")

CONCURRENT = max(1, (os.cpu_count() or 2) // 2)
WAITING = 64
LEAST, MOST = 10, 256
"""Characters of a password."""
_NICE = 10

HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)


class Passwords:
    def __init__(self, hasher: PasswordHasher = HASHER) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(CONCURRENT, thread_name_prefix="passwords", initializer=_be_nice)
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        check_strength(password)
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether it is the password. kept None (nobody has that address) takes the same time."""
        return await self._run(lambda: self._verify(kept, password))

    def is_outdated(self, kept: str) -> bool:
        """Whether it was made with other parameters than those of today: hash it anew while it is known."""
        return self._hasher.check_needs_rehash(kept)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, kept: str | None, password: str) -> bool:
        if self._nobody is None:
            self._nobody = self._hasher.hash("nobody's password")
        with suppress(VerificationError, InvalidHashError):
            return self._hasher.verify(kept or self._nobody, password[:MOST]) and kept is not None
        return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING:
            raise Unavailable(
                "too_many_logins", f"{WAITING} logins wait already", "try again in a moment", {"Retry-After": "5"}
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def check_strength(password: str) -> None:
    if not LEAST <= len(password) <= MOST:
        raise Unprocessable(
            "weak_password", f"the password has {len(password)} characters", f"{LEAST} to {MOST} characters"
        )


def _be_nice() -> None:
    """On Linux a priority belongs to a thread: the event loop goes first."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
