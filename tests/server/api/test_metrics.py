"""/metrics in Prometheus' text form, and what it counts (REQUIREMENTS 21.1)."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from crdt import nodes
from crdt.client import join
from crdt.errors import MaquetteError
from tests.server.api.test_client import make_project
from tests.support.server import Served, peer_headers, serving


async def samples(server: Served) -> dict[str, float]:
    """Every sample by name and labels, as Prometheus reads them."""
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = list(text_string_to_metric_families(answer.text))
    assert all(family.documentation and family.type != "unknown" for family in families)
    return {
        "/".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


async def test_counters_match_a_scripted_session(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        url = await make_project(server.url)
        async with join(url) as ada, join(url) as bob:
            for number in range(10):
                nodes.add(ada, name=str(number))
                await ada.saved()
            nodes.add(bob, name="by Bob")
            await bob.saved()
            during = await samples(server)
            assert during["maquette_sessions"] == 4, "each has a scene and a conversation"
            assert during["maquette_rooms"] == 2
            assert during["maquette_log_rows_total"] == 11
            assert during["maquette_commit_seconds_count"] == 11
            assert during["maquette_updates_total/accepted"] >= 11
            assert during["maquette_sent_bytes_total"] > 1000
            assert during["maquette_commit_failures_total"] == during["maquette_resyncs_total"] == 0


async def test_jobs_are_counted_by_state_and_peers_by_presence(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, httpx.AsyncClient(base_url=server.url) as client:
        project = (await client.post("/api/v1/projects", json={"name": "x"})).json()["id"]
        body = {"op": "export", "params": {"format": "glb"}}
        for _ in range(3):
            await client.post(f"/api/v1/projects/{project}/jobs", json=body)
        lease = {"peer": "p", "ops": ["export"], "wait": 0}
        await client.post("/api/v1/peers/lease", json=lease, headers=peer_headers(tmp_path))
        found = await samples(server)
        assert (found["maquette_jobs/queued"], found["maquette_jobs/running"], found["maquette_peers"]) == (2, 1, 1)


async def test_a_refused_connection_is_counted_by_its_code(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        url = await make_project(server.url)
        async with join(url) as scene:
            made = nodes.add(scene)
            await scene.saved()
            del scene.map("nodes")[made]
            with pytest.raises(MaquetteError) as refused:
                await scene.saved()
            assert refused.value.code == "container_removed"
            assert (await samples(server))["maquette_refusals_total/container_removed"] == 1
