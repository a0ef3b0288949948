"""Whoever runs the server gets back in from its command line: while it runs, and when it is stopped (row 18.1)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from server.storage.account_tables import users
from server.storage.sql import open_engine
from tests.server.history.test_backup import maquette
from tests.support.server import ServerProcess, running_server

ACCOUNTS = {"MAQUETTE_ACCOUNTS": "true"}
OLD, NEW = "a quiet long sentence", "another quiet long sentence"
ADA = "ada@example.org"


def sign_up(server: ServerProcess) -> str:
    """Ada becomes the admin; her user id."""
    key = (server.data / "access.key").read_text().strip()
    body = {"email": ADA, "password": OLD, "name": "Ada", "key": key}
    answer = httpx.post(f"{server.url}/api/v1/accounts", json=body)
    return str(answer.raise_for_status().json()["user"]["id"])


def sign_in(server: ServerProcess, password: str) -> httpx.Cookies | None:
    """The cookie of a new session; None when the password is wrong."""
    answer = httpx.post(f"{server.url}/api/v1/session", json={"email": ADA, "password": password})
    assert answer.status_code in (200, 401), answer.text
    return answer.cookies if answer.is_success else None


def asked(server: ServerProcess, path: str, cookies: httpx.Cookies | None) -> httpx.Response:
    return httpx.get(f"{server.url}/api/v1/{path}", cookies=cookies)


def use(server: ServerProcess, link: str) -> int:
    body = {"token": link.strip().partition("#")[2], "password": NEW}
    return httpx.post(f"{server.url}/api/v1/accounts/reset", json=body).status_code


@pytest.mark.parametrize("runs", [True, False], ids=["running", "stopped"])
def test_the_last_admin_gets_in_again(tmp_path: Path, runs: bool) -> None:
    with running_server(tmp_path, environment=ACCOUNTS) as server:
        sign_up(server)
        before = sign_in(server, OLD)
        if not runs:
            server.terminate()
        earlier, made = [maquette("reset-password", "Ada@Example.org", "--data", tmp_path) for _ in range(2)]
        assert made.returncode == 0, made.stderr
        assert made.stdout.startswith("http://127.0.0.1:8000/reset#mqx_")
        if not runs:
            server.start()
        assert sign_in(server, OLD), "nothing has changed until the link is used"
        assert use(server, earlier.stdout) == 401, "the later link made it void"
        assert use(server, made.stdout) == 204
        assert use(server, made.stdout) == 401, "once"
        assert asked(server, "session", before).status_code == 401, "whoever was signed in is out"
        assert sign_in(server, OLD) is None
        assert asked(server, "people", sign_in(server, NEW)).status_code == 200


def test_where_no_admin_is_left_an_account_becomes_one(tmp_path: Path) -> None:
    with running_server(tmp_path, environment=ACCOUNTS) as server:
        user = sign_up(server)
        asyncio.run(take_away(tmp_path, user))
        listed = maquette("people", "--data", tmp_path)
        assert listed.stdout == f"{ADA}\tmember, disabled\tAda\t{user}\n"
        warned = maquette("reset-password", ADA, "--data", tmp_path)
        assert "--admin" in warned.stderr
        made = maquette("reset-password", ADA, "--admin", "--data", tmp_path)
        assert use(server, made.stdout) == 204
        assert asked(server, "people", sign_in(server, NEW)).json()["items"][0]["standing"] == "admin"


async def take_away(data: Path, user: str) -> None:
    """As a mistake in the database: the server itself refuses to lose its last admin."""
    engine = open_engine(f"sqlite+aiosqlite:///{data / 'maquette.db'}")
    async with engine.begin() as connection:
        await connection.execute(update(users).where(users.c.id == user).values(standing="member", disabled=True))
    await engine.dispose()


def test_mistakes_are_told_and_make_nothing(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    absent = maquette("reset-password", ADA, "--data", nowhere)
    assert (absent.returncode, "no server keeps anything" in absent.stderr) == (1, True)
    assert not nowhere.exists()
    with running_server(tmp_path, environment=ACCOUNTS):
        unknown = maquette("reset-password", "bob@example.org", "--data", tmp_path)
        assert (unknown.returncode, "bob@example.org" in unknown.stderr, unknown.stdout) == (1, True, "")
