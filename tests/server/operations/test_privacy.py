"""One's data: told in full without secrets, deleted with rows and blobs; nothing leaves by itself (row 18.13)."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pycrdt import Map
from sqlalchemy import select

from crdt import nodes
from crdt.chat import lines, say
from crdt.client import join
from crdt.document import SessionDocument
from server.accounts.privacy import AUTHORED, OWNED
from server.storage.tables import metadata, updates
from tests.server.api.test_client import make_project
from tests.support.server import api, services, serving

ADA = {"email": "ada@example.org", "password": "a long and good password", "name": "Ada"}
BOB = {"email": "bob@example.org", "password": "another very good password", "name": "Bob"}
BLOB = b"only in Bob's project"
SHA = hashlib.sha256(BLOB).hexdigest()


async def sign_up(client: httpx.AsyncClient, who: dict[str, str], **given: str) -> dict[str, Any]:
    client.cookies.clear()
    answer = await client.post("/api/v1/accounts", json={**who, **given})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["user"])


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, dict[str, Any], dict[str, Any]]]:
    """Ada is admin; Bob, who is signed in last, makes projects of his own."""
    async with api(tmp_path, accounts=True, sign_up="open") as client:
        key = (tmp_path / "access.key").read_text().strip()
        ada = await sign_up(client, ADA, key=key)
        yield client, ada, await sign_up(client, BOB)


async def make(client: httpx.AsyncClient, name: str) -> str:
    answer = await client.post("/api/v1/projects", json={"name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def goodbye(client: httpx.AsyncClient, **body: str) -> httpx.Response:
    return await client.request("DELETE", "/api/v1/accounts/me", json=body)


async def come_back(client: httpx.AsyncClient, who: dict[str, str]) -> None:
    client.cookies.clear()
    body = {"email": who["email"], "password": who["password"]}
    (await client.post("/api/v1/session", json=body)).raise_for_status()


def test_every_column_that_names_a_person_is_deleted_or_made_anonymous() -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables for column in table.c if column.name in ("author", "by", "user")
    }  # fmt: skip
    assert named <= {str(column) for column in (*AUTHORED, *OWNED)}


async def test_the_export_holds_what_is_theirs_and_no_secret(people: Any) -> None:
    client, _, bob = people
    project = await make(client, "Bob's")
    await client.put(f"/api/v1/projects/{project}/blobs/{SHA}", content=BLOB)
    await client.patch(f"/api/v1/projects/{project}/scene", json=[{"edit": "node.add", "name": "chair"}])
    await client.post(f"/api/v1/projects/{project}/jobs", json={"op": "export", "params": {"format": "glb"}})
    key = (await client.post("/api/v1/accounts/me/keys", json={"name": "script"})).json()["key"]
    answer = await client.get("/api/v1/accounts/me/export")
    told = answer.json()
    assert (told["account"]["id"], told["account"]["email"]) == (bob["id"], BOB["email"])
    assert [found["name"] for found in told["projects"]] == ["Bob's"]
    assert [found["sha256"] for found in told["blobs"]] == [SHA]
    assert [found["op"] for found in told["jobs"]] == ["export"]
    assert [found["branch"] for found in told["edits"]] == [f"{project}/scene"]
    assert {found["kind"] for found in told["credentials"]} >= {"key", "session"}
    for secret in (key, key.rsplit("_", 1)[1], "argon2", BOB["password"]):
        assert secret not in answer.text


async def test_deleting_removes_rows_and_blobs_and_leaves_others_work(people: Any, tmp_path: Path) -> None:
    client, ada, bob = people
    own, shared = await make(client, "Bob's"), await make(client, "Shared")
    await client.put(f"/api/v1/projects/{own}/blobs/{SHA}", content=BLOB)
    for project in (own, shared):
        await client.patch(f"/api/v1/projects/{project}/scene", json=[{"edit": "node.add", "name": "by Bob"}])
    put = await client.put(f"/api/v1/projects/{shared}/members/{ada['id']}", json={"role": "owner"})
    assert put.is_success, put.text
    assert (await goodbye(client, password="wrong")).status_code == 401
    refused = await goodbye(client, password=BOB["password"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "owns_projects")
    deleted = (await goodbye(client, password=BOB["password"], projects="delete")).json()
    assert (deleted["projects"], deleted["blobs"]) == ([own], 1)
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.name == SHA]
    assert (await client.get("/api/v1/accounts/me")).status_code == 401
    async with services(client).engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = str((await connection.execute(select(table))).all())
            assert not [secret for secret in (bob["id"], own, BOB["email"]) if secret in rows], table.name
        authors = (await connection.execute(select(updates.c.author).distinct())).scalars().all()
    assert deleted["author"] in authors
    await come_back(client, ADA)
    scene = (await client.get(f"/api/v1/projects/{shared}/scene")).json()
    assert [node["name"] for node in scene["nodes"].values()] == ["by Bob"]
    again = await client.patch(f"/api/v1/projects/{shared}/scene", json=[{"edit": "node.add", "name": "by Ada"}])
    assert again.status_code == 200


async def test_what_they_said_stays_and_names_nobody(people: Any) -> None:
    client, ada, bob = people
    own, shared = await make(client, "Bob's"), await make(client, "Shared")
    put = await client.put(f"/api/v1/projects/{shared}/members/{ada['id']}", json={"role": "owner"})
    assert put.is_success, put.text
    await client.post(f"/api/v1/projects/{shared}/jobs", json={"op": "export", "params": {"format": "glb"}})
    room = await services(client).rooms.room(f"{shared}/session")

    def speak(session: SessionDocument) -> None:
        say(session, bob["id"], "Bob", "hello, Ada")
        say(session, ada["id"], "Ada", f"hello, Bob {bob['id']}")
        session.map("comments")["c" * 16] = Map({"by": bob["id"], "name": "Bob", "replies": [{"by": bob["id"]}]})

    await room.edit(bob["id"], "socket", speak)
    deleted = (await goodbye(client, password=BOB["password"], projects="delete")).json()
    assert deleted["projects"] == [own]
    who = deleted["author"]
    told = {(line.by, line.name, line.text) for _, line in lines(room.document)}
    assert told == {(who, "Deleted", "hello, Ada"), (ada["id"], "Ada", f"hello, Bob {bob['id']}")}
    comment = room.document.map("comments")["c" * 16].to_py()
    assert comment == {"by": who, "name": "Deleted", "replies": [{"by": who}]}
    assert [room.document.record("jobs", id)["by"] for id in room.document.ids("jobs")] == [who]
    jobs = await services(client).dispatcher.queue.of_project(shared)
    assert [job.by for job in jobs] == [who]


async def test_the_last_admin_stays(people: Any) -> None:
    client, _, _ = people
    await come_back(client, ADA)
    answer = await goodbye(client, password=ADA["password"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "last_admin")


async def test_a_default_run_connects_to_nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name that is looked up and every connection of the process is seen here."""
    asked: list[str] = []
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def watched(self: socket.socket, address: Any) -> None:
        asked.append(str(address[0]) if isinstance(address, tuple) else "127.0.0.1")
        connect(self, address)

    def resolved(host: Any, *rest: Any, **options: Any) -> Any:
        asked.append(str(host))
        return resolve(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", watched)
    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    async with serving(tmp_path) as server:
        async with join(await make_project(server.url)) as scene:
            nodes.add(scene)
            await scene.saved()
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
            for path in ("/", "/api/docs", "/metrics", "/readyz"):
                await client.get(path)
    assert asked
    assert set(asked) <= {"127.0.0.1", "::1", "localhost"}
