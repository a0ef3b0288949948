"""Projects over HTTP (docs/api.md)."""

from __future__ import annotations

import httpx
import pytest

from server.services import Services
from tests.server.api.conftest import Clock


async def add_node(client: httpx.AsyncClient, project: str, name: str) -> str:
    answer = await client.patch(f"{project}/scene", json=[{"edit": "node.add", "name": name}])
    assert answer.status_code == 200, answer.text
    return str(answer.json()["ids"][0])


async def test_a_project_is_made_read_and_renamed(client: httpx.AsyncClient, clock: Clock) -> None:
    made = await client.post("/api/v1/projects", json={"name": "  Workshop "})
    assert made.status_code == 201
    project = made.json()
    now = int(clock() * 1000)
    assert project == {
        "id": project["id"], "name": "Workshop", "created": now, "changed": now, "generation": 0, "trashed": False,
        "role": "owner",
    }  # fmt: skip
    clock.advance(5)
    renamed = await client.patch(f"/api/v1/projects/{project['id']}", json={"name": "Studio"})
    assert renamed.json() == {**project, "name": "Studio", "changed": now + 5000}
    assert (await client.get(f"/api/v1/projects/{project['id']}")).json() == renamed.json()


async def test_the_list_is_paged_newest_change_first(client: httpx.AsyncClient, clock: Clock) -> None:
    made = []
    for number in range(5):
        clock.advance(1)
        made.append((await client.post("/api/v1/projects", json={"name": str(number)})).json()["id"])
    seen, cursor = [], ""
    while True:
        page = (await client.get("/api/v1/projects", params={"limit": 2, "cursor": cursor})).json()
        seen += [project["id"] for project in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]


async def test_an_edit_moves_a_project_to_the_front(client: httpx.AsyncClient, behind: Services, project: str) -> None:
    await client.post("/api/v1/projects", json={"name": "later"})
    await behind.projects.touch({project.rsplit("/", 1)[1]: int(2e12)})
    first = (await client.get("/api/v1/projects")).json()["items"][0]
    assert first["name"] == "Workshop"


async def test_a_deleted_project_is_in_the_trash_and_comes_back(client: httpx.AsyncClient, project: str) -> None:
    node = await add_node(client, project, "Chair")
    assert (await client.delete(project)).status_code == 204
    assert (await client.get("/api/v1/projects")).json()["items"] == []
    trash = (await client.get("/api/v1/projects", params={"trashed": 1})).json()["items"]
    assert [entry["trashed"] for entry in trash] == [True]
    refused = await client.patch(f"{project}/scene", json=[{"edit": "node.add"}])
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "project_trashed")
    await client.patch(project, json={"trashed": False})
    assert node in (await client.get(f"{project}/scene")).json()["nodes"]


async def test_a_copy_holds_what_lives_and_nothing_of_the_history(client: httpx.AsyncClient, project: str) -> None:
    kept, gone = await add_node(client, project, "kept"), await add_node(client, project, "gone")
    await client.patch(f"{project}/scene", json=[{"edit": "node.trash", "nodes": [gone]}])
    blob = (await client.put(f"{project}/blobs/{SHA_OF_X}", content=b"x")).json()["blob"]
    copy = await client.post(f"{project}/duplicate", json={})
    assert copy.status_code == 201
    assert (copy.json()["name"], copy.json()["generation"]) == ("Workshop copy", 1)
    path = f"/api/v1/projects/{copy.json()['id']}"
    scene, original = (await client.get(f"{path}/scene")).json(), (await client.get(f"{project}/scene")).json()
    assert scene["nodes"] == original["nodes"]
    assert list(scene["nodes"]) == [kept]
    assert scene["trash"] == []
    assert (await client.get(f"{path}/blobs/{blob}")).content == b"x"
    await add_node(client, path, "only in the copy")
    assert len((await client.get(f"{project}/scene")).json()["nodes"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/api/v1/projects", {"name": ""}, 422, "invalid_request"),
        ("POST", "/api/v1/projects", {"name": "a", "colour": "red"}, 422, "invalid_request"),
        ("POST", "/api/v1/projects", {"name": "a\x00b"}, 422, "invalid_request"),
        ("GET", "/api/v1/projects?cursor=nonsense", None, 400, "bad_cursor"),
        ("GET", "/api/v1/projects?cursor=WzFd", None, 400, "bad_cursor"),
        ("GET", "/api/v1/projects?limit=0", None, 422, "invalid_request"),
        ("GET", "/api/v1/projects/aaaaaaaaaaaaaaaa", None, 404, "no_such_project"),
        ("PATCH", "/api/v1/projects/aaaaaaaaaaaaaaaa", {"name": "b"}, 404, "no_such_project"),
        ("DELETE", "/api/v1/projects/aaaaaaaaaaaaaaaa", None, 404, "no_such_project"),
        ("POST", "/api/v1/projects/aaaaaaaaaaaaaaaa/duplicate", {}, 404, "no_such_project"),
        ("PUT", "/api/v1/projects", {}, 405, "method_not_allowed"),
        ("GET", "/api/v1/nothing", None, 404, "no_such_page"),
    ],
)
async def test_refusals_have_one_shape(
    client: httpx.AsyncClient, method: str, path: str, body: object, status: int, code: str
) -> None:
    answer = await client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert set(answer.json()["error"]) == {"code", "message", "hint"}


async def test_an_empty_change_is_refused(client: httpx.AsyncClient, project: str) -> None:
    answer = await client.patch(project, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "nothing_to_change")


SHA_OF_X = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
