"""The peers from npm, in a folder that git ignores; made anew when package.json changes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.benchmarks.sync.servers.base import TOP

PEERS = TOP / "build" / "peers"
WANTED = Path(__file__).with_name("package.json")
_NPM_SECONDS = 600


def install_peers() -> Path:
    """The folder whose node_modules hold y-websocket and Hocuspocus."""
    here = PEERS / "package.json"
    done = PEERS / ".installed"
    if done.exists() and here.exists() and here.read_text() == WANTED.read_text():
        return PEERS
    PEERS.mkdir(parents=True, exist_ok=True)
    shutil.copy(WANTED, here)
    _npm("install", "--no-audit", "--no-fund", "--loglevel=error")
    # Newer npm runs no install scripts unasked; better-sqlite3 is compiled by its own.
    _npm("rebuild", "better-sqlite3", "--loglevel=error")
    done.touch()
    return PEERS


def _npm(*arguments: str) -> None:
    subprocess.run(["npm", *arguments], cwd=PEERS, check=True, timeout=_NPM_SECONDS, stdout=subprocess.DEVNULL)
