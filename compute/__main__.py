"""`python -m compute peer`: run a compute peer until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Any

import httpx
import structlog
import typer
from pydantic import ValidationError

from compute.blob_client import BlobClient
from compute.engine.local import LocalEngine
from compute.lease_client import LeaseClient
from compute.peer import Peer
from compute.rooms import JoinedRooms
from compute.settings import Settings
from crdt import logs, spans

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


_HEADERS = {"job": "x-maquette-job", "trace": "traceparent"}


def _help(field: str) -> str:
    return f"{Settings.model_fields[field].description} [MAQUETTE_PEER_{field.upper()}]"


@command.callback()
def main() -> None:
    """Compute for a Maquette server."""


@command.command()
def peer(
    server: Annotated[str | None, typer.Option(help=_help("server"))] = None,
    token_file: Annotated[Path | None, typer.Option(help=_help("token_file"))] = None,
    name: Annotated[str | None, typer.Option(help=_help("name"))] = None,
    ops: Annotated[str | None, typer.Option(help="Operations to offer, comma-separated. [MAQUETTE_PEER_OPS]")] = None,
    workers: Annotated[int | None, typer.Option(help=_help("workers"))] = None,
    memory_mb: Annotated[int | None, typer.Option(help=_help("memory_mb"))] = None,
    job_seconds: Annotated[float | None, typer.Option(help=_help("job_seconds"))] = None,
    log: Annotated[str | None, typer.Option(help=_help("log"))] = None,
    log_file: Annotated[Path | None, typer.Option(help=_help("log_file"))] = None,
    traces: Annotated[str | None, typer.Option(help=_help("traces"))] = None,
) -> None:
    """Lease jobs from a server, compute them, hand in the results."""
    given: dict[str, Any] = {
        "server": server, "token_file": token_file, "name": name, "workers": workers, "memory_mb": memory_mb,
        "job_seconds": job_seconds, "log": log,
        "log_file": log_file, "traces": traces, "ops": ops.split(",") if ops else None,
    }  # fmt: skip
    settings = _settings({key: value for key, value in given.items() if value is not None})
    token = _token(settings.token_file)
    logs.REDACTOR.add(token)
    logs.configure(settings.log, logs.RotatingFile(settings.log_file) if settings.log_file else None)
    asyncio.run(run(settings, token))


def _settings(given: dict[str, Any]) -> Settings:
    try:
        return Settings(**given)
    except ValidationError as error:
        for issue in error.errors():
            typer.echo(f"{issue['loc'][0]}: {issue['msg']}; found {issue['input']!r}", err=True)
        raise typer.Exit(2) from None


def _token(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        typer.echo(f"the peer token cannot be read: {error}", err=True)
        raise typer.Exit(2) from None


async def run(settings: Settings, token: str) -> None:
    """Work until a signal asks to stop; then give jobs back and end."""
    engine = LocalEngine(settings.workers, warm=["compute.operations.registry"])
    headers = {"Authorization": f"Bearer {token}"}
    tracing = spans.start(settings.traces, "maquette-peer")
    hooks: dict[str, Any] = {"request": [_name_the_job]}
    async with httpx.AsyncClient(base_url=settings.server, headers=headers, event_hooks=hooks) as http:
        peer = Peer(
            LeaseClient(http), BlobClient(http), JoinedRooms(settings.server, token, settings.peer_name), engine,
            name=settings.peer_name, offered=settings.offered, limits=settings.limits, tracing=tracing,
        )  # fmt: skip
        try:
            await engine.start()
            await _until_signalled(asyncio.create_task(peer.run(settings.workers)))
        finally:
            await engine.close()
            tracing.close()


async def _name_the_job(request: httpx.Request) -> None:
    """Let the server's log tell for which job a request is made, and its trace below which span."""
    bound = structlog.contextvars.get_contextvars()
    request.headers.update({_HEADERS[name]: str(bound[name]) for name in _HEADERS if bound.get(name)})


async def _until_signalled(working: asyncio.Task[None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    try:
        await working
    except asyncio.CancelledError:
        structlog.get_logger().info("peer stopped")


if __name__ == "__main__":
    command(prog_name="maquette")
