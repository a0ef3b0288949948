"""One server alone on its data. A second one on the same data is refused before it can do harm."""

import asyncio
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from server.nodes.ownership import DataInUse, Lease

LOCK_FILE = "server.lock"


class DataLock:
    """The data folder's lock: `exclusive` for a server alone, shared by nodes of one installation.

    The kernel lets go of it when the process ends, however it ends.
    """

    def __init__(self, folder: Path, *, exclusive: bool) -> None:
        self._path = folder / LOCK_FILE
        self._kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        self._file: IO[str] | None = None

    def take(self) -> None:
        """DataInUse where another server has it."""
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, self._kind | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read(100).strip() or "another process"
            file.close()
            raise DataInUse(
                "data_in_use", f"{self._path.parent} is served by {holder} already",
                "stop it, use another --data folder, or give all servers the same --redis and --database",
            ) from error  # fmt: skip
        if self._kind == fcntl.LOCK_EX:
            file.truncate(0)
            file.write(f"process {os.getpid()}")
            file.flush()
        self._file = file

    def drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class SoleOwnership:
    """Owns everything, under epoch 0: appends are not checked."""

    node = "alone"
    is_well = True

    async def claim(self, branch: str) -> Lease:  # noqa: ARG002
        return Lease(self.node, 0, True)

    async def release(self, branch: str, epoch: int, heir: str = "") -> None:
        pass

    def on_gone(self, listener: Callable[[str], None]) -> None:
        pass

    def on_deposed(self, listener: Callable[[], None]) -> None:
        pass

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass
