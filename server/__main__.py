"""The command `maquette`."""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from crdt import logs
from crdt.bridge import keep_bridged
from server import maintenance, rescue
from server.library_logs import configure_logging
from server.serving import serve as run_server
from server.settings import Settings
from server.supervisor import is_peer_installed


def _help(field: str) -> str:
    return f"{Settings.model_fields[field].description} [{_variable(field)}]"


def _variable(field: str) -> str:
    return f"MAQUETTE_{field.upper()}"


def _variables() -> str:
    """Every setting with its default, for --help."""
    lines = (
        f"{_variable(name)} = {field.default!s}\n\n    {field.description}\n\n"
        for name, field in Settings.model_fields.items()
    )
    return "All settings, as environment variables:\n\n" + "".join(lines)


command = typer.Typer(
    help="Maquette: a self-hosted, real-time collaborative 3D studio.", no_args_is_help=True, add_completion=False,
    rich_markup_mode=None, pretty_exceptions_enable=False,
)  # fmt: skip


@command.command(epilog=_variables())
def serve(
    host: Annotated[str | None, typer.Option(help=_help("host"))] = None,
    port: Annotated[str | None, typer.Option(help=_help("port"))] = None,
    data: Annotated[Path | None, typer.Option(help=_help("data"))] = None,
    database: Annotated[str | None, typer.Option(help=_help("database"))] = None,
    redis: Annotated[str | None, typer.Option(help=_help("redis"))] = None,
    blobs: Annotated[str | None, typer.Option(help=_help("blobs"))] = None,
    peer: Annotated[bool | None, typer.Option("--peer/--no-peer", help=_help("peer"))] = None,
    open: Annotated[bool | None, typer.Option("--open/--no-open", help=_help("open"))] = None,
    public_url: Annotated[str | None, typer.Option(help=_help("public_url"))] = None,
    log: Annotated[str | None, typer.Option(help=_help("log"))] = None,
) -> None:
    """Serve the editor, the documents and the API."""
    given = {
        "host": host, "port": port, "data": data, "database": database, "redis": redis, "blobs": blobs, "peer": peer,
        "open": open, "public_url": public_url, "log": log,
    }  # fmt: skip
    settings = read_settings({name: value for name, value in given.items() if value is not None})
    configure_logging(settings)
    run_server(settings)


@command.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False,
)  # fmt: skip
def peer(context: typer.Context) -> None:
    """Run a compute peer (all options: maquette peer --help)."""
    if not is_peer_installed():
        typer.echo("maquette peer needs the extra `compute`: pip install 'maquette[compute]'", err=True)
        raise typer.Exit(2)
    os.execv(sys.executable, [sys.executable, "-m", "compute", "peer", *context.args])


@command.command()
def bridge(
    here: Annotated[str, typer.Argument(help="Page of a project on one server: http://host/p/{id}")],
    there: Annotated[str, typer.Argument(help="Page of the project that it is kept in step with, on another server.")],
    here_token: Annotated[str | None, typer.Option(envvar="MAQUETTE_HERE_TOKEN", help="Key or token for HERE.")] = None,
    there_token: Annotated[str | None, typer.Option(envvar="MAQUETTE_THERE_TOKEN", help="The same for THERE.")] = None,
) -> None:
    """Keep a project's scene in step on two servers, whenever both are there; until it is stopped."""
    logs.configure("info")
    asyncio.run(keep_bridged(here, there, here_token, there_token))


for task in (maintenance.backup, maintenance.restore, maintenance.clean, rescue.people, rescue.reset_password):
    command.command()(task)


@command.command(name="version")
def show_version() -> None:
    """Print the version."""
    try:
        typer.echo(version("maquette"))
    except PackageNotFoundError:
        typer.echo("from source")


def read_settings(given: dict[str, Any]) -> Settings:
    """Settings from options and environment; a bad value is named and ends the program with status 2."""
    try:
        return Settings(**given)
    except ValidationError as error:
        for issue in error.errors():
            name = str(issue["loc"][0])
            typer.echo(
                f"{_variable(name)} (--{name.replace('_', '-')}): {issue['msg']}; found {issue['input']!r}", err=True
            )
    except SettingsError as error:
        typer.echo(str(error), err=True)
    raise typer.Exit(2)


def main() -> None:
    command()


if __name__ == "__main__":
    main()
