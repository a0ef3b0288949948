"""What a viewer's raw socket can do, by trying everything: every message of PROTOCOL.md on both documents.

`python -m tests.server.accounts.report > docs/viewer.md` writes the page; a test holds it equal to a fresh run.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from pycrdt import Doc, Map
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from crdt import messages
from crdt.document import SceneDocument
from crdt.ids import new_id
from crdt.lib0 import encode_string, encode_uint
from crdt.messages import AwarenessUpdate, Message, QueryAwareness, SyncStep1, SyncStep2, Update, decode, encode
from crdt.nodes import add
from crdt.presence import PresenceEntry, decode_presence, encode_presence
from server.services import Services
from server.sync.room import Room
from tests.support.people import Cast
from tests.support.server import Served, serving

HEAD = """# What a viewer's raw socket can do

Nothing but read and be seen. Somebody with the role *viewer* opens a socket without our client and sends every message
of `crdt/PROTOCOL.md`, honest and forged. The page is what `python -m tests.server.accounts.report` prints after a run
against a real server; a test compares it with a fresh run.

*Answer*: what comes back; `saved n` counts messages that are done with (stock clients answer a step 1 with all that
they know, deletions included, so that a viewer's are dropped without a word). *Document*: whether the room's document
or its log has changed. *Others*: what the owner, at the same document, is sent or sees of the viewer.
"""
_CAPS = "caps=saved,refusal,hello,notice"
_CHAT = "c" * 16
_OTHER = 4_000_000_001
"""Client id of the editor's presence."""
_SECONDS = 10
_NAMES: dict[type, str] = {
    messages.SyncStep1: "sync step 1", SyncStep2: "sync step 2", Update: "update", AwarenessUpdate: "awareness",
    messages.PermissionDenied: "auth: permission denied", messages.Hello: "hello",
    messages.Notice: "notice",
}  # fmt: skip


@dataclass(frozen=True)
class Stage:
    served: Served
    cast: Cast
    project: str
    document: str

    @property
    def services(self) -> Services:
        return self.served.services

    async def room(self) -> Room:
        return await self.services.rooms.room(f"{self.project}/{self.document}")

    async def socket(self, stack: AsyncExitStack, part: str) -> ClientConnection:
        url = f"{self.served.sync_url}/{self.project}/{self.document}?{_CAPS}"
        headers = await self.cast.headers(part)  # type: ignore[arg-type]
        socket = await stack.enter_async_context(connect(url, additional_headers=headers))
        await heard(socket)
        return socket


Sent = Callable[[Room, str], bytes | str]
"""What is sent: made for the room as it is, in the name of a user's id."""


def _written(room: Room) -> bytes:
    """An update that adds a node, or a line of chat."""
    if room.branch.kind == "scene":
        scene = SceneDocument()
        add(scene, name="Intruder")
        return bytes(scene.update())
    doc = Doc()
    doc.get("chat", type=Map)["x" * 16] = {"by": "x", "name": "x", "at": 1, "text": "hello"}
    return bytes(doc.get_update())


def _deleting(room: Room) -> bytes:
    """An update that only deletes."""
    doc = Doc()
    doc.apply_update(room.whole())
    before = doc.get_state()
    if room.branch.kind == "scene":
        nodes = doc.get("nodes", type=Map)
        del nodes[next(iter(nodes.keys()))]["name"]
    else:
        del doc.get("chat", type=Map)[_CHAT]
    return bytes(doc.get_update(before))


def _presence(client: int, clock: int, state: object) -> bytes:
    return encode(AwarenessUpdate(encode_presence([PresenceEntry(client, clock, json.dumps(state))])))


def _told(number: int, text: object) -> bytes:
    return encode_uint(number) + encode_string(json.dumps(text))


_HELLO = {"generation": 1, "schema": 1, "user": {}, "role": "owner", "readOnly": False, "seq": 0}
_TEXT = {"code": "not_saving", "message": "x", "hint": ""}
TRIED: dict[str, Sent] = {
    "0 0 sync step 1": lambda *_: encode(SyncStep1(b"\x00")),
    "0 1 sync step 2, nothing new": lambda room, _: encode(SyncStep2(room.whole())),
    "0 1 sync step 2, an edit": lambda room, _: encode(SyncStep2(_written(room))),
    "0 1 sync step 2, a deletion": lambda room, _: encode(SyncStep2(_deleting(room))),
    "0 2 update, nothing new": lambda *_: encode(Update(b"\x00\x00")),
    "0 2 update, an edit": lambda room, _: encode(Update(_written(room))),
    "0 2 update, a deletion": lambda room, _: encode(Update(_deleting(room))),
    "0 2 update, no update at all": lambda *_: encode(Update(b"\xff\xff\xff")),
    "0 3 (no such sync message)": lambda *_: b"\x00\x03\x00",
    "1 awareness, their own": lambda _, me: _presence(7, 1, {"user": {"id": me, "name": "Viewer"}, "selection": []}),
    "1 awareness, in another's name": lambda *_: _presence(7, 1, {"user": {"id": "e" * 16, "name": "Editor"}}),
    "1 awareness, under another's client id": lambda *_: _presence(_OTHER, 99, {"user": {"name": "Intruder"}}),
    "1 awareness, that another has gone": lambda *_: _presence(_OTHER, 99, None),
    "2 auth": lambda *_: encode(messages.PermissionDenied("you are an owner")),
    "3 query awareness": lambda *_: encode(QueryAwareness()),
    "99 (no such message)": lambda *_: encode_uint(99),
    "100 hello, as an owner": lambda *_: _told(messages.HELLO, _HELLO),
    "101 saved": lambda *_: encode(messages.Saved(1, 1)),
    "102 refused": lambda *_: _told(messages.REFUSED, _TEXT),
    "103 stroke": lambda *_: encode_uint(103) + encode_string("{}"),
    "104 notice": lambda *_: _told(messages.NOTICE, _TEXT),
    "a text message": lambda *_: "let me in",
    "an empty message": lambda *_: b"",
}


async def heard(socket: ClientConnection, answers: int = 2) -> tuple[list[Message], int | None]:
    """What comes until everything that was sent is answered, and the close code if it ends before that.

    Two questions, one after the other: what the first one's batch says besides comes before the second's answer.
    """
    found: list[Message] = []
    try:
        async with asyncio.timeout(_SECONDS):
            for _ in range(answers):
                await socket.send(encode(SyncStep1(b"\x00")))
                while not isinstance(message := decode(await socket.recv(decode=False)), SyncStep2):
                    found.append(message)
    except ConnectionClosed as closed:
        return found, closed.rcvd.code if closed.rcvd else 1006
    return found, None


@dataclass(frozen=True)
class Row:
    document: str
    sent: str
    answer: str
    changed: str
    others: str

    def __str__(self) -> str:
        return f"| {self.document} | {self.sent} | {self.answer} | {self.changed} | {self.others} |"


async def attempt(stage: Stage, sent: str) -> Row:
    """One message on a connection of its own, beside an editor who listens."""
    async with AsyncExitStack() as stack:
        owner, editor = await stage.socket(stack, "owner"), await stage.socket(stack, "editor")
        viewer = await stage.socket(stack, "viewer")
        await editor.send(_presence(_OTHER, 1, {"user": {"name": "Editor"}}))
        for socket in (editor, owner, viewer):
            await heard(socket)
        room, me = await stage.room(), stage.cast.users["viewer"].id
        before, seq = room.whole(), room.seq
        await viewer.send(TRIED[sent](room, me))
        first = [decode(await viewer.recv(decode=False))] if sent.startswith("0 0") else []
        answer, code = await heard(viewer)
        await owner.send(encode(QueryAwareness()))
        seen, _ = await heard(owner)
        is_same = (room.whole(), room.seq) == (before, seq)
        return Row(
            stage.document,
            sent,
            _answer([*first, *answer], code),
            "unchanged" if is_same else "CHANGED",
            _others(seen, me),
        )


def _answer(found: list[Message], code: int | None) -> str:
    told = [_in_words(one) for one in found]
    told += [f"closed with {code}"] if code is not None else []
    return ", ".join(dict.fromkeys(told)) or "none"


def _in_words(message: Message) -> str:
    match message:
        case messages.Refused(code):
            return f"refused `{code}`"
        case messages.Saved(n):
            return f"saved {n}"
        case _:
            return _NAMES[type(message)]


def _others(found: list[Message], me: str) -> str:
    effects = [f"sent {_NAMES[type(one)]}" for one in found if not isinstance(one, AwarenessUpdate)]
    states = {client: json.loads(state) for client, state in _states(found) if state is not None}
    own = states.pop(_OTHER, None)
    if own is None or own["user"]["name"] != "Editor":
        effects.append("THE EDITOR'S PRESENCE CHANGED")
    for state in states.values():
        user = state.get("user", {})
        effects.append("sees them, under their own name" if user.get("id") == me else f"SEES {user}")
    return ", ".join(dict.fromkeys(effects)) or "nothing"


def _states(found: list[Message]) -> Iterator[tuple[int, str | None]]:
    for one in found:
        if isinstance(one, AwarenessUpdate):
            yield from ((entry.client, entry.state) for entry in decode_presence(one.update))


async def rows(data: Path) -> list[Row]:
    async with serving(data, accounts=True) as served:
        cast = await Cast.of(served.services)
        project = await cast.project()
        scene, session = (Stage(served, cast, project, document) for document in ("scene", "session"))
        await (await scene.room()).edit(new_id(), "http", lambda document: add(document, name="Chair"))
        await (await session.room()).edit(new_id(), "http", _chat)
        return [await attempt(stage, sent) for stage in (scene, session) for sent in TRIED]


def _chat(document: object) -> None:
    line = {"by": "x", "name": "x", "at": 1, "text": "hello"}
    document.map("chat")[_CHAT] = line  # type: ignore[attr-defined]


def page(found: list[Row]) -> str:
    table = "\n".join(map(str, found))
    return f"{HEAD}\n| document | sent | answer | document | others |\n|---|---|---|---|---|\n{table}\n"


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = await rows(Path(folder))
    print(page(found), end="")


if __name__ == "__main__":
    asyncio.run(main())
