"""Accounts: made, entered, left, recovered (REQUIREMENTS 18.1)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from server.accounts.passwords import WAITING, Passwords
from server.accounts.throttle import LIMITS, WINDOW
from server.auth import COOKIE
from server.errors import Unavailable
from server.services import Services
from tests.server.api.conftest import Clock
from tests.support.people import Cast
from tests.support.server import api

SESSION, ACCOUNTS = "/api/v1/session", "/api/v1/accounts"
ADA = {"email": "Ada@Example.org ", "password": "analytical engine", "name": "Ada"}
LOGIN = {"email": "ada@example.org", "password": "analytical engine"}


async def ask(client: httpx.AsyncClient, verb: str, path: str, body: object = None, cookie: str = "") -> httpx.Response:
    """A request of a browser that has this cookie, and no other."""
    client.cookies.clear()
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    answer = await client.request(verb, path, json=body, headers=headers)
    client.cookies.clear()
    return answer


def cookie_of(answer: httpx.Response) -> str:
    assert answer.is_success, answer.text
    return answer.cookies[COOKIE]


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_the_first_account_with_the_key_is_the_admin(client: httpx.AsyncClient, key: str) -> None:
    assert (await ask(client, "GET", f"{SESSION}/options")).json() == {
        "mode": "accounts", "signUp": "invited", "first": True,
    }  # fmt: skip
    first = await ask(client, "POST", ACCOUNTS, {**ADA, "key": key})
    assert (first.status_code, first.json()["standing"]) == (201, "admin")
    assert first.json()["email"] == "ada@example.org"
    second = await ask(client, "POST", ACCOUNTS, {**ADA, "email": "grace@example.org", "key": key})
    assert second.json()["standing"] == "team"
    assert not (await ask(client, "GET", f"{SESSION}/options")).json()["first"]
    again = await ask(client, "POST", ACCOUNTS, {**ADA, "key": key})
    assert refused(again) == (409, "email_taken")


async def test_who_holds_the_key_may_make_an_account_later_and_stays_who_they_are(
    client: httpx.AsyncClient, key: str
) -> None:
    guest = await ask(client, "POST", SESSION, {"key": key, "name": "Ada"})
    assert (guest.json()["standing"], guest.json()["account"]) == ("team", False)
    account = await ask(client, "POST", ACCOUNTS, ADA, cookie_of(guest))
    assert account.json()["user"]["id"] == guest.json()["user"]["id"]
    assert (account.json()["standing"], account.json()["account"]) == ("team", True)


async def test_without_an_invitation_nobody_signs_up(client: httpx.AsyncClient) -> None:
    assert refused(await ask(client, "POST", ACCOUNTS, ADA)) == (403, "invitation_needed")
    assert refused(await ask(client, "POST", ACCOUNTS, {**ADA, "key": "wrong"})) == (401, "bad_key")
    assert refused(await ask(client, "POST", ACCOUNTS, {**ADA, "link": "wrong"})) == (401, "bad_link")


@pytest.mark.parametrize(("policy", "status"), [("open", 201), ("closed", 403)])
async def test_sign_up_is_a_setting(tmp_path: Path, policy: str, status: int) -> None:
    async with api(tmp_path, accounts=True, sign_up=policy) as client:
        answer = await ask(client, "POST", ACCOUNTS, ADA)
        assert answer.status_code == status
        if status == 201:
            assert answer.json()["standing"] == "member"
        else:
            key = (tmp_path / "access.key").read_text().strip()
            assert (await ask(client, "POST", ACCOUNTS, {**ADA, "key": key})).json()["standing"] == "admin"
            another = {**ADA, "email": "g@example.org", "key": key}
            assert refused(await ask(client, "POST", ACCOUNTS, another)) == (403, "sign_up_closed")


@pytest.mark.parametrize(
    ("change", "code"),
    [({"password": "short"}, "weak_password"), ({"password": "x" * 257}, "weak_password"),
     ({"email": "ada"}, "bad_email"), ({"email": "a b@c"}, "bad_email")],
)  # fmt: skip
async def test_what_is_no_account(client: httpx.AsyncClient, key: str, change: dict[str, str], code: str) -> None:
    assert refused(await ask(client, "POST", ACCOUNTS, {**ADA, "key": key, **change})) == (422, code)


async def test_a_password_opens_a_session_that_ends(client: httpx.AsyncClient, key: str, clock: Clock) -> None:
    await ask(client, "POST", ACCOUNTS, {**ADA, "key": key})
    entered = await ask(client, "POST", SESSION, LOGIN)
    set_cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in set_cookie
    assert "samesite=lax" in set_cookie
    cookie = cookie_of(entered)
    for _ in range(3):  # it lasts from its last use
        clock.advance(20 * 86400)
        assert (await ask(client, "GET", SESSION, cookie=cookie)).status_code == 200
    clock.advance(31 * 86400)
    assert refused(await ask(client, "GET", SESSION, cookie=cookie)) == (401, "not_authorised")


async def test_signing_out_ends_the_session_itself(client: httpx.AsyncClient, key: str) -> None:
    cookie = cookie_of(await ask(client, "POST", ACCOUNTS, {**ADA, "key": key}))
    assert (await ask(client, "DELETE", SESSION, cookie=cookie)).status_code == 204
    assert (await ask(client, "GET", SESSION, cookie=cookie)).status_code == 401, "a kept cookie opens nothing"


async def test_an_unknown_address_is_answered_as_a_wrong_password(client: httpx.AsyncClient, key: str) -> None:
    await ask(client, "POST", ACCOUNTS, {**ADA, "key": key})
    wrong = await ask(client, "POST", SESSION, {**LOGIN, "password": "difference engine"})
    unknown = await ask(client, "POST", SESSION, {**LOGIN, "email": "nobody@example.org"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


async def test_an_unknown_address_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []
    passwords = Passwords(PasswordHasher(1, 8, 1))
    verify = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda *given: counted.append(1) or verify(*given))
    kept = await passwords.hash("a good password")
    assert await passwords.verify(kept, "a good password")
    assert not await passwords.verify(kept, "a bad password")
    assert not await passwords.verify(None, "nobody's password"), "not even the one that nobody has"
    assert len(counted) == 3
    passwords.close()


async def test_a_flood_of_logins_waits_outside() -> None:
    passwords = Passwords(PasswordHasher(1, 8, 1))
    results = await asyncio.gather(*(passwords.verify(None, "x") for _ in range(WAITING + 5)), return_exceptions=True)
    turned_away = [result for result in results if isinstance(result, Unavailable)]
    assert len(turned_away) == 5
    assert turned_away[0].headers["Retry-After"]
    assert not await passwords.verify(None, "x"), "those who come later are let in again"
    passwords.close()


async def test_passwords_are_guessed_slowly(client: httpx.AsyncClient, key: str, clock: Clock) -> None:
    await ask(client, "POST", ACCOUNTS, {**ADA, "key": key})
    wrong = {**LOGIN, "password": "difference engine"}
    codes = [refused(await ask(client, "POST", SESSION, wrong)) for _ in range(LIMITS["both"])]
    assert set(codes) == {(401, "wrong_login")}
    stopped = await ask(client, "POST", SESSION, LOGIN)
    assert refused(stopped) == (429, "too_many_attempts")
    assert stopped.headers["retry-after"] == str(int(WINDOW))
    assert refused(await ask(client, "POST", SESSION, {**wrong, "email": "b@example.org"})) == (401, "wrong_login")
    clock.advance(WINDOW + 1)
    assert (await ask(client, "POST", SESSION, LOGIN)).status_code == 200


async def test_a_hash_of_other_parameters_is_renewed_at_the_next_login(
    client: httpx.AsyncClient, key: str, behind: Services
) -> None:
    await ask(client, "POST", ACCOUNTS, {**ADA, "key": key})
    people = behind.accounts.people
    ada = await people.by_email("ada@example.org")
    assert ada is not None
    old = PasswordHasher(1, 8, 1).hash(ADA["password"])
    await people.change(ada.id, password=old)
    assert (await ask(client, "POST", SESSION, LOGIN)).status_code == 200
    renewed = (await people.read(ada.id)).password
    assert renewed is not None
    assert renewed.startswith("$argon2id$v=19$m=32768,t=3,p=1$")


async def test_a_new_password_ends_all_other_sign_ins(client: httpx.AsyncClient, key: str) -> None:
    here = cookie_of(await ask(client, "POST", ACCOUNTS, {**ADA, "key": key}))
    there = cookie_of(await ask(client, "POST", SESSION, LOGIN))
    program = (await ask(client, "POST", "/api/v1/auth/token", LOGIN)).json()
    path, new = f"{ACCOUNTS}/me/password", "difference engine"
    assert refused(await ask(client, "POST", path, {"current": "wrong", "new": new}, here)) == (401, "wrong_login")
    assert (await ask(client, "POST", path, {"current": ADA["password"], "new": new}, here)).status_code == 204
    assert (await ask(client, "GET", SESSION, cookie=here)).status_code == 200
    assert (await ask(client, "GET", SESSION, cookie=there)).status_code == 401
    assert (await ask(client, "POST", "/api/v1/auth/refresh", {"refresh": program["refresh"]})).status_code == 401
    assert refused(await ask(client, "POST", SESSION, LOGIN)) == (401, "wrong_login")


async def test_sessions_are_listed_and_ended(client: httpx.AsyncClient, key: str) -> None:
    here = cookie_of(await ask(client, "POST", ACCOUNTS, {**ADA, "key": key}))
    there = cookie_of(await ask(client, "POST", SESSION, LOGIN))
    listed = (await ask(client, "GET", f"{ACCOUNTS}/me/sessions", cookie=here)).json()["items"]
    assert [one["kind"] for one in listed] == ["session", "session"]
    other = next(one["id"] for one in listed if not one["current"])
    assert (await ask(client, "DELETE", f"{ACCOUNTS}/me/sessions/{other}", cookie=here)).status_code == 204
    assert (await ask(client, "GET", SESSION, cookie=there)).status_code == 401
    assert (await ask(client, "DELETE", f"{ACCOUNTS}/me/sessions", cookie=here)).status_code == 204
    assert (await ask(client, "GET", SESSION, cookie=here)).status_code == 401


async def test_an_admin_hands_out_a_link_that_sets_a_password_once(
    client: httpx.AsyncClient, key: str, cast: Cast, clock: Clock
) -> None:
    ada = await ask(client, "POST", ACCOUNTS, {**ADA, "key": key})
    cookie, id = cookie_of(ada), ada.json()["user"]["id"]
    admin = await cast.headers("admin")
    made = [(await client.post(f"/api/v1/people/{id}/reset", headers=admin)).json() for _ in range(2)]
    body = {"token": made[1]["token"], "password": "difference engine"}
    assert refused(await ask(client, "POST", f"{ACCOUNTS}/reset", {**body, "token": made[0]["token"]})) == (
        401, "bad_reset",
    )  # fmt: skip
    assert (await ask(client, "POST", f"{ACCOUNTS}/reset", body)).status_code == 204
    assert refused(await ask(client, "POST", f"{ACCOUNTS}/reset", body)) == (401, "bad_reset")
    assert (await ask(client, "GET", SESSION, cookie=cookie)).status_code == 401
    assert (await ask(client, "POST", SESSION, {**LOGIN, "password": body["password"]})).status_code == 200
    late = (await client.post(f"/api/v1/people/{id}/reset", headers=await cast.headers("admin"))).json()
    clock.advance(24 * 3600 + 1)
    assert refused(await ask(client, "POST", f"{ACCOUNTS}/reset", {**body, "token": late["token"]})) == (
        401, "bad_reset",
    )  # fmt: skip


async def test_a_disabled_account_is_out_everywhere(client: httpx.AsyncClient, key: str, cast: Cast) -> None:
    ada = await ask(client, "POST", ACCOUNTS, {**ADA, "key": key})
    path, admin = f"/api/v1/people/{ada.json()['user']['id']}", await cast.headers("admin")
    assert (await client.patch(path, json={"disabled": True}, headers=admin)).json()["disabled"]
    assert refused(await ask(client, "GET", SESSION, cookie=cookie_of(ada))) == (401, "account_disabled")
    assert refused(await ask(client, "POST", SESSION, LOGIN)) == (401, "account_disabled")
    await client.patch(path, json={"disabled": False}, headers=admin)
    assert (await ask(client, "GET", SESSION, cookie=cookie_of(ada))).status_code == 200


async def test_somebody_stays_an_admin(client: httpx.AsyncClient, cast: Cast) -> None:
    path, admin = f"/api/v1/people/{cast.users['admin'].id}", await cast.headers("admin")
    for change in ({"standing": "member"}, {"disabled": True}):
        assert refused(await client.patch(path, json=change, headers=admin)) == (409, "last_admin")


async def test_no_answer_and_no_row_has_a_secret(client: httpx.AsyncClient, key: str, behind: Services) -> None:
    cookie = cookie_of(await ask(client, "POST", ACCOUNTS, {**ADA, "key": key}))
    made = (await ask(client, "POST", f"{ACCOUNTS}/me/keys", {"name": "ci"}, cookie)).json()
    async with behind.engine.connect() as connection:
        tables = [await connection.exec_driver_sql(f"SELECT * FROM {table}") for table in ("users", "credentials")]
        dumped = "".join(str(table.all()) for table in tables)
    for secret in (cookie[21:], made["key"][21:], ADA["password"], key):
        assert secret not in dumped
    listed = await ask(client, "GET", f"{ACCOUNTS}/me/keys", cookie=cookie)
    assert made["key"][21:] not in listed.text


async def test_local_mode_has_no_accounts(tmp_path: Path) -> None:
    async with api(tmp_path) as client:
        assert refused(await client.post(ACCOUNTS, json=ADA)) == (403, "no_accounts")
        assert (await client.get(f"{SESSION}/options")).json()["mode"] == "local"
        assert (await client.get(SESSION)).json()["standing"] == "visitor"
