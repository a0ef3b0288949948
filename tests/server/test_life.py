"""A server that has lost its services ends, instead of answering everybody that it is stopping."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from server.activity import Activity
from server.app import create_app
from server.serving import Server
from server.sockets.layers import configure
from tests.support.server import settings_for


async def test_a_server_without_its_services_ends_with_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = asyncio.Event()

    async def breaks(_: Activity) -> None:
        await broken.wait()
        raise RuntimeError("an invariant is broken")

    monkeypatch.setattr(Activity, "run", breaks)
    app = create_app(settings_for(tmp_path))
    server = Server(
        configure(app, host="127.0.0.1", port=0, max_message=2**20, log_config=None), lambda: app.state.stop()
    )
    app.state.ended = server.end
    with closing(server.config.bind_socket()) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        await server.ready.wait()
        broken.set()
        await asyncio.wait_for(serving, 20)
    assert server.has_failed
