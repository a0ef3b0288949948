"""The rates of addresses, before anything else is done for a request or a socket."""

from __future__ import annotations

import json

from starlette.types import ASGIApp, Receive, Scope, Send

from crdt.messages import TOO_FAST
from server.errors import TooMany
from server.http.proxies import address_of
from server.limits.rates import Rates
from server.limits.values import RateValues
from server.telemetry import Telemetry

_FREE = frozenset({"/healthz", "/readyz", "/metrics"})


class AddressRates:
    """429 with Retry-After for requests, the same before the handshake for sockets."""

    def __init__(self, app: ASGIApp, rates: Rates, values: RateValues, telemetry: Telemetry) -> None:
        self._app = app
        self._rates = rates
        self._values = values
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in ("http", "websocket") or scope["path"] in _FREE:
            await self._app(scope, receive, send)
            return
        rate = self._values.address if kind == "http" else self._values.handshakes
        try:
            await self._rates.take("address", rate, f"{kind}/{address_of(scope)}")
        except TooMany as refusal:
            self._telemetry.limited.labels(refusal.code).inc()
            await _refuse(scope, receive, send, refusal)
        else:
            await self._app(scope, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: TooMany) -> None:
    body = json.dumps({"error": refusal.as_json()}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()),
               *((name.lower().encode(), value.encode()) for name, value in refusal.headers.items())]  # fmt: skip
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    await receive()
    if "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})
    else:
        await send({"type": "websocket.close", "code": TOO_FAST, "reason": refusal.code})
