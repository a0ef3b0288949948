"""Which nodes that share this data folder still run.

Each holds a lock on a file of its name. The kernel lets go of it when the process ends, however it ends, and not while
it is only slow, stopped or cut off: where the lock is free nobody needs to wait for a lease to run out.
"""

import fcntl
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO


class Processes:
    """folder: the data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "nodes"
        self._own: IO[bytes] | None = None

    def enter(self, node: str) -> None:
        """Be seen to run, until `leave` or the end of the process."""
        self._folder.mkdir(exist_ok=True)
        self._own = (self._folder / node).open("wb")
        fcntl.flock(self._own, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def leave(self) -> None:
        if self._own is not None:
            Path(self._own.name).unlink(missing_ok=True)
            self._own.close()
            self._own = None

    def ended(self, nodes: Iterable[str]) -> set[str]:
        """Those that ran on this folder and run no more; nothing is known of nodes with folders of their own."""
        return {node for node in nodes if self._has_ended(self._folder / node)}

    def sweep(self) -> None:
        """Forget who has ended."""
        for path in self._folder.iterdir():
            if self._has_ended(path):
                path.unlink(missing_ok=True)

    def _has_ended(self, path: Path) -> bool:
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return True
        return False
