"""Servers for tests: a real `maquette serve` process, the application in this process with or without a socket.

with running_server(tmp_path) as server:            # a process; kill -9 and restart it
    httpx.get(server.url + "/api/v1/projects")
async with serving(tmp_path) as server: ...         # uvicorn in this event loop, for sockets
async with api(tmp_path) as client: ...             # httpx straight into the application, for HTTP alone
"""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from server.app import create_app
from server.services import Services
from server.settings import Settings
from server.sockets.layers import configure
from tests.support.ports import free_port

TOP = Path(__file__).parents[2]
START_SECONDS = 60.0
_SERVES = "Maquette serves on "


@dataclass
class ServerProcess:
    """One `maquette serve` at a time over one data folder. The address stays the same over restarts.

    prefix: a command that runs the server somewhere else, such as in a network namespace.
    """

    data: Path
    options: list[str] = field(default_factory=list)
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    url: str = ""
    process: subprocess.Popen[str] | None = None
    prefix: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Start and wait until it is ready."""
        self.port = self.port or free_port()
        command = [sys.executable, "-m", "server", "serve", "--data", str(self.data), "--port", str(self.port)]
        with (self.log).open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, *command, *self.options], stdout=subprocess.PIPE, stderr=log, text=True, cwd=TOP,
                env={**os.environ, **self.environment},
            )  # fmt: skip
        self.url = self._wait_for_address()
        httpx.get(f"{self.url}/readyz", timeout=START_SECONDS).raise_for_status()

    def kill(self) -> None:
        """kill -9, as a crash would."""
        self._end(signal.SIGKILL)

    def terminate(self) -> int:
        """SIGTERM, as an operator would; the exit status."""
        return self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Start again on the same port and data, after kill() or terminate()."""
        self.start()

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    @property
    def peer_token(self) -> str:
        return (self.data / "peer.token").read_text().strip()

    @property
    def sync_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/sync"

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def peer_client(self) -> httpx.Client:
        return self.client(Authorization=f"Bearer {self.peer_token}")

    def _wait_for_address(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while selector.select(START_SECONDS):
                line = self.process.stdout.readline()
                if line.startswith(_SERVES):
                    return line.removeprefix(_SERVES).strip()
                if not line:
                    break
        self.kill()
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-4000:]}")

    def _end(self, number: signal.Signals) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        process.send_signal(number)
        try:
            return process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(30)
        finally:
            assert process.stdout is not None
            process.stdout.close()


@contextmanager
def running_server(
    data: Path, *options: str, peer: bool = False, environment: Mapping[str, str] | None = None
) -> Iterator[ServerProcess]:
    """A real server process on a random port; ended when the block ends."""
    data.mkdir(parents=True, exist_ok=True)
    server = ServerProcess(data, [*options, "--peer" if peer else "--no-peer"], environment or {})
    server.start()
    try:
        yield server
    finally:
        server.terminate()


def settings_for(data: Path, **values: Any) -> Settings:
    return Settings(data=data, peer=False, **values)


@asynccontextmanager
async def running_app(data: Path, *, clock: Callable[[], float] | None = None, **values: Any) -> AsyncIterator[FastAPI]:
    """The application with its lifespan, without a socket."""
    app = create_app(settings_for(data, **values), **({"clock": clock} if clock else {}))
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def api(
    data: Path, *, clock: Callable[[], float] | None = None, headers: Mapping[str, str] | None = None, **values: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client straight into the application. `services(client)` reaches behind it."""
    async with running_app(data, clock=clock, **values) as app:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
            yield client


def services(client: httpx.AsyncClient) -> Services:
    """What stands behind a client of `api`."""
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    found: Services = transport.app.state.services  # type: ignore[attr-defined]
    return found


def peer_headers(data: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {(data / 'peer.token').read_text().strip()}"}


@dataclass(frozen=True)
class Served:
    """An application that listens in this event loop."""

    url: str
    app: FastAPI
    data: Path

    @property
    def sync_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/sync"

    @property
    def services(self) -> Services:
        found: Services = self.app.state.services
        return found

    @property
    def peer_token(self) -> str:
        return (self.data / "peer.token").read_text().strip()


@asynccontextmanager
async def serving(
    data: Path, *, port: int = 0, clock: Callable[[], float] | None = None, **values: Any
) -> AsyncIterator[Served]:
    """uvicorn with the application on a random port of this event loop, for tests that use sockets."""
    app = create_app(settings_for(data, **values), **({"clock": clock} if clock else {}))
    config = configure(
        app, max_message=64 * 1024 * 1024, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=5
    )
    server = _QuietServer(config, app)
    with closing(config.bind_socket()) as listening:
        task = asyncio.create_task(server.serve([listening]))
        started = asyncio.create_task(server.ready.wait())
        await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if task.done():
            task.result()
            raise AssertionError("the application did not start")
        try:
            yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", app, data)
        finally:
            server.should_exit = True
            await task


class _QuietServer(uvicorn.Server):
    """Leaves the test runner's signal handlers alone, and says when it is ready."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._app = app

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.ready.set()

    async def shutdown(self, sockets: Any = None) -> None:
        self._app.state.stop()
        await super().shutdown(sockets)
