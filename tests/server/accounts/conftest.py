"""A server with accounts, an HTTP client without cookies, and a clock that tests turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from server.services import Services
from tests.server.api.conftest import Clock
from tests.support.people import Cast
from tests.support.server import api, services


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(tmp_path: Path, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with api(tmp_path, clock=clock, accounts=True) as client:
        yield client


@pytest.fixture
def behind(client: httpx.AsyncClient) -> Services:
    return services(client)


@pytest.fixture
async def cast(behind: Services) -> Cast:
    return await Cast.of(behind)


@pytest.fixture
def key(client: httpx.AsyncClient, tmp_path: Path) -> str:  # noqa: ARG001
    """The access key of the invitation: its file is there once the server is."""
    return (tmp_path / "access.key").read_text().strip()
