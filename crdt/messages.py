"""Every message of the wire (PROTOCOL.md), and the only place where Python knows its numbers.

encode(SyncStep1(state)) -> bytes; decode(data) -> Message, or ProtocolError
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crdt.errors import ProtocolError
from crdt.lib0 import Decoder, encode_bytes, encode_string, encode_uint, read_uint

SYNC, AWARENESS, AUTH, QUERY_AWARENESS = 0, 1, 2, 3
HELLO, SAVED, REFUSED, NOTICE = 100, 101, 102, 104
STEP_1, STEP_2, UPDATE = 0, 1, 2
PERMISSION_DENIED = 0

CAPABILITIES = frozenset({"saved", "refusal", "hello", "notice"})
"""What a client may ask for in `?caps=`."""

_UPDATE = bytes((SYNC, UPDATE))

EMPTY_UPDATE = b"\x00\x00"
EMPTY_STATE = b"\x00"

GOING_AWAY = 1001
FRAME_TOO_LARGE = 1009
INTERNAL_ERROR = 1011
RESTART = 1012
MALFORMED = 4400
NOT_AUTHORISED = 4401
FORBIDDEN = 4403
NO_SUCH_PROJECT = 4404
TOO_SLOW = 4408
UPDATE_REFUSED = 4409
TOO_LARGE = 4413
TOO_FAST = 4429


@dataclass(frozen=True, slots=True)
class SyncStep1:
    """state: a Yjs V1 state vector; asks for what it lacks."""

    state: bytes


@dataclass(frozen=True, slots=True)
class SyncStep2:
    """update: what the other side's state vector lacked, and the whole delete set."""

    update: bytes


@dataclass(frozen=True, slots=True)
class Update:
    update: bytes


@dataclass(frozen=True, slots=True)
class AwarenessUpdate:
    """update: see crdt.presence."""

    update: bytes


@dataclass(frozen=True, slots=True)
class PermissionDenied:
    reason: str


@dataclass(frozen=True, slots=True)
class QueryAwareness:
    pass


@dataclass(frozen=True, slots=True)
class Hello:
    """user: in the words of crdt.schema.User. role: in this project. seq: the number of the log's last row."""

    generation: int
    schema: int
    user: dict[str, Any]
    role: str
    read_only: bool
    seq: int


@dataclass(frozen=True, slots=True)
class Saved:
    """The first n update-carrying messages of this connection are committed; seq is the last one's log number."""

    n: int
    seq: int


