"""`python -m tests.support.compact_once URL BRANCH`: compact a log, in a process that a failpoint may kill."""

from __future__ import annotations

import asyncio
import sys

from server.history.compactor import Compactor
from server.side_process import SideProcess
from server.storage.history import SqlHistory
from server.storage.sql import open_engine


async def main(url: str, branch: str) -> None:
    engine, process = open_engine(url), SideProcess(niceness=5)
    try:
        await Compactor(SqlHistory(engine), process, lambda: 1_900_000_000.0).compact(branch, 0)
    finally:
        await process.close()
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
