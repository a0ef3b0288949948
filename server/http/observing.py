"""Every HTTP request: an id that all lines of it carry, its time and status in the metrics, one line in the log."""

from __future__ import annotations

import re
import time
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crdt.ids import new_id
from server.telemetry import Telemetry

REQUEST_ID = "x-request-id"
JOB_ID = "x-maquette-job"
"""A peer's requests name the job that they are made for."""
_ACCEPTED = re.compile(r"^[A-Za-z0-9_.:-]{1,64}$")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

log = structlog.get_logger()


class Observed:
    """The outermost layer of the application. access_log: whether requests are logged when they go well."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry, access_log: bool) -> None:
        self._app = app
        self._telemetry = telemetry
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get(REQUEST_ID, "")
        request = asked if _ACCEPTED.fullmatch(asked) else new_id()
        with structlog.contextvars.bound_contextvars(request=request, **_job(scope)):
            if scope["type"] == "http":
                await self._http(scope, receive, send, request)
            else:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send, request: str) -> None:
        start, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request
            await send(message)

        parent = Headers(scope=scope).get("traceparent")
        try:
            with self._telemetry.tracing.span(f"HTTP {scope['method']}", {"path": scope["path"]}, parent):
                await self._app(scope, receive, noted)
        finally:
            self._count(scope, status, time.perf_counter() - start)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._telemetry.requests.labels(method, route, str(status)).inc()
        self._telemetry.request_seconds.labels(route).observe(seconds)
        if self._access_log and scope["path"] not in _QUIET:
            log.info("http", **_line(scope, status, seconds))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _job(scope: Scope) -> dict[str, str]:
    job = Headers(scope=scope).get(JOB_ID, "")
    return {"job": job} if _ACCEPTED.fullmatch(job) else {}


def route_of(scope: Scope) -> str:
    """The template of the route, so that there are few of them; `none` where nothing was matched."""
    return str(getattr(scope.get("route"), "path", "none"))


def _line(scope: Scope, status: int, seconds: float) -> dict[str, Any]:
    line: dict[str, Any] = {"method": scope["method"], "path": scope["path"][:300], "status": status,
                            "ms": round(seconds * 1000, 2)}  # fmt: skip
    parameters = scope.get("path_params", {})
    line |= {name: parameters[name] for name in ("project", "job") if name in parameters}
    if (client := scope.get("client")) is not None:
        line["address"] = client[0]
    if (user := scope.get("state", {}).get("user")) is not None:
        line["user"] = user
    return line
