"""Where this server's logs go: its own and those of its libraries (uvicorn, SQLAlchemy, …), in one form."""

from __future__ import annotations

import logging
from typing import Any

from crdt import logs
from server.settings import Settings

_MB = 1024 * 1024


def configure_logging(settings: Settings) -> None:
    """Log to the file of the settings, rotated by size, or to stderr."""
    logs.REDACTOR.add(settings.metrics_token)
    stream: Any = None
    if settings.log_file is not None:
        stream = logs.RotatingFile(settings.log_file, settings.log_file_mb * _MB, settings.log_files)
    logs.configure(settings.log, stream)
    logging.getLogger("uvicorn").setLevel(settings.log.upper())
    # One line for every socket that opens and closes is for those who look for something.
    logging.getLogger("uvicorn.error").setLevel(settings.log.upper() if settings.log != "info" else logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_without_query)


def _without_query(record: logging.LogRecord) -> bool:
    """Addresses may hold tickets in their query: uvicorn's lines name paths only."""
    if isinstance(record.args, tuple):
        record.args = tuple(_path(value) for value in record.args)
    return True


def _path(value: object) -> object:
    return value.split("?", 1)[0] if isinstance(value, str) and value.startswith("/") else value
