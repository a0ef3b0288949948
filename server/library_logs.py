"""Logs of libraries (uvicorn, SQLAlchemy, …) in the same form and the same place as ours."""

from __future__ import annotations

import logging
import sys

import structlog


def route_library_logs(level: str) -> None:
    """Render standard logging as structured lines on stderr. Libraries speak up from warnings on, uvicorn as we do."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("uvicorn").setLevel(level.upper())
    # One line for every socket that opens and closes is for those who look for something.
    logging.getLogger("uvicorn.error").setLevel(level.upper() if level != "info" else logging.WARNING)
