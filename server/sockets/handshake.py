"""The opening request of a WebSocket, as uvicorn's HTTP protocol hands it on, and the answers to it."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Headers = list[tuple[bytes, bytes]]


class BadRequest(Exception):
    """No WebSocket can be opened; status and headers of the answer."""

    def __init__(self, status: int, reason: str, headers: Headers | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers or []


@dataclass(frozen=True, slots=True)
class Request:
    """headers: names in lower case. key: of Sec-WebSocket-Key, checked."""

    target: bytes
    headers: Headers
    key: bytes

    @property
    def path(self) -> str:
        return unquote(self.raw_path.decode("ascii"))

    @property
    def raw_path(self) -> bytes:
        return self.target.partition(b"?")[0]

    @property
    def query(self) -> bytes:
        return self.target.partition(b"?")[2]

    @property
    def subprotocols(self) -> list[str]:
        offers = [value.decode("latin-1") for name, value in self.headers if name == b"sec-websocket-protocol"]
        return [token.strip() for token in ",".join(offers).split(",") if token.strip()]


def read_request(data: bytes) -> Request:
    """The whole head of a request that asked for an upgrade to WebSocket. BadRequest."""
    head, end, _ = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    method, _, rest = first.partition(b" ")
    target = rest.rpartition(b" ")[0]
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    if method != b"GET" or not end or not target.isascii():
        raise BadRequest(400, "not an opening request of a WebSocket")
    if _only(headers, b"sec-websocket-version") != b"13":
        raise BadRequest(426, "version 13 is spoken here", [(b"sec-websocket-version", b"13")])
    return Request(target, headers, _checked_key(_only(headers, b"sec-websocket-key")))


def _only(headers: Headers, wanted: bytes) -> bytes:
    found = [value for name, value in headers if name == wanted]
    return found[0] if len(found) == 1 else b""


def _checked_key(key: bytes) -> bytes:
    try:
        is_key = len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        is_key = False
    if not is_key:
        raise BadRequest(400, "Sec-WebSocket-Key is not 16 bytes in base64")
    return key


def accepting(key: bytes, subprotocol: str | None, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The answer 101."""
    accept = base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest())
    chosen = [(b"sec-websocket-protocol", subprotocol.encode("latin-1"))] if subprotocol else []
    upgrade = [(b"upgrade", b"websocket"), (b"connection", b"Upgrade"), (b"sec-websocket-accept", accept)]
    return _head(101, [*upgrade, *chosen, *headers])


def refusing(status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    """An answer after which the connection is closed."""
    held = [(name.lower(), value) for name, value in headers]
    names = {name for name, _ in held}
    ours = [(b"content-length", str(len(body)).encode()), (b"content-type", b"text/plain; charset=utf-8")]
    held = [*held, *((name, value) for name, value in ours if name not in names), (b"connection", b"close")]
    return _head(status, held) + body


def _head(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase.encode()
    except ValueError:
        phrase = b""
    lines = [b"HTTP/1.1 %d %s" % (status, phrase), *(name + b": " + value for name, value in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n"
