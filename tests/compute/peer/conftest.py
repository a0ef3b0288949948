"""A server in this event loop, and a project in it that a script has joined."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from crdt.client import LiveScene
from tests.support.peers import project
from tests.support.server import Served, serving


@pytest.fixture
async def server(tmp_path) -> AsyncIterator[Served]:
    async with serving(tmp_path / "data") as served:
        yield served


@pytest.fixture
async def scene(server) -> AsyncIterator[LiveScene]:
    async with project(server.url) as joined:
        yield joined
