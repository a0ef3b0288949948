"""Members and share links of a project; what is not shared does not exist (REQUIREMENTS 18.2, 18.9)."""

from __future__ import annotations

import httpx
import pytest

from server.auth import COOKIE
from server.services import Services
from tests.server.accounts.test_sign_in import ADA, ask, cookie_of, refused
from tests.server.api.conftest import Clock
from tests.support.people import Cast, Part

PROJECTS = "/api/v1/projects"


async def may_edit(client: httpx.AsyncClient, project: str, headers: dict[str, str]) -> bool:
    edits = [{"edit": "node.add"}]
    return (await client.patch(f"{PROJECTS}/{project}/scene", json=edits, headers=headers)).is_success


async def make_link(client: httpx.AsyncClient, cast: Cast, project: str, **values: object) -> dict[str, str]:
    path = f"{PROJECTS}/{project}/links"
    answer = await client.post(path, json={"role": "viewer", **values}, headers=await cast.headers("owner"))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def join(client: httpx.AsyncClient, link: dict[str, str], cookie: str = "") -> httpx.Response:
    return await ask(client, "POST", "/api/v1/session", {"link": link["token"], "name": "Guest"}, cookie)


def with_cookie(answer: httpx.Response) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={cookie_of(answer)}"}


async def test_who_makes_a_project_owns_it_and_others_do_not_see_it(client: httpx.AsyncClient, cast: Cast) -> None:
    stranger, owner = await cast.headers("stranger"), await cast.headers("owner")
    made = (await client.post(PROJECTS, json={"name": "Mine"}, headers=owner)).json()
    assert made["role"] == "owner"
    seen = {}
    for part in ("stranger", "owner", "team", "admin"):
        items = (await client.get(PROJECTS, headers=await cast.headers(part))).json()["items"]  # type: ignore[arg-type]
        seen[part] = [(item["id"], item["role"]) for item in items]
    assert seen == {
        "stranger": [], "owner": [(made["id"], "owner")], "team": [(made["id"], "editor")],
        "admin": [(made["id"], "owner")],
    }  # fmt: skip
    missing = await client.get(f"{PROJECTS}/{'x' * 16}", headers=stranger)
    hidden = await client.get(f"{PROJECTS}/{made['id']}", headers=stranger)
    assert missing.status_code == hidden.status_code == 404
    assert missing.json()["error"]["message"].replace("x" * 16, made["id"]) == hidden.json()["error"]["message"]


async def test_a_blob_is_read_only_through_a_project_that_has_it(client: httpx.AsyncClient, cast: Cast) -> None:
    one, other = await cast.project(), await cast.project()
    sha = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    put = await client.put(f"{PROJECTS}/{one}/blobs/{sha}", content=b"hello", headers=await cast.headers("editor"))
    assert put.status_code == 201
    for project, part, status in ((one, "viewer", 200), (one, "stranger", 404), (other, "viewer", 404)):
        headers = await cast.headers(part)  # type: ignore[arg-type]
        assert (await client.get(f"{PROJECTS}/{project}/blobs/{sha}", headers=headers)).status_code == status


async def test_a_project_is_shared_by_address(client: httpx.AsyncClient, cast: Cast) -> None:
    project, owner = await cast.project(), await cast.headers("owner")
    path, stranger = f"{PROJECTS}/{project}/members", await cast.headers("stranger")
    body = {"email": cast.users["stranger"].email, "role": "editor"}
    assert not await may_edit(client, project, stranger)
    added = await client.post(path, json=body, headers=owner)
    assert (added.status_code, added.json()["role"], added.json()["link"]) == (201, "editor", None)
    assert await may_edit(client, project, stranger)
    lowered = await client.put(f"{path}/{cast.users['stranger'].id}", json={"role": "viewer"}, headers=owner)
    assert lowered.json()["role"] == "viewer"
    assert not await may_edit(client, project, stranger)
    listed = (await client.get(path, headers=stranger)).json()["items"]
    assert {item["user"]["id"]: item["role"] for item in listed}[cast.users["stranger"].id] == "viewer"
    unknown = await client.post(path, json={**body, "email": "no@body.test"}, headers=owner)
    assert refused(unknown) == (404, "no_such_account")
    assert (await client.delete(f"{path}/{cast.users['stranger'].id}", headers=stranger)).status_code == 204
    assert (await client.get(path, headers=stranger)).status_code == 404


async def test_a_project_keeps_an_owner(client: httpx.AsyncClient, cast: Cast) -> None:
    project, owner = await cast.project(), await cast.headers("owner")
    path = f"{PROJECTS}/{project}/members"
    mine, next_one = f"{path}/{cast.users['owner'].id}", f"{path}/{cast.users['editor'].id}"
    assert refused(await client.delete(mine, headers=owner)) == (409, "last_owner")
    assert refused(await client.put(mine, json={"role": "editor"}, headers=owner)) == (409, "last_owner")
    assert (await client.put(next_one, json={"role": "owner"}, headers=owner)).is_success
    assert (await client.delete(mine, headers=owner)).status_code == 204
    assert (await client.get(f"{PROJECTS}/{project}", headers=owner)).status_code == 404


