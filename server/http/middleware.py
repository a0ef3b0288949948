"""What every request and socket passes before it reaches a route: host and origin, body size, headers of the answer.

Plain ASGI, so that streams stay streams.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from urllib.parse import urlparse

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.errors import Forbidden, Refusal, TooLarge
from server.settings import LOOPBACK_NAMES

_HOST = re.compile(r"^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$")
_HASHED_BODIES = re.compile(r"^/api/v1/projects/[^/]+/(?:blobs/|import$)")
"""Routes that count their own, much larger bodies."""


_HSTS = "max-age=31536000"


class HostGuard:
    """Refuses a foreign Host (in local mode: DNS rebinding) and a foreign Origin (any mode: cross-site requests).

    origins: those whose pages may use this server besides its own; they hold for requests and sockets alike.
    """

    def __init__(self, app: ASGIApp, local: bool, allowed_hosts: list[str], origins: Collection[str] = ()) -> None:
        self._app = app
        self._local = local
        self._allowed = LOOPBACK_NAMES | {name.lower() for name in allowed_hosts}
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._judge(Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await send_refusal(send, refusal)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4403, "reason": refusal.code})

    def _judge(self, headers: Headers) -> Refusal | None:
        host = headers.get("host", "")
        if not _HOST.fullmatch(host) or (self._local and host_name(host) not in self._allowed):
            return Forbidden(
                "foreign_host",
                f"this server does not answer to the host {host[:80]!r}",
                "MAQUETTE_ALLOWED_HOSTS adds names",
            )
        origin = headers.get("origin")
        if origin is None or origin.lower() in self._origins:
            return None
        if urlparse(origin).netloc.lower() != host.lower():
            return Forbidden(
                "foreign_origin",
                f"the page of {origin[:80]!r} may not use this server",
                "open the editor from the server itself; MAQUETTE_CORS_ORIGINS adds origins",
            )
        return None


def host_name(host: str) -> str:
    """The name or address in a Host header, lowercase, without port and brackets."""
    return (urlparse(f"//{host}").hostname or "").lower()


class BodyLimit:
    """Refuses a body over the limit, by its declared length at once, otherwise as it streams in."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _HASHED_BODIES.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdigit() or int(declared) > self._limit:
            await send_refusal(send, self._refusal())
            return
        await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise self._refusal()
            return message

        return counted

    def _refusal(self) -> TooLarge:
        return TooLarge(
            "body_too_large", f"the body has more than {self._limit} bytes", "MAQUETTE_MAX_JSON sets the limit"
        )


class SecurityHeaders:
    """Adds the policy under which pages run: everything from this server, nothing from elsewhere.

    origins: those whose pages may read answers (CORS); over TLS browsers are told to stay there (HSTS).
    """

    def __init__(self, app: ASGIApp, origins: Collection[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        policy = content_security_policy(asked.get("host", ""))
        shared = asked.get("origin", "").lower() in self._origins
        secure = scope.get("scheme") == "https"

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Cross-Origin-Resource-Policy"] = "cross-origin" if shared else "same-origin"
                headers["X-Frame-Options"] = "DENY"
                if secure:
                    headers["Strict-Transport-Security"] = _HSTS
            await send(message)

        await self._app(scope, receive, with_headers)


def content_security_policy(host: str) -> str:
    """The policy of every answer. 'self' alone does not cover sockets in every browser, so the host is named too."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
        f"img-src 'self' blob: data:; font-src 'self' data:; connect-src 'self' blob: data:{sockets}; "
        "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


class TextGzip:
    """Compresses pages and JSON; leaves blobs alone, which are compressed already and are read in ranges."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._gzip = GZipMiddleware(app, minimum_size=1024, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        blob = scope["type"] == "http" and "/blobs/" in scope["path"]
        await (self._plain if blob else self._gzip)(scope, receive, send)


async def send_refusal(send: Send, refusal: Refusal) -> None:
    """Answer a request before any route saw it."""
    body = json.dumps({"error": refusal.as_json()}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
