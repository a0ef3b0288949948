"""One serving process: its socket, uvicorn, the compute peer beside it, and an orderly end."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import typer
import uvicorn
from fastapi import FastAPI

from server import allocator
from server.app import create_app
from server.auth import ACCESS_KEY_FILE, PEER_TOKEN_FILE
from server.settings import Settings
from server.sockets.layers import LayerNotInstalled, configure
from server.supervisor import is_peer_installed, keep_peer

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

COLLECTOR = (20_000, 20, 50)
"""Allocations before a collection of the youngest, and collections of one age before one of the next."""

log = structlog.get_logger()


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. What was reported saved is durable; open requests get a few seconds to end."""
    allocator.tame()
    app = create_app(settings)
    config = _configured(app, settings)
    listening = config.bind_socket()
    # uvicorn makes it for several processes. What runs beside this one would hold the port when this one is killed.
    listening.set_inheritable(False)
    server = Server(config, lambda: app.state.stop())
    app.state.ended = server.end
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(server, settings, listening))
    if server.has_failed:
        raise typer.Exit(1)


def _configured(app: FastAPI, settings: Settings) -> uvicorn.Config:
    try:
        return configure(
            app, sockets=settings.sockets, max_message=settings.max_message, host=settings.host, port=settings.port,
            log_config=None, access_log=False, proxy_headers=False, ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key, timeout_graceful_shutdown=int(settings.shutdown_seconds),
        )  # fmt: skip
    except LayerNotInstalled as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


async def _serve(server: Server, settings: Settings, listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    serving = asyncio.create_task(server.serve([listening]))
    ready = asyncio.create_task(server.ready.wait())
    await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
    beside = _start_beside(settings, port) if server.started else None
    _keep_pauses_short()
    try:
        await serving
    finally:
        ready.cancel()
        if beside is not None:
            beside.cancel()
            await asyncio.wait({beside})


def _keep_pauses_short() -> None:
    """What was made while starting is never garbage: a full collection that goes over it takes 40 ms and more, and
    collections took 55 % of the CPU of a server that relays 60 updates a second. And a thread that reads a large update
    gives the event loop its turn after 1 ms (5 by default).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR)
    sys.setswitchinterval(0.001)


def _start_beside(settings: Settings, port: int) -> asyncio.Task[None] | None:
    url = own_url(settings.host, port, secure=settings.tls_cert is not None)
    _announce(settings, url, port)
    if settings.open:
        asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)
    if not settings.peer:
        return None
    if not is_peer_installed():
        log.warning("no compute peer: the extra `compute` is not installed")
        return None
    return asyncio.create_task(keep_peer(url, settings.data.resolve() / PEER_TOKEN_FILE, _peer_environment(settings)))


def _peer_environment(settings: Settings) -> dict[str, str]:
    """The peer beside the server logs and traces as the server does, and trusts its certificate."""
    told: dict[str, str] = {"MAQUETTE_PEER_LOG": settings.log}
    if settings.log_file is not None:
        told["MAQUETTE_PEER_LOG_FILE"] = f"{settings.log_file.resolve()}.peer"
    if settings.traces:
        told["MAQUETTE_PEER_TRACES"] = settings.traces
    if settings.tls_cert is not None:
        told["SSL_CERT_FILE"] = str(settings.tls_cert.resolve())
    return told


def _announce(settings: Settings, url: str, port: int) -> None:
    typer.echo(f"Maquette serves on {url}")
    if settings.mode == "accounts":
        key = (settings.data / ACCESS_KEY_FILE).read_text().strip()
        address = settings.public_url.rstrip("/") or f"{url.partition('://')[0]}://{socket.gethostname()}:{port}"
        typer.echo(f"Invitation: {address}/invite#{key}")


def own_url(host: str, port: int, *, secure: bool = False) -> str:
    """How this machine reaches a server that listens on `host`."""
    scheme = "https" if secure else "http"
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"


class Server(uvicorn.Server):
    """Tells the application before it closes connections, so that nobody is kept waiting by a long poll."""

    def __init__(self, config: uvicorn.Config, stop: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._stop = stop

    def end(self) -> None:
        """Without its services it serves nothing: a process that ends is started again, one that stays is not."""
        self.should_exit = True

    @property
    def has_failed(self) -> bool:
        """Whether the application ended with an exception, at its start or later."""
        return bool(getattr(self.lifespan, "error_occurred", False))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own way raises the signal again when it is done, which would end the process before its peer.
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
