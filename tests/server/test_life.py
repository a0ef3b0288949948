"""A server that has lost its services ends by itself, and leaves its port to the next one."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from server.activity import Activity
from server.app import create_app
from server.serving import Server
from server.sockets.layers import configure
from tests.support.server import running_server, settings_for


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


def test_what_runs_beside_a_server_does_not_hold_its_port(tmp_path: Path) -> None:
    """Else a server that was killed does not start again before all that it started has ended."""
    with running_server(tmp_path, peer=True) as server:
        assert server.process is not None
        (peer,) = psutil.Process(server.process.pid).children()
        assert [one for one in peer.net_connections() if one.status == psutil.CONN_LISTEN] == []
