"""Tokens of programs: access and refresh, API keys, peers' own (REQUIREMENTS 18.1, 18.3)."""

from __future__ import annotations

import base64
import json

import httpx
import jwt
import pytest

from server.accounts.access_tokens import ACCESS_SECONDS
from tests.server.accounts.test_sign_in import ADA, LOGIN, refused
from tests.server.api.conftest import Clock
from tests.support.people import Cast

ME = "/api/v1/session"


@pytest.fixture
async def pair(client: httpx.AsyncClient, key: str) -> dict[str, str]:
    await client.post("/api/v1/accounts", json={**ADA, "key": key})
    client.cookies.clear()
    return (await client.post("/api/v1/auth/token", json=LOGIN)).json()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/api/v1/auth/refresh", json={"refresh": token})


async def test_an_access_token_lasts_a_quarter_of_an_hour(
    client: httpx.AsyncClient, pair: dict[str, str], clock: Clock
) -> None:
    assert (await client.get(ME, headers=bearer(pair["access"]))).json()["email"] == LOGIN["email"]
    clock.advance(ACCESS_SECONDS + 1)
    assert refused(await client.get(ME, headers=bearer(pair["access"]))) == (401, "token_expired")
    new = (await refresh(client, pair["refresh"])).json()
    assert (await client.get(ME, headers=bearer(new["access"]))).status_code == 200


async def test_a_refresh_token_that_is_used_twice_ends_its_family(
    client: httpx.AsyncClient, pair: dict[str, str]
) -> None:
    second = (await refresh(client, pair["refresh"])).json()
    assert refused(await refresh(client, pair["refresh"])) == (401, "token_reused")
    assert (await refresh(client, second["refresh"])).status_code == 401
    assert (await client.get(ME, headers=bearer(second["access"]))).status_code == 401, "access tokens end too"


async def test_a_refresh_token_that_is_not_ours_ends_nothing(client: httpx.AsyncClient, pair: dict[str, str]) -> None:
    head, signature = pair["refresh"].rsplit("_", 1)
    family = head.rsplit("_", 1)[0]
    for forged in (f"{head}_{'0' * 64}", f"{family}_1_{signature}", "mqr_x", ""):
        assert refused(await refresh(client, forged)) == (401, "bad_token")
    assert (await refresh(client, pair["refresh"])).status_code == 200


async def test_signing_out_a_program_is_at_once(client: httpx.AsyncClient, pair: dict[str, str]) -> None:
    assert (await client.post("/api/v1/auth/revoke", json={"refresh": pair["refresh"]})).status_code == 204
    assert (await client.get(ME, headers=bearer(pair["access"]))).status_code == 401
    assert (await refresh(client, pair["refresh"])).status_code == 401


