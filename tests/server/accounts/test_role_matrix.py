"""Roles × every endpoint of the description and every message of the sockets, against `role_matrix.txt`.

An endpoint or message without a row fails here: whoever adds one says who may use it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from pycrdt import Doc, Map
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from crdt.messages import (
    AwarenessUpdate,
    Message,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    Update,
    decode,
    encode,
)
from crdt.presence import Awareness
from server.app import create_app
from server.permissions import action_of
from tests.support.people import PARTS, Cast, Part
from tests.support.server import Served, api, services, serving, settings_for

TABLE = Path(__file__).parent / "role_matrix.txt"
_OPEN = frozenset({"/healthz", "/readyz", "/metrics"})
"""For the operator's proxy to keep inside (docs/operations.md)."""
_LOST = frozenset({"forbidden", "operation_not_allowed", "no_account"})
SHA = "a" * 64
BODIES: dict[str, Any] = {
    "POST /projects": {"name": "x"},
    "PATCH /projects/{project}": {"name": "x"},
    "PATCH /projects/{project} +trash": {"trashed": True},
    "POST /projects/{project}/jobs": {"op": "simplify", "target": {"mesh": "m" * 16}, "params": {"ratio": 0.5}},
    "POST /projects/{project}/jobs +export": {"op": "export", "params": {"format": "glb"}},
    "POST /projects/{project}/export": {"format": "glb"},
    "PATCH /projects/{project}/scene": [{"edit": "node.add"}],
    "POST /projects/{project}/versions": {"name": "one"},
    "POST /projects/{project}/links": {"role": "viewer"},
    "PATCH /projects/{project}/links/{link}": {"role": "viewer"},
    "PUT /projects/{project}/members/{user}": {"role": "viewer"},
    "POST /projects/{project}/blobs/{sha256}/link": {"seconds": 60},
    "POST /peers/lease": {"peer": "p", "ops": ["export"]},
    "POST /peers/tokens": {"name": "p"},
    "PATCH /people/{user}": {"standing": "member"},
    "PATCH /accounts/me": {"name": "x"},
    "POST /accounts/me/keys": {"name": "x"},
    "POST /accounts/me/password": {"current": "x", "new": "y" * 10},
}


def rows() -> dict[str, dict[Part, str]]:
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    parts: list[Part] = lines[0].split()  # type: ignore[assignment]
    found = {}
    for line in lines[1:]:
        *name, values = line.rsplit(maxsplit=len(parts))[0], line.split()[-len(parts) :]
        found[name[0].strip()] = dict(zip(parts, values, strict=True))
    return found


ROWS = rows()
CALLS = {name: row for name, row in ROWS.items() if "/" in name}
MESSAGES = {name: row for name, row in ROWS.items() if "/" not in name}


def test_every_endpoint_and_message_has_a_row() -> None:
    described = create_app(settings_for(Path("unused"))).openapi()["paths"]
    endpoints = {
        f"{verb.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in described.items()
        for verb in operations
        if path not in _OPEN
    }
    assert {name.split(" +")[0] for name in CALLS} == endpoints
    sent = {kind.__name__ for kind in get_args(Message) if action_of(_empty(kind), "scene") is not None}
    expected = {f"{kind} {name}" for kind in ("scene", "session") for name in sent}
    assert {name.split(" +")[0] for name in MESSAGES} == expected
    assert all(set(row) == set(PARTS) for row in ROWS.values())


def _empty(kind: type[Message]) -> Message:
    return object.__new__(kind)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with api(tmp_path, accounts=True, rate_user="1000000/minute", rate_address="1000000/minute") as client:
        yield client


@pytest.mark.parametrize("call", CALLS)
async def test_http(client: httpx.AsyncClient, call: str) -> None:
    """REQUIREMENTS 18.2, 18.9."""
    cast = await Cast.of(services(client))
    verb, path = call.split(" +")[0].split(" ")
    found = {}
    for part in PARTS:
        answer = await _ask(client, cast, part, call, verb, path)
        found[part] = _outcome(answer)
        assert answer.status_code < 500, answer.text
    assert found == CALLS[call]


async def _ask(client: httpx.AsyncClient, cast: Cast, part: Part, call: str, verb: str, path: str) -> httpx.Response:
    target = cast.users["commenter" if part == "viewer" else "viewer"].id
    if call.endswith("+self"):
        target = cast.users[part].id if part in cast.users else "nobodynobodynobo"
    names = {
        "project": await cast.project(), "user": target, "sha256": SHA, "mesh": "m" * 16, "job": "j" * 16, "seq": 1,
        "version": "v" * 16, "link": "l" * 16, "key": "k" * 16, "session": "s" * 16, "token": "t" * 16,
    }  # fmt: skip
    body = BODIES.get(call) if verb not in ("GET", "DELETE") else None
    return await client.request(verb, "/api/v1" + path.format(**names), json=body, headers=await cast.headers(part))


def _outcome(answer: httpx.Response) -> str:
    """ok: it was not the asker that was refused."""
    code = answer.json()["error"]["code"] if answer.is_error else ""
    if code == "not_authorised":
        return "401"
    if code in _LOST:
        return "403"
    return "404" if code == "no_such_project" else "ok"


@dataclass
class Stage:
    served: Served
    cast: Cast


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with serving(tmp_path, accounts=True, rate_handshakes="1000000/minute") as served:
        yield Stage(served, await Cast.of(served.services))


@pytest.mark.parametrize("message", MESSAGES)
async def test_sockets(stage: Stage, message: str) -> None:
    """REQUIREMENTS 1.8, 18.2."""
    kind, name = message.split(" +")[0].split(" ")
    root = "jobs" if message.endswith("+jobs") else "chat" if kind == "session" else "nodes"
    found = {part: await _send(stage, part, kind, _frame(name, root)) for part in PARTS}
    assert found == MESSAGES[message]


def _frame(name: str, root: str) -> bytes:
    doc = Doc()
    line = {"by": "x", "name": "x", "at": 1, "text": "x"}
    doc.get(root, type=Map)["r" * 16] = line if root == "chat" else Map({"name": "x"})
    awareness = Awareness(doc.client_id)
    messages: dict[str, Message] = {
        "SyncStep1": SyncStep1(b"\x00"),
        "SyncStep2": SyncStep2(doc.get_update()),
        "Update": Update(doc.get_update()),
        "AwarenessUpdate": AwarenessUpdate(awareness.set_local({"user": {"name": "x"}})),
        "QueryAwareness": QueryAwareness(),
    }
    return encode(messages[name])


async def _send(stage: Stage, part: Part, kind: str, frame: bytes) -> str:
    """ok when the connection still answers a question after the message."""
    project = await stage.cast.project()
    url = f"{stage.served.sync_url}/{project}/{kind}?caps=refusal"
    async with connect(url, additional_headers=await stage.cast.headers(part)) as socket:
        try:
            await socket.send(frame)
            for _ in range(2):  # a refusal comes after the answer to what was asked together with it
                await socket.send(encode(SyncStep1(b"\x00")))
                await _answer(socket)
        except ConnectionClosed as closed:
            return str(closed.rcvd.code if closed.rcvd else 1006)
    return "ok"


async def _answer(socket: ClientConnection) -> None:
    async with asyncio.timeout(10):
        while not isinstance(decode(await socket.recv(decode=False)), SyncStep2):
            pass
