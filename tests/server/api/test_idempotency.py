"""`Idempotency-Key`: a POST sent twice has one effect and one answer (docs/api.md)."""

from __future__ import annotations

import asyncio

import httpx

from server.services import Services
from server.storage.api_tables import answers
from tests.server.api.conftest import Clock

NAMED = {"name": "Once"}


def keyed(key: str = "k1") -> dict[str, str]:
    return {"Idempotency-Key": key}


async def test_the_same_request_has_one_effect_and_one_answer(client: httpx.AsyncClient) -> None:
    first, again = [await client.post("/api/v1/projects", json=NAMED, headers=keyed()) for _ in range(2)]
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert len((await client.get("/api/v1/projects")).json()["items"]) == 1


async def test_requests_of_one_key_at_the_same_time_have_one_effect(client: httpx.AsyncClient) -> None:
    sent = [client.post("/api/v1/projects", json=NAMED, headers=keyed()) for _ in range(8)]
    assert len({answer.json()["id"] for answer in await asyncio.gather(*sent)}) == 1
    assert len((await client.get("/api/v1/projects")).json()["items"]) == 1


async def test_another_request_under_the_same_key_is_refused(client: httpx.AsyncClient, project: str) -> None:
    await client.post("/api/v1/projects", json=NAMED, headers=keyed())
    for path, body in (("/api/v1/projects", {"name": "Twice"}), (f"{project}/duplicate", NAMED)):
        answer = await client.post(path, json=body, headers=keyed())
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_conflict")


async def test_keys_are_of_their_user(client: httpx.AsyncClient) -> None:
    for user in ("adaadaadaadaadaa", "bobbobbobbobbobb"):
        await client.post("/api/v1/projects", json=NAMED, headers=keyed(), params={"user": user})
    assert len((await client.get("/api/v1/projects")).json()["items"]) == 2


async def test_a_refused_request_may_be_mended_under_its_key(client: httpx.AsyncClient, project: str) -> None:
    refused = await client.post(f"{project}/jobs", json={"op": "paint"}, headers=keyed())
    assert refused.status_code == 422
    body = {"op": "export", "params": {"format": "glb"}}
    assert (await client.post(f"{project}/jobs", json=body, headers=keyed())).status_code == 202


async def test_an_upload_is_known_by_its_files(client: httpx.AsyncClient, project: str) -> None:
    first, again = [
        await client.post(f"{project}/import", files={"file": ("a.obj", b"o a")}, headers=keyed()) for _ in range(2)
    ]
    assert first.json() == again.json()
    other = await client.post(f"{project}/import", files={"file": ("a.obj", b"o b")}, headers=keyed())
    assert other.status_code == 409


async def test_a_request_that_was_cut_off_before_its_answer_makes_the_same_thing_again(
    client: httpx.AsyncClient, behind: Services, project: str
) -> None:
    async def repeat(path: str, body: object) -> list[str]:
        made = []
        for _ in range(2):
            answer = (await client.post(path, json=body, headers=keyed(path))).json()
            made.append(answer.get("id") or answer.get("job"))
            # As if the server had died between the effect and keeping its answer.
            async with behind.engine.begin() as connection:
                await connection.execute(answers.delete())
        return made

    for path, body in (
        ("/api/v1/projects", NAMED),
        (f"{project}/duplicate", {}),
        (f"{project}/jobs", {"op": "export", "params": {"format": "glb"}}),
    ):
        first, again = await repeat(path, body)
        assert first == again, path


async def test_a_key_is_forgotten_after_a_day(client: httpx.AsyncClient, clock: Clock) -> None:
    await client.post("/api/v1/projects", json=NAMED, headers=keyed("old"))
    clock.advance(24 * 3600 + 1)
    await client.post("/api/v1/projects", json=NAMED, headers=keyed("new"))
    assert (await client.post("/api/v1/projects", json={"name": "x"}, headers=keyed("old"))).status_code == 201


async def test_a_key_has_a_limit(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/projects", json=NAMED, headers=keyed("k" * 201))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_idempotency_key")
