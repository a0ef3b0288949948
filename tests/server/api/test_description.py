"""The OpenAPI description: valid, complete, and readable without scripts; health and metrics."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import schemathesis

from server.services import Services
from tests.support.server import running_app

DOCUMENTED = Path(__file__).parents[3] / "docs" / "api.md"


_CALLS = re.compile(r"`([A-Z]+(?:, [A-Z]+)*) (/[^`?\s]*)")


async def test_the_documentation_and_the_description_tell_of_the_same_calls(client: httpx.AsyncClient) -> None:
    described = {
        (verb.upper(), re.sub(r"\{[^}]+\}", "{}", path.removeprefix("/api/v1")))
        for path, operations in (await client.get("/api/v1/openapi.json")).json()["paths"].items()
        for verb in operations
    }
    rows = [line for line in DOCUMENTED.read_text().splitlines() if line.startswith("|")]
    promised = {
        (verb, re.sub(r"\{[^}]+\}", "{}", path))
        for row in rows for verbs, path in _CALLS.findall(row) for verb in verbs.split(", ") if verb != "HEAD"
    }  # fmt: skip
    assert len(promised) > 60
    assert described - promised == set(), "a row in docs/api.md"
    assert promised - described == set()


async def test_every_operation_says_what_it_does_and_how_it_refuses(client: httpx.AsyncClient) -> None:
    description = (await client.get("/api/v1/openapi.json")).json()
    for path, operations in description["paths"].items():
        for verb, operation in operations.items():
            assert operation.get("description"), f"{verb} {path}"
            if path.startswith("/api/"):
                assert "401" in operation["responses"], f"{verb} {path}"


async def test_the_page_of_the_description_needs_no_script(client: httpx.AsyncClient) -> None:
    page = await client.get("/api/docs")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "/api/v1/projects/{project}/scene" in page.text


async def test_answers_are_as_described(client: httpx.AsyncClient, project: str) -> None:
    """Each kind of answer of a lived-in server, against the schema that the description promises."""
    schema = schemathesis.openapi.from_dict((await client.get("/api/v1/openapi.json")).json())
    node = [{"edit": "node.add", "name": "Chair"}]
    job = (await client.post(f"{project}/jobs", json={"op": "export", "params": {"format": "glb"}})).json()["job"]
    calls = [
        ("POST", "/api/v1/projects", "/api/v1/projects", {"name": "x"}),
        ("GET", "/api/v1/projects", "/api/v1/projects", None),
        ("GET", "/api/v1/projects/{project}", project, None),
        ("PATCH", "/api/v1/projects/{project}", project, {"name": "y"}),
        ("PATCH", "/api/v1/projects/{project}", project, {}),
        ("POST", "/api/v1/projects/{project}/duplicate", f"{project}/duplicate", {}),
        ("PATCH", "/api/v1/projects/{project}/scene", f"{project}/scene", node),
        ("GET", "/api/v1/projects/{project}/scene", f"{project}/scene", None),
        ("GET", "/api/v1/projects/{project}/jobs", f"{project}/jobs", None),
        ("GET", "/api/v1/projects/{project}/jobs/{job}", f"{project}/jobs/{job}", None),
        ("DELETE", "/api/v1/projects/{project}/jobs/{job}", f"{project}/jobs/{job}", None),
        ("GET", "/api/v1/projects/{project}/jobs/{job}", f"{project}/jobs/none", None),
        ("GET", "/api/v1/session", "/api/v1/session", None),
    ]
    for verb, template, path, body in calls:
        answer = await client.request(verb, path, json=body)
        schema[template][verb].validate_response(answer)


async def test_health_and_readiness(client: httpx.AsyncClient, behind: Services) -> None:
    assert (await client.get("/healthz")).text == "ok"
    assert (await client.get("/readyz")).json() == {"ready": True, "peers": 0, "nodes": "alone"}
    behind.dispatcher.signals.close()
    assert (await client.get("/readyz")).status_code == 503


async def test_a_database_that_is_gone_is_not_ready(tmp_path: Path) -> None:
    async with running_app(tmp_path) as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            async with app.state.services.engine.begin() as connection:
                await connection.exec_driver_sql("DROP TABLE jobs")
            assert (await client.get("/readyz")).status_code == 503
            assert (await client.get("/healthz")).status_code == 200
            await app.state.services.projects.create("p", "p" * 16)
            answer = await client.get(f"/api/v1/projects/{'p' * 16}/jobs")
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unavailable")


async def test_metrics_tell_of_jobs_rooms_and_rows(client: httpx.AsyncClient, project: str) -> None:
    await client.post(f"{project}/jobs", json={"op": "export", "params": {"format": "glb"}})
    await client.patch(f"{project}/scene", json=[{"edit": "node.add"}])
    text = (await client.get("/metrics")).text
    assert 'maquette_jobs{state="queued"} 1.0' in text
    assert "maquette_rooms 1.0" in text
    assert "maquette_log_rows_total 1.0" in text
