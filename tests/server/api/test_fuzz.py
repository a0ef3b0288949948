"""Requests made up from the description: none is answered with a mistake of the server, all as the description says.

In both modes: everybody's local server, and one with accounts, asked by the operator's key and by people who signed in:
the admin, the owner and a viewer of the project. `MAQUETTE_SOAK=1` asks fifty times as often.
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

TIMES = 50 if os.environ.get("MAQUETTE_SOAK") else 1
EXAMPLES = {"local": 8, "key": 8, "admin": 4, "owner": 4, "viewer": 4}
PASSWORD = "a quiet long sentence"
APP = create_app(settings_for(Path("unused")))
DESCRIPTION = schemathesis.openapi.from_dict(APP.openapi())
OPERATIONS = [found.ok() for found in DESCRIPTION.get_all_operations()]
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@dataclass
class Asked:
    """A server, and in whose name it is asked. owner: who makes the project; asks for themselves where they may."""

    server: ServerProcess
    part: str
    owner: httpx.Client
    cookies: dict[str, httpx.Cookies]

    def project(self) -> str:
        made = self.owner.post("/api/v1/projects", json={"name": "Fuzz"}, headers=self._of("owner"))
        project = str(made.raise_for_status().json()["id"])
        if self.part == "viewer":
            body = {"email": address("viewer"), "role": "viewer"}
            path = f"/api/v1/projects/{project}/members"
            self.owner.post(path, json=body, headers=self._of("owner")).raise_for_status()
        return project

    def headers(self) -> dict[str, str]:
        return self._of(self.part)

    def _of(self, part: str) -> dict[str, str]:
        """What somebody sends; they sign in again where a request that was made up has signed them out."""
        if self.part in ("local", "key"):
            return {name: self.owner.headers[name] for name in ("authorization",) if name in self.owner.headers}
        url = f"{self.server.url}/api/v1/session"
        if part not in self.cookies or httpx.get(url, cookies=self.cookies[part]).status_code == 401:
            answer = httpx.post(url, json={"email": address(part), "password": PASSWORD})
            self.cookies[part] = answer.raise_for_status().cookies
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies[part].items())}


def address(part: str) -> str:
    return f"{part}@fuzz.test"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("local"), "--log", "error") as server:
        yield server


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with accounts, and one for each part: the admin's is the first."""
    data = tmp_path_factory.mktemp("team")
    environment = {"MAQUETTE_ACCOUNTS": "true", "MAQUETTE_SIGN_UP": "open", "MAQUETTE_RATE_USER": "",
                   "MAQUETTE_RATE_ADDRESS": ""}  # fmt: skip
    with running_server(data, "--log", "error", environment=environment) as server:
        for part in ("admin", "owner", "viewer"):
            body = {"email": address(part), "password": PASSWORD, "name": part}
            key = {"key": key_of(server)} if part == "admin" else {}
            httpx.post(f"{server.url}/api/v1/accounts", json={**body, **key}).raise_for_status()
        yield server


def key_of(server: ServerProcess) -> str:
    return (server.data / "access.key").read_text().strip()


@pytest.fixture(scope="module", params=list(EXAMPLES))
def asked(request: pytest.FixtureRequest) -> Iterator[Asked]:
    part = request.param
    server = request.getfixturevalue("local" if part == "local" else "team")
    key = {"Authorization": f"Bearer {key_of(server)}"} if part == "key" else {}
    with server.client(**key) as client:
        yield Asked(server, part, client, {})


def made_up(operation: schemathesis.APIOperation, mode: GenerationMode) -> st.SearchStrategy[schemathesis.Case]:
    """Requests that the description allows (positive), or that break it (negative)."""
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
        mode = GenerationMode.POSITIVE
    return operation.as_strategy(generation_mode=mode)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_made_up_requests(operation: schemathesis.APIOperation, asked: Asked) -> None:
    """REQUIREMENTS 25.1. Most requests name a project that is there."""
    server, project = asked.server, asked.project()
    token = asked.headers()
    if operation.path.startswith(("/api/v1/peers/lease", "/api/v1/peers/jobs")):
        token = {"Authorization": f"Bearer {server.peer_token}"}

    @settings(
        max_examples=EXAMPLES[asked.part] * TIMES, deadline=None, derandomize=True, database=None,
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
