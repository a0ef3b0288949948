"""Requests made up from the description: none is answered with a mistake of the server, all as the description says.

In both modes: everybody's local server, and one with accounts, asked by the operator's key. `MAQUETTE_SOAK=1` asks
fifty times as often.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks

from server import routes
from server.app import create_app
from tests.support.server import ServerProcess, running_server, settings_for

EXAMPLES = 400 if os.environ.get("MAQUETTE_SOAK") else 8
APP = create_app(settings_for(Path("unused")))
DESCRIPTION = schemathesis.openapi.from_dict(APP.openapi())
OPERATIONS = [found.ok() for found in DESCRIPTION.get_all_operations()]
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@dataclass(frozen=True)
class Asked:
    """A server, and a client of it who may do the most."""

    server: ServerProcess
    client: httpx.Client

    def project(self) -> str:
        return str(self.client.post("/api/v1/projects", json={"name": "Fuzz"}).json()["id"])


@pytest.fixture(scope="module", params=["local", "accounts"])
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    unlimited = {"MAQUETTE_RATE_USER": "", "MAQUETTE_RATE_ADDRESS": ""}
    environment = {"MAQUETTE_ACCOUNTS": "true", **unlimited} if request.param == "accounts" else {}
    data = tmp_path_factory.mktemp("fuzz")
    with running_server(data, "--log", "error", environment=environment) as server, server.client() as client:
        if environment:
            key = (data / "access.key").read_text().strip()
            client.headers["Authorization"] = f"Bearer {key}"
        yield Asked(server, client)


def made_up(operation: schemathesis.APIOperation, mode: GenerationMode) -> st.SearchStrategy[schemathesis.Case]:
    """Requests that the description allows (positive), or that break it (negative)."""
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
        mode = GenerationMode.POSITIVE
    return operation.as_strategy(generation_mode=mode)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_made_up_requests(operation: schemathesis.APIOperation, asked: Asked) -> None:
    """REQUIREMENTS 25.1. Most requests name a project that is there."""
    server, project = asked.server, asked.project()
    token = {name: asked.client.headers[name] for name in ("authorization",) if name in asked.client.headers}
    if operation.path.startswith(("/api/v1/peers/lease", "/api/v1/peers/jobs")):
        token = {"Authorization": f"Bearer {server.peer_token}"}

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )  # fmt: skip
    @given(
        case=st.one_of(made_up(operation, mode) for mode in GenerationMode),
        is_real=st.sampled_from((True, True, True, False)),
    )
    def ask(case: schemathesis.Case, is_real: bool) -> None:
        if is_real and "project" in case.path_parameters:
            case.path_parameters["project"] = project
        if isinstance(case.body, dict) and "wait" in case.body:
            case.body["wait"] = 0
        answer = case.call(base_url=server.url, headers=token)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400 and operation.path.startswith("/api/"):
            assert set(answer.json()["error"]) == {"code", "message", "hint"}

    ask()


def test_the_server_is_well_afterwards(asked: Asked) -> None:
    assert httpx.get(f"{asked.server.url}/readyz").json()["ready"]
    assert "unhandled" not in asked.server.log.read_text()


def test_every_route_is_described_and_so_asked() -> None:
    """REQUIREMENTS 25.1: each endpoint has its contract test here, as the operations are those of the description."""
    modules = [
        importlib.import_module(f"server.routes.{found.name}") for found in pkgutil.iter_modules(routes.__path__)
    ]
    routers = [module.router for module in modules if hasattr(module, "router")]
    written = {
        (verb, route.path) for router in routers for route in router.routes
        if isinstance(route, APIRoute) and route.path.startswith("/api/v1") for verb in route.methods - {"HEAD"}
    }  # fmt: skip
    described = {(operation.method.upper(), operation.path) for operation in OPERATIONS}
    assert written - described == set()
    assert len(written) > 60


def test_the_description_is_whole() -> None:
    description = APP.openapi()
    assert description["openapi"].startswith("3.1")
    named = set(re.findall(r"#/components/schemas/([^\"]+)", json.dumps(description)))
    assert named <= set(description["components"]["schemas"]), "every reference leads somewhere"
    operations = [operation for path in description["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    for path, verbs in description["paths"].items():
        for verb, operation in verbs.items():
            given = {found["name"] for found in operation.get("parameters", []) if found["in"] == "path"}
            assert given == set(re.findall(r"{(\w+)}", path)), f"{verb} {path}"
            assert any(status[0] in "23" for status in operation["responses"])