async def test_a_tampered_access_token_is_refused(client: httpx.AsyncClient, pair: dict[str, str], cast: Cast) -> None:
    head, body, signature = pair["access"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["sub"] = cast.users["admin"].id
    other = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    none = jwt.encode(claims, None, algorithm="none")
    own = jwt.encode(claims, "another key of thirty-two bytes..", algorithm="HS256")
    for forged in (f"{head}.{other}.{signature}", f"{head}.{body}.", none, own, "a.b.c", "x"):
        assert refused(await client.get(ME, headers=bearer(forged)))[0] == 401, forged


async def make_key(client: httpx.AsyncClient, cast: Cast, **values: object) -> dict[str, str]:
    answer = await client.post(
        "/api/v1/accounts/me/keys", json={"name": "ci", **values}, headers=await cast.headers("owner")
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_key_may_what_its_scope_lets_through(client: httpx.AsyncClient, cast: Cast) -> None:
    """18.3: and never more than its owner."""
    path = f"/api/v1/projects/{await cast.project()}"
    allowed = {}
    for scope in ("read", "edit", "admin"):
        headers = bearer((await make_key(client, cast, scope=scope))["key"])
        answers = [
            await client.get(f"{path}/scene", headers=headers),
            await client.patch(f"{path}/scene", json=[{"edit": "node.add"}], headers=headers),
            await client.get(f"{path}/links", headers=headers),
            await client.get("/api/v1/accounts/me/keys", headers=headers),
            await client.post("/api/v1/accounts/me/keys", json={"name": "more"}, headers=headers),
            await client.get("/api/v1/people", headers=headers),
        ]
        allowed[scope] = [answer.is_success for answer in answers]
    assert allowed == {
        "read": [True, False, False, True, False, False],
        "edit": [True, True, False, True, False, False],
        "admin": [True, True, True, True, True, False],
    }


async def test_a_revoked_key_fails_at_once(client: httpx.AsyncClient, cast: Cast, clock: Clock) -> None:
    key, late = await make_key(client, cast), await make_key(client, cast, seconds=60)
    for one in (key, late):
        assert (await client.get(ME, headers=bearer(one["key"]))).json()["user"]["name"] == "Owner (ci)"
    owner = await cast.headers("owner")
    assert (await client.delete(f"/api/v1/accounts/me/keys/{key['id']}", headers=owner)).status_code == 204
    assert (await client.get(ME, headers=bearer(key["key"]))).status_code == 401
    clock.advance(61)
    assert (await client.get(ME, headers=bearer(late["key"]))).status_code == 401


async def test_nobody_ends_the_key_of_another(client: httpx.AsyncClient, cast: Cast) -> None:
    key = await make_key(client, cast)
    stranger = await cast.headers("stranger")
    assert (await client.delete(f"/api/v1/accounts/me/keys/{key['id']}", headers=stranger)).status_code == 404
    assert (await client.get(ME, headers=bearer(key["key"]))).status_code == 200


async def test_a_key_is_found_by_its_id_and_compared_by_its_hash(client: httpx.AsyncClient, cast: Cast) -> None:
    one, other = (await make_key(client, cast))["key"], (await make_key(client, cast))["key"]
    for forged in (
        one[:21] + other[21:],
        one[:-1] + ("A" if one[-1] != "A" else "B"),
        one.replace("mqk", "mqs"),
        one[:-1],
    ):
        assert (await client.get(ME, headers=bearer(forged))).status_code == 401


async def test_a_peer_works_on_what_its_token_allows(client: httpx.AsyncClient, cast: Cast) -> None:
    body = {"name": "slicer", "operations": ["export"]}
    made = await client.post("/api/v1/peers/tokens", json=body, headers=await cast.headers("admin"))
    peer = bearer(made.json()["token"])
    project = await cast.project()
    for op, target, params in (
        ("simplify", {"mesh": "m" * 16}, {"ratio": 0.5}), ("export", {}, {"format": "glb"}),
    ):  # fmt: skip
        job = {"op": op, "target": target, "params": params}
        asked = await client.post(f"/api/v1/projects/{project}/jobs", json=job, headers=await cast.headers("owner"))
        assert asked.status_code == 202, asked.text
    lease = {"peer": "slicer", "ops": ["simplify", "export"]}
    taken = (await client.post("/api/v1/peers/lease", json=lease, headers=peer)).json()
    assert taken["job"]["op"] == "export", "the older job is of an operation that the token does not name"
    only = await client.post("/api/v1/peers/lease", json={**lease, "ops": ["simplify"]}, headers=peer)
    assert refused(only) == (403, "operation_not_allowed")
    other = await client.post(
        "/api/v1/peers/lease", json={**lease, "ops": ["simplify"]}, headers=await cast.headers("peer")
    )
    report = {"lease": other.json()["lease"], "result": {}}
    stolen = await client.post(f"/api/v1/peers/jobs/{other.json()['job']['id']}/result", json=report, headers=peer)
    assert refused(stolen) == (403, "operation_not_allowed"), "not even with the lease of another"
    ended = f"/api/v1/peers/tokens/{made.json()['id']}"
    assert (await client.delete(ended, headers=await cast.headers("admin"))).status_code == 204
    assert (await client.post("/api/v1/peers/lease", json=lease, headers=peer)).status_code == 401
