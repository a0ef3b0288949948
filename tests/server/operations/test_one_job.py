"""One job over server and peer: every line of the log about it carries its id, its spans form one tree, and none of it
holds a secret (REQUIREMENTS 21.2, 21.3, 18.12)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.server import running_server

TRIANGLE = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
PLANTED = {
    "api_key": "mqk_plantedkeyid_4f9a8b7c6d5e4f3a2b1c",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJlLXBsYW50ZWQ",
    "password": "correct-horse-battery-staple",
    "cookie": "v1.plantedplantedpl.1900000000.plantedsignature",
    "ticket": "planted-ticket-1234567890",
}


@dataclass(frozen=True)
class Run:
    """What one whole run left behind."""

    job: str
    project: str
    peer_token: str
    logs: list[dict[str, Any]]
    text: str
    spans: list[dict[str, Any]]
    answers: str


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Run:
    data = tmp_path_factory.mktemp("one-job")
    environment = {
        "MAQUETTE_LOG_FILE": str(data / "logs" / "server.jsonl"),
        "MAQUETTE_TRACES": f"file:{data / 'traces.jsonl'}",
        "MAQUETTE_TRACE_BATCHES": "1",
    }
    answers: list[str] = []
    with running_server(data, peer=True, environment=environment) as server, server.client() as client:
        client.event_hooks["response"].append(lambda answer: answers.append(f"{answer.read()!r}{answer.headers}"))
        project = client.post("/api/v1/projects", json={"name": "Logged"}).json()["id"]
        plant(client, project)
        files = [("file", ("triangle.obj", TRIANGLE))]
        job = client.post(f"/api/v1/projects/{project}/import", files=files).json()["job"]
        done = client.get(f"/api/v1/projects/{project}/jobs/{job}", params={"wait": 60}, timeout=90).json()
        assert done["state"] == "succeeded", done
        token = server.peer_token
    text = "".join(path.read_text() for path in [*sorted((data / "logs").iterdir()), data / "server.log"])
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    spans = [json.loads(line) for line in (data / "traces.jsonl").read_text().splitlines()]
    return Run(job, project, token, lines, text, spans, "".join(answers))


def plant(client: httpx.Client, project: str) -> None:
    """Send secrets wherever a client may put one."""
    path = f"/api/v1/projects/{project}"
    client.get(path, headers={"Authorization": f"Bearer {PLANTED['api_key']}"})
    client.get(path, headers={"Authorization": f"Bearer {PLANTED['jwt']}"})
    client.get(path, headers={"Cookie": f"maquette_session={PLANTED['cookie']}"})
    client.get(path, params={"ticket": PLANTED["ticket"]})
    client.post("/api/v1/session", json={"key": PLANTED["password"]})
    client.post("/api/v1/projects", params={"password": PLANTED["password"]}, content=b"{")


def test_the_id_of_a_job_finds_its_life_on_both_sides(ran: Run) -> None:
    about = [line for line in ran.logs if line.get("job") == ran.job]
    events = [line["event"] for line in about]
    for event in ("job_queued", "job_leased", "job started", "job done", "job_attempt_ended"):
        assert event in events, f"{event} is missing in {events}"
    paths = {line["path"] for line in about if line["event"] == "http"}
    assert any("/blobs/" in path for path in paths), "what the peer fetched and stored for it"
    assert any(path.endswith("/result") for path in paths)


def test_every_line_is_json_with_a_time_and_a_level(ran: Run) -> None:
    assert len(ran.logs) > 10
    assert all({"event", "level", "timestamp"} <= set(line) for line in ran.logs)
    requests = [line for line in ran.logs if line["event"] == "http"]
    assert all({"method", "path", "status", "ms", "request"} <= set(line) for line in requests)
    assert all("?" not in line["path"] for line in requests)


def test_the_spans_of_a_job_are_one_tree_over_server_and_peer(ran: Run) -> None:
    asked = next(span for span in ran.spans if span["name"] == "job.request" and span["attributes"]["job"] == ran.job)
    trace = asked["context"]["trace_id"]
    spans = {span["context"]["span_id"]: span for span in ran.spans if span["context"]["trace_id"] == trace}
    roots = [span for span in spans.values() if span["parent_id"] not in spans]
    assert len(roots) == 1, "every other span has its parent in the trace"
    assert {"job.request", "job import", "compute", "job.commit"} <= {span["name"] for span in spans.values()}
    assert {span["resource"]["attributes"]["service.name"] for span in spans.values()} == {
        "maquette-server",
        "maquette-peer",
    }


def test_batches_of_rooms_are_traced_in_the_share_that_was_asked_for(ran: Run) -> None:
    rooms = {span["attributes"]["room"] for span in ran.spans if span["name"] == "room.batch"}
    assert f"{ran.project}/session" in rooms


def test_no_secret_reaches_a_log_a_trace_or_an_answer(ran: Run) -> None:
    everything = ran.text + json.dumps(ran.spans) + ran.answers
    for name, secret in {**PLANTED, "peer_token": ran.peer_token}.items():
        assert secret not in everything, name