@dataclass(frozen=True, slots=True)
class Refused:
    """retry_after: seconds until coming back may help, where the server says so."""

    code: str
    message: str
    hint: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What everybody in the room should know now; the connection goes on."""

    code: str
    message: str
    hint: str = ""


Message = (
    SyncStep1
    | SyncStep2
    | Update
    | AwarenessUpdate
    | PermissionDenied
    | QueryAwareness
    | Hello
    | Saved
    | Refused
    | Notice
)


def encode(message: Message) -> bytes:
    match message:
        case Saved(n, seq):  # first, what is sent most
            return bytes((SAVED,)) + encode_uint(n) + encode_uint(seq)
        case SyncStep1(state):
            return bytes((SYNC, STEP_1)) + encode_bytes(state)
        case SyncStep2(update):
            # Of tens of megabytes at times: one copy, not three.
            return b"".join((bytes((SYNC, STEP_2)), encode_uint(len(update)), update))
        case Update(update):
            return encode_update(update)
        case AwarenessUpdate(update):
            return bytes((AWARENESS,)) + encode_bytes(update)
        case PermissionDenied(reason):
            return bytes((AUTH, PERMISSION_DENIED)) + encode_string(reason)
        case QueryAwareness():
            return bytes((QUERY_AWARENESS,))
        case Hello():
            return bytes((HELLO,)) + encode_string(_json(_hello_as_json(message)))
        case Refused(code, text, hint, retry_after):
            more = {} if retry_after is None else {"retryAfter": retry_after}
            return bytes((REFUSED,)) + _told(code, text, hint, **more)
        case Notice(code, text, hint):
            return bytes((NOTICE,)) + _told(code, text, hint)


def _told(code: str, text: str, hint: str, **more: float) -> bytes:
    return encode_string(_json({"code": code, "message": text, "hint": hint, **more}))


def encode_update(update: bytes) -> bytes:
    """encode(Update(update)), for what is sent most."""
    return _UPDATE + encode_uint(len(update)) + update


def carried_update(data: bytes) -> bytes | None:
    """The update in an Update message, without more ado; None for other messages and broken ones, which `decode` reads
    or refuses.
    """
    if not data.startswith(_UPDATE):
        return None
    try:
        size, start = read_uint(data, len(_UPDATE))
    except (IndexError, ProtocolError):
        return None
    return data[start:] if start + size == len(data) else None


def decode(data: bytes) -> Message:
    """The message in `data`; ProtocolError where it is none of ours, cut short or too long."""
    decoder = Decoder(data)
    number = decoder.uint()
    reader = _READERS.get(number)
    if reader is None:
        raise ProtocolError("unknown_message", f"message number {number}", "one of PROTOCOL.md")
    message = reader(decoder)
    decoder.finish()
    return message


def _read_sync(decoder: Decoder) -> Message:
    kind = decoder.uint()
    if kind == STEP_1:
        return SyncStep1(decoder.var_bytes())
    if kind == STEP_2:
        return SyncStep2(decoder.var_bytes())
    if kind == UPDATE:
        return Update(decoder.var_bytes())
    raise ProtocolError("unknown_message", f"sync message {kind}", "0, 1 or 2")


def _read_auth(decoder: Decoder) -> Message:
    if (kind := decoder.uint()) != PERMISSION_DENIED:
        raise ProtocolError("unknown_message", f"auth message {kind}", "0: permission denied")
    return PermissionDenied(decoder.string())


def _read_hello(decoder: Decoder) -> Message:
    types = {"generation": int, "schema": int, "user": dict, "role": str, "readOnly": bool, "seq": int}
    value = _read_object(decoder, types)
    return Hello(*(value[key] for key in types))


def _read_refused(decoder: Decoder) -> Refused:
    value = _read_object(decoder, _TOLD)
    told = value["code"], value["message"], value["hint"]
    if "retryAfter" not in value:
        return Refused(*told)
    wait = value["retryAfter"]
    if isinstance(wait, bool) or not isinstance(wait, int | float) or not 0 <= wait < math.inf:
        raise ProtocolError("bad_json", f"retryAfter is {wait!r}", "seconds")
    return Refused(*told, wait)


def _read_notice(decoder: Decoder) -> Notice:
    value = _read_object(decoder, _TOLD)
    return Notice(value["code"], value["message"], value["hint"])


_TOLD: dict[str, type] = {"code": str, "message": str, "hint": str}


_READERS: dict[int, Callable[[Decoder], Message]] = {
    SYNC: _read_sync,
    AWARENESS: lambda decoder: AwarenessUpdate(decoder.var_bytes()),
    AUTH: _read_auth,
    QUERY_AWARENESS: lambda _: QueryAwareness(),
    HELLO: _read_hello,
    SAVED: lambda decoder: Saved(decoder.uint(), decoder.uint()),
    REFUSED: _read_refused,
    NOTICE: _read_notice,
}


def _read_object(decoder: Decoder, types: dict[str, type]) -> dict[str, Any]:
    text = decoder.string()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("bad_json", f"a body that is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ProtocolError("bad_json", "a body that is not an object", f"an object with {', '.join(types)}")
    for key, expected in types.items():
        if type(value.get(key)) is not expected:
            raise ProtocolError("bad_json", f"{key} is {value.get(key)!r}", f"{key}: {expected.__name__}")
    return value


def _hello_as_json(hello: Hello) -> dict[str, Any]:
    return {
        "generation": hello.generation,
        "schema": hello.schema,
        "user": hello.user,
        "role": hello.role,
        "readOnly": hello.read_only,
        "seq": hello.seq,
    }


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
