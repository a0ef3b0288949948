"""Named versions and the log over HTTP (docs/api.md)."""

from __future__ import annotations

import httpx

from crdt.document import SceneDocument


async def add(client: httpx.AsyncClient, project: str, name: str) -> int:
    answer = await client.patch(f"{project}/scene", json={"edits": [{"edit": "node.add", "name": name}]})
    return int(answer.json()["seq"])


async def test_a_version_is_the_scene_as_it_was(client: httpx.AsyncClient, project: str) -> None:
    seq = await add(client, project, "Chair")
    made = await client.post(f"{project}/versions", json={"name": " First draft "})
    assert made.status_code == 201
    version = made.json()
    assert (version["name"], version["seq"]) == ("First draft", seq)
    await add(client, project, "Table")
    state = await client.get(f"{project}/versions/{version['id']}/state")
    scene = SceneDocument()
    scene.apply(state.content)
    assert [scene.read("nodes", node).name for node in scene.ids("nodes")] == ["Chair"]
    assert state.headers["Maquette-Hash"] == scene.hash()
    assert (await client.get(f"{project}/versions/{version['id']}")).json() == version


async def test_versions_are_listed_newest_first_page_by_page(client: httpx.AsyncClient, project: str, clock) -> None:
    for number in range(3):
        await add(client, project, str(number))
        clock.advance(1)
        await client.post(f"{project}/versions", json={"name": str(number)})
    first = (await client.get(f"{project}/versions", params={"limit": 2})).json()
    rest = (await client.get(f"{project}/versions", params={"limit": 2, "cursor": first["next"]})).json()
    assert [item["name"] for item in first["items"] + rest["items"]] == ["2", "1", "0"]
    assert rest["next"] is None


async def test_a_repeated_request_makes_one_version(client: httpx.AsyncClient, project: str) -> None:
    await add(client, project, "Chair")
    headers = {"Idempotency-Key": "once"}
    answers = [await client.post(f"{project}/versions", json={"name": "v"}, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await client.get(f"{project}/versions")).json()["items"]) == 1


async def test_an_empty_scene_has_no_moment_to_name(client: httpx.AsyncClient, project: str) -> None:
    refused = await client.post(f"{project}/versions", json={"name": "nothing"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_such_moment")
    missing = await client.get(f"{project}/versions/nothing/state")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "no_such_version")


async def test_versions_of_one_project_are_not_those_of_another(client: httpx.AsyncClient, project: str) -> None:
    await add(client, project, "Chair")
    version = (await client.post(f"{project}/versions", json={"name": "v"})).json()
    other = (await client.post("/api/v1/projects", json={"name": "Other"})).json()["id"]
    assert (await client.get(f"/api/v1/projects/{other}/versions/{version['id']}/state")).status_code == 404


async def test_the_log_tells_who_did_what(client: httpx.AsyncClient, project: str) -> None:
    await add(client, project, "Chair")
    seq = await add(client, project, "Table")
    page = (await client.get(f"{project}/log")).json()
    (entry,) = page["items"]
    assert (entry["first"], entry["last"], entry["via"], entry["things"]) == (1, seq, "http", 2)
    assert sorted(thing["name"] for thing in entry["what"]) == ["Chair", "Table"]
    assert page["next"] is None
    scene = SceneDocument()
    scene.apply((await client.get(f"{project}/log/1/state")).content)
    assert [scene.read("nodes", node).name for node in scene.ids("nodes")] == ["Chair"]
    assert (await client.get(f"{project}/log/99/state")).status_code == 404


async def test_founding_anew_makes_the_next_generation_and_keeps_the_versions(
    client: httpx.AsyncClient, project: str
) -> None:
    await add(client, project, "Chair")
    version = (await client.post(f"{project}/versions", json={"name": "before"})).json()
    founded = await client.post(f"{project}/refound")
    assert (founded.status_code, founded.json()["generation"]) == (200, 1)
    scene = (await client.get(f"{project}/scene")).json()
    assert [node["name"] for node in scene["nodes"].values()] == ["Chair"]
    state = await client.get(f"{project}/versions/{version['id']}/state")
    assert state.headers["Maquette-Seq"] == str(version["seq"])
    entries = (await client.get(f"{project}/log")).json()["items"]
    assert entries[0]["via"] == "refound"
