"""Requests made up from the description: none is answered with a mistake of the server, all as the description says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks

from server.app import create_app
from tests.support.server import ServerProcess, running_server, settings_for

EXAMPLES = 8
DESCRIPTION = schemathesis.openapi.from_dict(create_app(settings_for(Path("unused"))).openapi())
OPERATIONS = [found.ok() for found in DESCRIPTION.get_all_operations()]
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("fuzz"), "--log", "error") as running:
        yield running


@pytest.fixture
def project(server: ServerProcess) -> str:
    return str(httpx.post(f"{server.url}/api/v1/projects", json={"name": "Fuzz"}).json()["id"])


def made_up(operation: schemathesis.APIOperation, mode: GenerationMode) -> st.SearchStrategy[schemathesis.Case]:
    """Requests that the description allows (positive), or that break it (negative)."""
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
        mode = GenerationMode.POSITIVE
    return operation.as_strategy(generation_mode=mode)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_made_up_requests(operation: schemathesis.APIOperation, server: ServerProcess, project: str) -> None:
    """REQUIREMENTS 25.1. Most requests name a project that is there."""
    token = {"Authorization": f"Bearer {server.peer_token}"} if "/peers/" in operation.path else {}

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


def test_the_server_is_well_afterwards(server: ServerProcess) -> None:
    assert httpx.get(f"{server.url}/readyz").json()["ready"]
    assert "unhandled" not in server.log.read_text()
