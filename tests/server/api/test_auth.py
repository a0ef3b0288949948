"""Who gets in: local visitors, foreign hosts and origins, keys, cookies, tokens (DESIGN 8)."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import get_args

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from server.auth import COOKIE
from server.permissions import Action, Role, Standing, may, may_here, may_request
from tests.server.api.conftest import Clock
from tests.server.api.test_client import make_project
from tests.support.server import api, serving

ME = "/api/v1/session"
KEYED = {"host": "0.0.0.0"}


def key_of(data: Path) -> str:
    return (data / "access.key").read_text().strip()


async def test_a_local_visitor_keeps_an_id_and_chooses_a_name(client: httpx.AsyncClient) -> None:
    first = await client.get(ME, params={"name": "Ada"})
    user = first.json()["user"]
    assert (user["name"], user["kind"], first.json()["mode"]) == ("Ada", "person", "local")
    again = (await client.get(ME, params={"name": "Ada L."})).json()["user"]
    assert (again["id"], again["name"]) == (user["id"], "Ada L.")
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_a_name_is_cut_and_cleaned(client: httpx.AsyncClient) -> None:
    user = (await client.get(ME, params={"name": "a\x00b" + "x" * 100, "kind": "peer"})).json()["user"]
    assert user["name"] == "ab" + "x" * 62
    assert user["kind"] == "person", "a peer is who has the token"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8000"},
        {"Host": "192.168.1.2:8000"},
        {"Host": "a b"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
    ],
)
async def test_a_foreign_host_or_origin_is_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get("/api/v1/projects", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] in ("foreign_host", "foreign_origin")


@pytest.mark.parametrize(
    "headers",
    [{"Host": "localhost:8000"}, {"Host": "[::1]:8000"}, {"Host": "127.0.0.1"},
     {"Host": "localhost:5173", "Origin": "http://localhost:5173"}],
)  # fmt: skip
async def test_the_own_host_and_origin_are_welcome(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.get("/api/v1/projects", headers=headers)).status_code == 200


async def test_an_allowed_host_is_welcome(tmp_path: Path) -> None:
    async with api(tmp_path, allowed_hosts=["studio.local"]) as client:
        assert (await client.get("/healthz", headers={"Host": "studio.local:80"})).status_code == 200


async def test_sockets_are_guarded_too(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        project = (await make_project(server.url)).rsplit("/", 1)[1]
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{server.sync_url}/{project}/scene", origin=Origin("http://evil.example")):
                pass
        assert refused.value.response.status_code == 403


async def test_with_a_key_nobody_gets_in_without_it(tmp_path: Path) -> None:
    """REQUIREMENTS 23.2."""
    async with api(tmp_path, **KEYED) as client:
        for method, path in (("GET", ME), ("GET", "/api/v1/projects"), ("POST", "/api/v1/projects")):
            answer = await client.request(method, path, json={"name": "x"} if method == "POST" else None)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_authorised")
            assert answer.headers["www-authenticate"] == "Bearer"
        wrong = await client.post(ME, json={"key": "wrong"})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "bad_key")
        assert (await client.get("/healthz")).status_code == 200


async def test_an_invitation_is_exchanged_for_a_cookie_that_expires(tmp_path: Path, clock: Clock) -> None:
    async with api(tmp_path, clock=clock, session_days=1, **KEYED) as client:
        answer = await client.post(ME, json={"key": key_of(tmp_path)}, params={"name": "Ada"})
        assert answer.json()["user"]["name"] == "Ada"
        assert "secure" not in answer.headers["set-cookie"].lower(), "plain http"
        assert (await client.get(ME)).json()["user"]["id"] == answer.json()["user"]["id"]
        assert (await client.get(ME, params={"user": "m" * 16})).json()["user"]["id"] == answer.json()["user"]["id"]
        clock.advance(24 * 3600 + 1)
        assert (await client.get(ME)).status_code == 401


async def test_a_forged_cookie_is_none(tmp_path: Path) -> None:
    async with api(tmp_path, **KEYED) as client:
        good = (await client.post(ME, json={"key": key_of(tmp_path)})).cookies[COOKIE]
        prefix, id, secret = good[:4], good[4:20], good[20:]
        for forged in (
            f"{prefix}{'m' * 16}{secret}", f"mqk_{id}{secret}", f"{prefix}{id}_{'s' * 43}", "", "....", good[:-1],
            f"{prefix}{id}_", "v1.mmmmmmmmmmmmmmmm.9999999999.",
        ):  # fmt: skip
            client.cookies.clear()
            answer = await client.get(ME, headers={"Cookie": f"{COOKIE}={forged}"})
            assert answer.status_code == 401, forged


async def test_leaving_forgets_the_cookie(tmp_path: Path) -> None:
    async with api(tmp_path, **KEYED) as client:
        await client.post(ME, json={"key": key_of(tmp_path)})
        assert (await client.delete(ME)).status_code == 204
        assert (await client.get(ME)).status_code == 401


async def test_a_script_sends_the_key_as_bearer_and_cannot_be_somebody_else(tmp_path: Path) -> None:
    async with api(tmp_path, **KEYED) as client:
        person = (await client.post(ME, json={"key": key_of(tmp_path)})).json()["user"]["id"]
        client.cookies.clear()
        headers = {"Authorization": f"Bearer {key_of(tmp_path)}"}
        script = (await client.get(ME, headers=headers, params={"user": person, "name": "script"})).json()["user"]
        assert script["name"] == "script"
        assert script["id"] != person
        same = (await client.get(ME, headers=headers, params={"user": person})).json()["user"]
        assert same["id"] == script["id"]


async def test_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    (tmp_path / "peer.token").write_text("kept over restarts")
    (tmp_path / "peer.token").chmod(0o644)
    async with api(tmp_path, **KEYED) as client:
        for name in ("peer.token", "access.key", "cookie.key"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        peer = await client.get(ME, headers={"Authorization": "Bearer kept over restarts"})
        assert peer.json()["user"]["kind"] == "peer"


async def test_local_mode_has_no_access_key(client: httpx.AsyncClient, tmp_path: Path) -> None:
    assert (await client.get(ME)).status_code == 200
    assert not (tmp_path / "access.key").exists()


def test_roles_are_nested_and_peers_work_for_others() -> None:
    allowed = {role: {action for action in get_args(Action) if may(role, action)} for role in get_args(Role)}
    assert allowed["viewer"] < allowed["commenter"] < allowed["editor"] < allowed["owner"]
    assert "session.write" in allowed["commenter"]
    assert "scene.edit" not in allowed["commenter"]
    assert not allowed["peer"] & {"job.request", "job.export", "session.write", "member.read"}
    assert may_here("peer", "admin", "peer.work")
    assert not any(may_here(standing, "admin", "peer.work") for standing in get_args(Standing) if standing != "peer")
    assert may_request("viewer", "export")
    assert not may_request("viewer", "import")
    assert not may_request("peer", "export")
