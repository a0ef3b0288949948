"""Structured logs, the same for server and peer: JSON lines (coloured text for a person), with secrets taken out.

Every line carries what was bound where it was written: `request`, `user`, `room`, `job`. One job's id finds every line
about it on both sides.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "***"
_SECRET_NAME = re.compile(r"password|passwd|secret|token|authorization|cookie|access_key|api_key|ticket", re.IGNORECASE)
_SECRETS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # a JWT
    r"|mq[a-z]_[\w-]{4,}_[\w-]{8,}"  # our own keys and tokens
    r"|(?i:(?<=bearer )|(?<=basic ))[\w.~+/=-]{8,}"
    r"|(?i:(?<=ticket=)|(?<=token=)|(?<=secret=)|(?<=password=)|(?<=[?&]key=))[^&\s\"'\\]+"
    r"|(?<=maquette_session=)[^;\s\"'\\]+"
    r"|(?<=://)[^/\s\"'@:]*:[^/\s\"'@]+(?=@)"  # user:password in a URL
)


class Redactor:
    """Takes secrets out of finished text: what looks like one, and those that were named."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._named = tuple(secret for secret in secrets if len(secret) >= 8)

    def add(self, *secrets: str) -> None:
        self._named += tuple(secret for secret in secrets if len(secret) >= 8)

    def __call__(self, text: str) -> str:
        for secret in self._named:
            text = text.replace(secret, HIDDEN)
        return _SECRETS.sub(HIDDEN, text)


REDACTOR = Redactor()
"""That of this process. Secrets are added where they are read."""


class RotatingFile:
    """A text stream into a file that is put aside (`.1`, `.2`, …) when it is full.

    bytes: of one file; kept: how many are kept besides the one that is written.
    """

    def __init__(self, path: Path, bytes: int = 100 << 20, kept: int = 5) -> None:
        self._path, self._limit, self._kept = path, bytes, kept
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._open()

    def write(self, text: str) -> int:
        if self._file.tell() + len(text) > self._limit and self._file.tell():
            self._rotate()
        return self._file.write(text)

    def flush(self) -> None:
        self._file.flush()

    def isatty(self) -> bool:
        return False

    def close(self) -> None:
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        for number in range(self._kept, 0, -1):
            older = self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))
        self._file = self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path

    def _open(self) -> TextIO:
        return self._path.open("a", encoding="utf-8")


class SteadyStream:
    """A text stream on which a full disk or a closed pipe costs lines, never the program that writes them.

    The next line that can be written says how many were lost.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._lost = 0

    def write(self, text: str) -> int:
        try:
            if self._lost:
                self._stream.write(f'{{"event": "log_lines_lost", "level": "error", "lines": {self._lost}}}\n')
                self._lost = 0
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # ValueError: the stream is closed
            self._lost += 1
        return len(text)

    def flush(self) -> None:
        """Every write is flushed."""

    def isatty(self) -> bool:
        return bool(self._stream.isatty())


def configure(level: str, stream: Any = None) -> None:
    """Send our logs and those of libraries to one stream (stderr). Libraries speak up from warnings on."""
    stream = SteadyStream(stream or sys.stderr)
    # On a terminal a person reads, so lines are text; everything else is read by programs.
    render: Processor = structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, *_shared(), render,
                    _redacted],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )  # fmt: skip
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level,
                               structlog.stdlib.add_logger_name, *_shared()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render, _redacted],
        )
    )  # fmt: skip
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _shared() -> list[Processor]:
    return [
        structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.format_exc_info, _hide_by_name,
    ]  # fmt: skip


def _hide_by_name(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for name in event:
        if _SECRET_NAME.search(name) and event[name]:
            event[name] = HIDDEN
    return event


def _redacted(_: WrappedLogger, __: str, line: Any) -> str:
    return REDACTOR(str(line))
