"""What the server counts: one set of counters per application, in one Prometheus registry.

Everything that is called per message is a plain number (`server.counters`). Whoever holds something that has a size or
an age registers a reading with `watch`; it is looked up only when somebody scrapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric

from crdt.spans import NO_TRACING, Tracing
from server.counters import Count, Family, Kind, Labels, Level, Reading, Single, Source, Spread

COMMIT_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
DELIVERY_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
SIZE_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 500)
REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
JOB_BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600)


class Telemetry:
    """The counters of one application; `/metrics` answers `render()`. tracing: spans, when they are asked for."""

    def __init__(self, tracing: Tracing = NO_TRACING) -> None:
        self.tracing = tracing
        self.registry = CollectorRegistry()
        self.sources: dict[str, Source] = {}
        self.registry.register(self)
        self._of_sockets()
        self._of_the_log()
        self._of_http()
        self._of_jobs()

    def _of_sockets(self) -> None:
        self.sessions = self._level("maquette_sessions", "Open sockets.")
        self.rooms = self._level("maquette_rooms", "Documents in memory.")
        self.updates = self._counts("maquette_updates", "Updates received, by outcome.", "outcome")
        self.refusals = self._counts("maquette_refusals", "Connections refused, by code.", "code")
        self.batch = self._spread("maquette_batch", "Inputs of one batch.", SIZE_BUCKETS)
        self.delivery = self._spread(
            "maquette_delivery_seconds", "From an update's arrival until it was handed to its receivers' sockets.",
            DELIVERY_BUCKETS,
        )  # fmt: skip
        self.resyncs = self._count("maquette_resyncs", "Sockets that were too far behind.")
        self.sent = self._count("maquette_sent_bytes", "Bytes sent over sockets.")
        self.slowed = self._count("maquette_slowed_seconds", "Seconds for which floods were not read.")

    def _of_the_log(self) -> None:
        self.rows = self._count("maquette_log_rows", "Rows committed to the log.")
        self.commit = self._spread("maquette_commit_seconds", "Time of one commit.", COMMIT_BUCKETS)
        self.commit_failures = self._count("maquette_commit_failures", "Commits that failed.")

    def _of_http(self) -> None:
        self.requests = self._counts("maquette_http_requests", "HTTP requests.", "method", "route", "status")
        self.request_seconds = self._spreads(
            "maquette_http_request_seconds", "Time until an HTTP answer was sent.", REQUEST_BUCKETS, "route"
        )
        self.limited = self._counts("maquette_limited", "Requests over a rate or a quota, by code.", "code")

    def _of_jobs(self) -> None:
        self.job_attempts = self._counts("maquette_job_attempts", "Attempts at jobs that ended.", "op", "outcome")
        self.job_seconds = self._spreads("maquette_job_seconds", "Time of one attempt at a job.", JOB_BUCKETS, "op")
        self.job_wait = self._spread("maquette_job_wait_seconds", "Time a job waited for a peer.", JOB_BUCKETS)

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A gauge that is looked up at each scrape."""
        self.watch_by(name, text, (), lambda: {(): read()})

    def watch_by(self, name: str, text: str, labels: Labels, read: Callable[[], dict[Labels, float]]) -> None:
        """Gauges by label values, looked up at each scrape."""
        self.sources[name] = Reading(name, text, labels, read)

    def collect(self) -> Iterator[Metric]:
        """All families, for the registry."""
        for source in list(self.sources.values()):
            yield source.family()

    def describe(self) -> list[Metric]:
        return []

    def render(self) -> bytes:
        return generate_latest(self.registry)

    # -- making counters

    def _count(self, name: str, text: str) -> Count:
        return self._single(name, text, Count())

    def _level(self, name: str, text: str) -> Level:
        return self._single(name, text, Level())

    def _spread(self, name: str, text: str, bounds: Sequence[float]) -> Spread:
        return self._single(name, text, Spread(bounds))

    def _single(self, name: str, text: str, child: Kind) -> Kind:
        self.sources[name] = Single(name, text, child)
        return child

    def _counts(self, name: str, text: str, *labels: str) -> Family[Count]:
        family = Family(name, text, labels, Count)
        self.sources[name] = family
        return family

    def _spreads(self, name: str, text: str, bounds: Sequence[float], *labels: str) -> Family[Spread]:
        family = Family(name, text, labels, lambda: Spread(bounds))
        self.sources[name] = family
        return family
