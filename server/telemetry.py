"""What the server says about itself: one Prometheus registry per application, and structured logs."""

import logging
import sys

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

COMMIT_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
SIZE_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 500)


class Telemetry:
    """The counters of one application; `/metrics` answers `render()`."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.sessions = Gauge("maquette_sessions", "Open sockets.", registry=registry)
        self.rooms = Gauge("maquette_rooms", "Documents in memory.", registry=registry)
        self.updates = Counter("maquette_updates", "Updates received, by outcome.", ["outcome"], registry=registry)
        self.refusals = Counter("maquette_refusals", "Connections refused, by code.", ["code"], registry=registry)
        self.rows = Counter("maquette_log_rows", "Rows committed to the log.", registry=registry)
        self.batch = Histogram("maquette_batch", "Inputs of one batch.", registry=registry, buckets=SIZE_BUCKETS)
        self.commit = Histogram(
            "maquette_commit_seconds", "Time of one commit.", registry=registry, buckets=COMMIT_BUCKETS
        )
        self.commit_failures = Counter("maquette_commit_failures", "Commits that failed.", registry=registry)
        self.resyncs = Counter("maquette_resyncs", "Sockets that were too far behind.", registry=registry)
        self.sent = Counter("maquette_sent_bytes", "Bytes sent over sockets.", registry=registry)

    def render(self) -> bytes:
        return generate_latest(self.registry)


def configure_logging(level: str = "info", as_json: bool | None = None) -> None:
    """Structured logs on stderr: JSON, or coloured lines when a person is watching (as_json None: decide)."""
    plain = not sys.stderr.isatty() if as_json is None else as_json
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if plain else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
