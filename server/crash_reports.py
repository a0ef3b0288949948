"""Reports of the server's own mistakes, for those who ask for them: a file each, on this machine; nothing is sent.

A report holds the stack (files by module, not by folder), versions, and the settings with secrets and paths left out.
"""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from crdt.ids import new_id
from crdt.logs import HIDDEN, REDACTOR
from server.settings import Settings

_LIBRARIES = ("maquette", "pycrdt", "fastapi", "starlette", "uvicorn", "sqlalchemy", "picows", "redis")
_MOST = 100
"""Reports in a folder; a mistake that repeats does not fill the disk."""


class CrashReports:
    """folder: None writes none."""

    def __init__(self, folder: Path | None, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings

    def write(self, error: BaseException, where: str) -> Path | None:
        """Write one report; None where they are off or the folder is full. where: a route, a task."""
        if self._folder is None:
            return None
        self._folder.mkdir(parents=True, exist_ok=True)
        if sum(1 for _ in self._folder.glob("crash-*.json")) >= _MOST:
            return None
        path = self._folder / f"crash-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{new_id()[:6]}.json"
        path.write_text(REDACTOR(json.dumps(self.report(error, where), indent=2)) + "\n")
        return path

    def report(self, error: BaseException, where: str) -> dict[str, Any]:
        return {
            "where": where,
            "error": {"type": type(error).__name__, "message": _without_paths(str(error))},
            "stack": [_frame(frame) for frame in traceback.extract_tb(error.__traceback__)],
            "versions": {"python": platform.python_version(), "system": platform.system(), **_versions()},
            "settings": _shown(self._settings),
        }

    @contextmanager
    def watching(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Also report what tasks and callbacks of this loop raise and nobody waits for."""
        before = loop.get_exception_handler()

        def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            if (error := context.get("exception")) is not None:
                self.write(error, f"loop: {context['message']}")
            if before is None:
                loop.default_exception_handler(context)
            else:
                before(loop, context)

        loop.set_exception_handler(handle)
        try:
            yield
        finally:
            loop.set_exception_handler(before)


def _frame(frame: traceback.FrameSummary) -> str:
    """`server/sync/room.py:120 in run: await …`: from the package on, without the folders above it."""
    return f"{_module(frame.filename)}:{frame.lineno} in {frame.name}: {_without_paths(frame.line or '')}"


def _module(filename: str) -> str:
    roots = sorted((root for root in sys.path if root), key=len, reverse=True)
    root = next((root for root in roots if filename.startswith(root.rstrip("/") + "/")), None)
    return filename[len(root.rstrip("/")) + 1 :] if root else Path(filename).name


def _without_paths(text: str) -> str:
    """Words that are absolute paths lose their folders."""
    return " ".join(_bare(word) for word in text.split(" "))


def _bare(word: str) -> str:
    start = word.find("/")
    return word if start < 0 or word.count("/") < 2 or "://" in word else word[:start] + "…/" + word.rsplit("/", 1)[-1]


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _shown(settings: Settings) -> dict[str, Any]:
    """Numbers and switches as they are; of texts and paths only whether they are set."""
    return {
        name: value if isinstance(value, bool | int | float) or value is None else HIDDEN if value else ""
        for name, value in settings.model_dump().items()
    }