async def test_a_guest_comes_by_a_link_and_stays_when_they_make_an_account(
    client: httpx.AsyncClient, cast: Cast
) -> None:
    project = await cast.project()
    link = await make_link(client, cast, project, role="editor")
    assert link["path"] == f"/join#{link['token']}"
    came = await join(client, link)
    assert (came.json()["standing"], came.json()["project"]) == ("guest", project)
    guest = with_cookie(came)
    assert await may_edit(client, project, guest)
    assert (await client.post(PROJECTS, json={"name": "x"}, headers=guest)).status_code == 403
    account = await ask(client, "POST", "/api/v1/accounts", ADA, cookie_of(came))
    assert account.json()["user"]["id"] == came.json()["user"]["id"]
    assert account.json()["standing"] == "member"
    assert await may_edit(client, project, with_cookie(account))


async def test_a_link_adds_to_the_role_that_somebody_has(client: httpx.AsyncClient, cast: Cast) -> None:
    project = await cast.project()
    viewer, owner = await cast.headers("viewer"), await cast.headers("owner")
    link = await make_link(client, cast, project, role="editor")
    for part in (viewer, owner):
        cookie = part["Cookie"].partition("=")[2]
        assert (await join(client, link, cookie)).json()["account"]
    assert await may_edit(client, project, viewer)
    assert (await client.get(f"{PROJECTS}/{project}", headers=owner)).json()["role"] == "owner"
    path = f"{PROJECTS}/{project}/links/{link['id']}"
    assert (await client.delete(path, headers=owner)).status_code == 204
    assert (await client.get(f"{PROJECTS}/{project}", headers=viewer)).json()["role"] == "viewer"


async def test_a_link_opens_for_so_many_and_for_so_long(
    client: httpx.AsyncClient, cast: Cast, clock: Clock, behind: Services
) -> None:
    project = await cast.project()
    link = await make_link(client, cast, project, uses=1, seconds=3600)
    first = await join(client, link)
    again = await join(client, link, cookie_of(first))
    assert again.json()["user"] == first.json()["user"], "opening it again is no second use"
    people = len(await behind.accounts.people.page("", None, 200))
    assert refused(await join(client, link)) == (401, "bad_link")
    assert len(await behind.accounts.people.page("", None, 200)) == people, "who is turned away leaves no guest"
    guest = with_cookie(first)
    assert (await client.get(f"{PROJECTS}/{project}", headers=guest)).json()["role"] == "viewer"
    clock.advance(3601)
    assert (await client.get(f"{PROJECTS}/{project}", headers=guest)).status_code == 404
    assert refused(await join(client, link)) == (401, "bad_link")


@pytest.mark.parametrize("part", ["owner", "admin"])
async def test_a_link_is_changed_and_revoked_with_all_who_came_by_it(
    client: httpx.AsyncClient, cast: Cast, part: Part
) -> None:
    project, headers = await cast.project(), await cast.headers(part)
    link = await make_link(client, cast, project)
    guest = with_cookie(await join(client, link))
    path = f"{PROJECTS}/{project}/links"
    assert not await may_edit(client, project, guest)
    changed = await client.patch(f"{path}/{link['id']}", json={"role": "editor"}, headers=headers)
    assert (changed.json()["role"], changed.json()["used"]) == ("editor", 1)
    assert await may_edit(client, project, guest)
    assert (await client.delete(f"{path}/{link['id']}", headers=headers)).status_code == 204
    assert (await client.get(f"{PROJECTS}/{project}", headers=guest)).status_code == 404
    assert (await client.get(path, headers=headers)).json()["items"] == []


async def test_a_link_of_another_project_is_not_found(client: httpx.AsyncClient, cast: Cast) -> None:
    one, other = await cast.project(), await cast.project()
    link = await make_link(client, cast, one)
    answer = await client.delete(f"{PROJECTS}/{other}/links/{link['id']}", headers=await cast.headers("owner"))
    assert refused(answer) == (404, "no_such_link")
    assert (await join(client, link)).is_success


async def test_a_shared_address_of_a_blob(client: httpx.AsyncClient, cast: Cast, clock: Clock) -> None:
    """REQUIREMENTS 18.8."""
    project, other = await cast.project(), await cast.project()
    sha = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    path, editor = f"{PROJECTS}/{project}/blobs/{sha}", await cast.headers("editor")
    for one in (project, other):
        await client.put(f"{PROJECTS}/{one}/blobs/{sha}", content=b"hello", headers=editor)
    made = await client.post(f"{path}/link", json={"seconds": 600, "name": "räd & co.glb"}, headers=editor)
    url = made.json()["url"]
    fetched = await client.get(url)
    assert (fetched.content, "co.glb" in fetched.headers["content-disposition"]) == (b"hello", True)
    assert (await client.get(url, headers={"Range": "bytes=1-2"})).content == b"el"
    assert (await client.head(url)).status_code == 200
    expires = str(made.json()["expires"])
    for altered in (
        url.replace(expires, str(int(expires) + 1)), url.replace("co.glb", "co.exe"), url.replace(project, other),
        url.replace(sha, "3" + sha[1:]), url + "0", url + "&plain=1", url.replace("signature=", "signature=ü"),
    ):  # fmt: skip
        assert refused(await client.get(altered)) == (403, "bad_signature"), altered
    clock.advance(601)
    assert refused(await client.get(url)) == (403, "link_expired")
    assert (await client.get(path)).status_code == 401
    assert (await client.post(f"{path}/link", json={"seconds": 8 * 86400}, headers=editor)).status_code == 422
