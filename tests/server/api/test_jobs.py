"""The life of a job: asked for, leased, reported on, handed in once, retried, cancelled (crdt/SPEC.md J)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

import httpx
import pytest

from crdt import nodes
from crdt.document import SceneDocument
from server.services import Services
from tests.server.api.conftest import Clock

EXPORT = {"op": "export", "params": {"format": "glb"}}


async def ask(client: httpx.AsyncClient, project: str, body: dict[str, Any] = EXPORT, **query: str) -> str:
    answer = await client.post(f"{project}/jobs", json=body, params=query)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"])


async def lease(peer: httpx.AsyncClient, *ops: str, wait: float = 0, name: str = "worker") -> Any:
    answer = await peer.post("/api/v1/peers/lease", json={"peer": name, "ops": ops or ["export"], "wait": wait})
    assert answer.status_code in (200, 204), answer.text
    return answer.json() if answer.status_code == 200 else None


async def report(peer: httpx.AsyncClient, leased: Any, verb: str, **body: Any) -> httpx.Response:
    path = f"/api/v1/peers/jobs/{leased['job']['id']}/{verb}"
    return await peer.post(path, json={"lease": leased["lease"], **body})


async def put_file(client: httpx.AsyncClient, project: str, data: bytes = b"a model") -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    (await client.put(f"{project}/blobs/{sha256}", content=data)).raise_for_status()
    return sha256


async def read(client: httpx.AsyncClient, project: str, job: str, wait: float = 0) -> Any:
    return (await client.get(f"{project}/jobs/{job}", params={"wait": wait})).json()


def edit_of(update: bytes, **fields: Any) -> tuple[str, str]:
    """(node id, base64 of an update that adds a node to a scene of this state)."""
    scene = SceneDocument()
    scene.apply(update)
    before = scene.state_vector()
    node = nodes.add(scene, **fields)
    return node, base64.b64encode(scene.update(before)).decode()


async def test_a_job_goes_from_the_question_to_the_result(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str, clock: Clock
) -> None:
    job = await ask(client, project, user="adaadaadaadaadaa")
    waiting = await read(client, project, job)
    assert (waiting["state"], waiting["position"], waiting["by"]) == ("queued", 1, "adaadaadaadaadaa")
    leased = await lease(peer)
    assert leased["job"] == {
        "id": job, "project": project.rsplit("/", 1)[1], "op": "export", "target": {},
        "params": {"format": "glb"}, "by": "adaadaadaadaadaa", "attempt": 1,
        "trace": None,
    }  # fmt: skip
    assert leased["expires"] == 30
    clock.advance(4)
    beat = await report(peer, leased, "heartbeat", progress=0.5, message="half")
    assert beat.json() == {"cancel": False, "expires": 30}
    running = await read(client, project, job)
    assert (running["state"], running["progress"], running["message"]) == ("running", 0.5, "half")
    assert running["worker"] == "worker"
    blob = await put_file(peer, project, b"glb")
    done = await report(peer, leased, "result", result={"blob": blob, "name": "scene.glb"}, update=None)
    assert done.json() == {"state": "succeeded"}
    answer = await read(client, project, job, wait=30)
    assert answer["state"] == "succeeded"
    assert answer["finished"] - answer["started"] == 4000
    file = await client.get(answer["result"]["url"])
    assert file.content == b"glb"
    assert "scene.glb" in file.headers["content-disposition"]


async def test_a_result_and_its_edit_take_effect_together_and_once(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str, behind: Services
) -> None:
    job = await ask(client, project, {"op": "lod.chain", "target": {"mesh": "meshmeshmeshmesh"}})
    leased = await lease(peer, "lod.chain")
    room = await behind.rooms.room(f"{project.rsplit('/', 1)[1]}/scene")
    node, update = edit_of(room.document.update(), name="made by the job")
    for _ in range(3):
        answer = await report(peer, leased, "result", result={"nodes": [node]}, update=update)
        assert answer.json() == {"state": "succeeded"}
    assert (await client.get(f"{project}/scene")).json()["nodes"].keys() == {node}
    rows = await behind.log.read(f"{project.rsplit('/', 1)[1]}/scene")
    assert [row.job for row in rows] == [job]


async def test_a_zombie_has_no_effect(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str, behind: Services, clock: Clock
) -> None:
    job = await ask(client, project, {"op": "simplify", "target": {"mesh": "meshmeshmeshmesh"}})
    zombie = await lease(peer, "simplify", name="zombie")
    clock.advance(31)
    await behind.dispatcher.expire()
    successor = await lease(peer, "simplify", name="successor")
    assert successor["job"]["id"] == job
    assert successor["job"]["attempt"] == 2
    state = (await behind.rooms.room(f"{project.rsplit('/', 1)[1]}/scene")).document.update()
    _, late = edit_of(state, name="zombie")
    refused = await report(peer, zombie, "result", result={}, update=late)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "lease_lost")
    assert (await report(peer, zombie, "heartbeat")).status_code == 409
    node, update = edit_of(state, name="successor")
    assert (await report(peer, successor, "result", result={}, update=update)).json() == {"state": "succeeded"}
    assert (await report(peer, zombie, "result", result={}, update=late)).status_code == 409
    assert (await client.get(f"{project}/scene")).json()["nodes"].keys() == {node}
    causes = (await read(client, project, job))["causes"]
    assert [(cause["attempt"], cause["worker"], cause["code"]) for cause in causes] == [(1, "zombie", "lease_expired")]


async def test_an_update_that_does_not_fit_is_refused_and_the_job_runs_on(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str
) -> None:
    job = await ask(client, project, {"op": "simplify", "target": {"mesh": "meshmeshmeshmesh"}})
    leased = await lease(peer, "simplify")
    scene = SceneDocument()
    nodes.add(scene, name="unknown to the server")
    before = scene.state_vector()
    nodes.add(scene, name="stands on it")
    update = base64.b64encode(scene.update(before)).decode()
    for bad in (update, base64.b64encode(b"\x05no update").decode()):
        assert (await report(peer, leased, "result", result={}, update=bad)).status_code == 422
    assert (await report(peer, leased, "result", result={}, update="%%%")).status_code == 400
    assert (await read(client, project, job))["state"] == "running"
    assert (await client.get(f"{project}/scene")).json()["nodes"] == {}


async def test_attempts_run_out_and_every_cause_is_told(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str, behind: Services, clock: Clock
) -> None:
    job = await ask(client, project)
    error = {"code": "out_of_memory", "message": "the worker needed 9 GB", "hint": "a smaller model"}
    assert (await report(peer, await lease(peer), "failure", error=error, retry=True)).json() == {"state": "queued"}
    await lease(peer)
    clock.advance(31)
    await behind.dispatcher.expire()
    assert (await report(peer, await lease(peer), "failure", error=error, retry=True)).json() == {"state": "failed"}
    failed = await read(client, project, job)
    assert failed["attempts"] == 3
    assert [cause["code"] for cause in failed["causes"]] == ["out_of_memory", "lease_expired", "out_of_memory"]
    assert failed["error"]["code"] == "attempts_exhausted"
    assert "9 GB" in failed["error"]["message"]
    assert await lease(peer) is None


async def test_a_failure_without_retry_is_final(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str
) -> None:
    job = await ask(client, project)
    error = {"code": "truncated_file", "message": "the file ends after 12 bytes", "hint": ""}
    assert (await report(peer, await lease(peer), "failure", error=error)).json() == {"state": "failed"}
    assert (await read(client, project, job))["error"] == error


async def test_what_waits_is_cancelled_at_once_and_what_runs_when_its_peer_hears_of_it(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str
) -> None:
    running, waiting = await ask(client, project), await ask(client, project)
    leased = await lease(peer)
    assert leased["job"]["id"] == running
    assert (await client.delete(f"{project}/jobs/{waiting}")).json()["state"] == "cancelled"
    asked = (await client.delete(f"{project}/jobs/{running}")).json()
    assert (asked["state"], asked["cancelling"]) == ("running", True)
    assert (await report(peer, leased, "heartbeat")).json()["cancel"] is True
    late = await report(peer, leased, "result", result={"blob": await put_file(peer, project)}, update=None)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "job_cancelled")
    assert (await read(client, project, running))["state"] == "cancelled"
    assert (await client.delete(f"{project}/jobs/{running}")).json()["state"] == "cancelled"


async def test_users_take_turns(client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str, clock: Clock) -> None:
    many = [await ask(client, project, user="adaadaadaadaadaa") for _ in range(3)]
    one = await ask(client, project, user="bobbobbobbobbobb")
    order = []
    for _ in range(4):
        clock.advance(1)
        order.append((await lease(peer))["job"]["id"])
    assert order == [many[0], one, many[1], many[2]]


async def test_a_peer_gets_only_what_it_can_do(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str
) -> None:
    await ask(client, project)
    assert await lease(peer, "lod.chain", "simplify") is None
    assert (await lease(peer, "lod.chain", "export"))["job"]["op"] == "export"


async def test_a_peer_that_waits_is_woken_by_a_job(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str
) -> None:
    waiting = asyncio.create_task(lease(peer, wait=30))
    job = await ask(client, project)
    assert (await waiting)["job"]["id"] == job


async def test_a_long_poll_ends_with_the_job(client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str) -> None:
    job = await ask(client, project)
    leased = await lease(peer)
    waiting = asyncio.create_task(read(client, project, job, wait=30))
    await report(peer, leased, "failure", error={"code": "no", "message": "no"})
    assert (await waiting)["state"] == "failed"


async def test_a_stopping_server_keeps_nobody_waiting(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str, behind: Services
) -> None:
    job = await ask(client, project)
    polls = [asyncio.create_task(read(client, project, job, wait=30))]
    polls.append(asyncio.create_task(lease(peer, "simplify", wait=30)))
    await asyncio.sleep(0)
    behind.dispatcher.signals.close()
    assert [poll and poll["state"] for poll in await asyncio.gather(*polls)] == ["queued", None]


async def test_estimates_follow_what_jobs_took_lately(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str, clock: Clock
) -> None:
    await ask(client, project)
    leased = await lease(peer)
    clock.advance(10)
    await report(peer, leased, "result", result={"blob": await put_file(peer, project)}, update=None)
    first, second = await ask(client, project), await ask(client, project)
    assert [(await read(client, project, job))["position"] for job in (first, second)] == [1, 2]
    assert [(await read(client, project, job))["eta"] for job in (first, second)] == [10.0, 20.0]


async def test_the_list_is_paged_newest_first(client: httpx.AsyncClient, project: str) -> None:
    asked = [await ask(client, project) for _ in range(5)]
    first = (await client.get(f"{project}/jobs", params={"limit": 3})).json()
    rest = (await client.get(f"{project}/jobs", params={"limit": 3, "cursor": first["next"]})).json()
    assert [job["id"] for job in first["items"] + rest["items"]] == asked[::-1]
    assert rest["next"] is None


async def test_a_trashed_project_has_no_open_jobs(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str
) -> None:
    job = await ask(client, project)
    await client.delete(project)
    assert (await read(client, project, job))["state"] == "cancelled"
    assert await lease(peer) is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"op": "paint"}, "unknown_operation"),
        ({"op": "plain", "params": {"blob": "a" * 64}}, "unknown_operation"),
        ({"op": "lod.chain"}, "bad_job"),
        ({"op": "lod.chain", "target": {"mesh": "short"}}, "bad_job"),
        ({"op": "simplify", "target": {"mesh": "meshmeshmeshmesh"}, "params": {"ratio": 2}}, "bad_job"),
        ({"op": "export", "params": {"format": "exe"}}, "bad_job"),
        ({"op": "import", "params": {"files": []}}, "bad_job"),
        ({"op": "import", "params": {"files": [{"name": "a.obj", "blob": "a" * 64}]}}, "unknown_blob"),
    ],
)
async def test_a_job_of_another_shape_is_refused(
    client: httpx.AsyncClient, project: str, body: dict[str, Any], code: str
) -> None:
    answer = await client.post(f"{project}/jobs", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


async def test_export_has_a_call_of_its_own(client: httpx.AsyncClient, project: str) -> None:
    answer = await client.post(
        f"{project}/export", json={"format": "stl", "nodes": ["n" * 16], "options": {"binary": 1}}
    )
    job = await read(client, project, answer.json()["job"])
    assert (job["op"], job["target"]) == ("export", {"nodes": ["n" * 16]})
    assert job["params"] == {"format": "stl", "options": {"binary": 1}}


async def test_peers_endpoints_need_the_peer_token(client: httpx.AsyncClient) -> None:
    """REQUIREMENTS 23.2."""
    body = {"peer": "p", "ops": ["export"]}
    refused = await client.post("/api/v1/peers/lease", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    wrong = await client.post("/api/v1/peers/lease", json=body, headers={"Authorization": "Bearer wrong"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "bad_token")


async def test_a_peer_asks_for_nothing_itself(peer: httpx.AsyncClient, project: str) -> None:
    refused = await peer.post(f"{project}/jobs", json=EXPORT)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")


async def test_a_result_must_name_blobs_that_are_there(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str
) -> None:
    await ask(client, project)
    leased = await lease(peer)
    for result, code in (({"blob": "a" * 64}, "unknown_blob"), ({}, "bad_result")):
        answer = await report(peer, leased, "result", result=result, update=None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


async def test_one_user_may_not_fill_the_queue(client: httpx.AsyncClient, project: str, behind: Services) -> None:
    for _ in range(behind.settings.job_quota):
        await ask(client, project, user="adaadaadaadaadaa")
    refused = await client.post(f"{project}/jobs", json=EXPORT, params={"user": "adaadaadaadaadaa"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "too_many_jobs")
    await ask(client, project, user="bobbobbobbobbobb")
