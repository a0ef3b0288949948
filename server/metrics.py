"""Metrics of the HTTP half, in the registry that the sockets' half made."""

from __future__ import annotations

from prometheus_client import Gauge

from server.telemetry import Telemetry


class Metrics:
    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._jobs = Gauge("maquette_jobs", "Jobs by state.", ["state"], registry=telemetry.registry)
        self._peers = Gauge("maquette_peers", "Peers that asked for work lately.", registry=telemetry.registry)

    def set_jobs(self, by_state: dict[str, int], peers: int) -> None:
        for state in ("queued", "running", "awaiting_input", "succeeded", "failed", "cancelled"):
            self._jobs.labels(state).set(by_state.get(state, 0))
        self._peers.set(peers)

    def render(self) -> bytes:
        return self._telemetry.render()
