"""One application for each test: an HTTP client, the same as a peer, and a clock that tests turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from server.services import Services
from tests.support.server import api, peer_headers, services


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(tmp_path: Path, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with api(tmp_path, clock=clock) as client:
        yield client


@pytest.fixture
def behind(client: httpx.AsyncClient) -> Services:
    """The services behind the client."""
    return services(client)


@pytest.fixture
async def peer(client: httpx.AsyncClient, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the peer token."""
    async with httpx.AsyncClient(
        transport=client._transport, base_url=client.base_url, headers=peer_headers(tmp_path)
    ) as peer:
        yield peer


@pytest.fixture
async def project(client: httpx.AsyncClient) -> str:
    """The path of a fresh project."""
    answer = await client.post("/api/v1/projects", json={"name": "Workshop"})
    return f"/api/v1/projects/{answer.json()['id']}"
