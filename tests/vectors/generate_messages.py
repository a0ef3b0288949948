"""Writes messages.json: golden bytes of every message, which Python and TypeScript both encode and decode.

    python -m tests.vectors.generate_messages

`messages`: {name, hex, type, fields}, bytes among the fields as {"hex"}; JSON bodies are byte for byte. `refused`:
bytes that are no message. `presence`: awareness updates with their entries.
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from crdt.messages import (
    AwarenessUpdate,
    Hello,
    Message,
    Notice,
    PermissionDenied,
    QueryAwareness,
    Refused,
    Saved,
    SyncStep1,
    SyncStep2,
    Update,
    encode,
)
from crdt.presence import PresenceEntry, encode_presence

PATH = Path(__file__).with_name("messages.json")
USER = {"id": "AAAAAAAAAAAAAAAA", "name": "Ada Lovelace", "color": "#3e63dd", "kind": "person"}

MESSAGES: dict[str, Message] = {
    "step 1 of an empty document": SyncStep1(b"\x00"),
    "step 1": SyncStep1(bytes.fromhex("01fbe2bfd90405")),
    "step 2 without anything": SyncStep2(b"\x00\x00"),
    "update": Update(bytes.fromhex("000101fbe2bfd904010001")),
    "update of more than 127 bytes": Update(bytes(range(256)) * 2),
    "awareness": AwarenessUpdate(encode_presence([PresenceEntry(7, 1, '{"user":{"name":"Ada"}}')])),
    "permission denied": PermissionDenied("not yours — sorry"),
    "query awareness": QueryAwareness(),
    "hello": Hello(3, 1, USER, "editor", False, 1234),
    "hello, read only": Hello(0, 1, {**USER, "name": "Žofie 🪑"}, "viewer", True, 0),
    "saved nothing": Saved(0, 0),
    "saved": Saved(128, 2**53 - 1),
    "refused": Refused("unknown_root", "the root 'elsewhere'", "one of meta, nodes"),
    "refused, text of several bytes a letter": Refused("x", "größer als 4 KB 🪑", ""),
    "refused for a while": Refused("too_many_connections", "this user has 9 open connections already", "close one", 10),
    "notice": Notice("not_saving", "the disk is full", "your edits are kept here"),
}

REFUSED = {
    "nothing": "",
    "an unknown number": "63",
    "an unknown sync message": "000900",
    "a state vector cut short": "000005aa",
    "a length that lies": "0002ffffffff0f00",
    "a number of nine bytes": "65ffffffffffffffffff0100",
    "bytes after the end": "0300",
    "text that is not UTF-8": "0200" + "02c328",
    "hello without JSON": "6402" + b"{]".hex(),
    "hello that is a list": "6402" + b"[]".hex(),
    "refused without a code": "6602" + b"{}".hex(),
    "notice without a code": "6802" + b"{}".hex(),
}

PRESENCE = {
    "nobody": [],
    "one": [PresenceEntry(1, 0, "{}")],
    "one gone": [PresenceEntry(4294967295, 5, None)],
    "two": [PresenceEntry(2**53 - 1, 300, '{"user":{"name":"Žofie 🪑"}}'), PresenceEntry(2, 1, None)],
}


def as_json(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def fields_of(message: Any) -> dict[str, Any]:
    """Without those that are None: they are not on the wire."""
    values = {field.name: getattr(message, field.name) for field in fields(message)}
    return {name: as_json(value) for name, value in values.items() if value is not None}


def vectors() -> dict[str, Any]:
    return {
        "messages": [
            {
                "name": name,
                "hex": encode(message).hex(),
                "type": type(message).__name__,
                "fields": fields_of(message),
            }
            for name, message in MESSAGES.items()
        ],
        "refused": [{"name": name, "hex": text} for name, text in REFUSED.items()],
        "presence": [
            {
                "name": name,
                "hex": encode_presence(entries).hex(),
                "entries": [{"client": e.client, "clock": e.clock, "state": e.value()} for e in entries],
            }
            for name, entries in PRESENCE.items()
        ],
    }


if __name__ == "__main__":
    PATH.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n")
