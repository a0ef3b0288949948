"""The peer's side of the lease API (docs/api.md, "Peers")."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import httpx

from compute.errors import LeaseLost, PeerError, ServerAway
from compute.mesh import JsonObject
from compute.operation import Request

AWAY = frozenset({429, 502, 503, 504})
"""Answers of a server that is starting, stopping or busy."""


@dataclass(frozen=True)
class Leased:
    """One job of ours until `expires` seconds from the last heartbeat."""

    request: Request
    project: str
    attempt: int
    lease: str
    expires: float
    trace: str | None = None
    """W3C traceparent of the span under which the job was asked for."""


@dataclass(frozen=True)
class Beat:
    cancel: bool
    expires: float


class LeaseClient:
    """Raises ServerAway when asking again may help, LeaseLost when the job is somebody else's, PeerError otherwise."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def lease(self, peer: str, ops: list[str], wait: float) -> Leased | None:
        """The next job; waits at the server for up to `wait` seconds."""
        answer = await self._post("lease", {"peer": peer, "ops": ops, "wait": wait}, timeout=wait + 15)
        if answer is None:
            return None
        job = answer["job"]
        request = Request(job["id"], job["op"], job["target"], job["params"], job["by"])
        return Leased(request, job["project"], job["attempt"], answer["lease"], answer["expires"], job.get("trace"))

    async def heartbeat(self, leased: Leased, progress: float, message: str) -> Beat:
        body = {"lease": leased.lease, "progress": progress, "message": message}
        answer = await self._post(f"jobs/{leased.request.job}/heartbeat", body)
        return Beat(answer["cancel"], answer["expires"])

    async def result(self, leased: Leased, result: JsonObject, update: bytes | None) -> None:
        """Hand in the result; saying it twice is fine."""
        encoded = None if update is None else base64.b64encode(update).decode()
        body = {"lease": leased.lease, "result": result, "update": encoded}
        await self._post(f"jobs/{leased.request.job}/result", body, timeout=120)

    async def failure(self, leased: Leased, error: JsonObject, retry: bool) -> None:
        await self._post(f"jobs/{leased.request.job}/failure", {"lease": leased.lease, "error": error, "retry": retry})

    async def _post(self, path: str, body: JsonObject, timeout: float = 30) -> Any:
        response = await send(self._http, "POST", f"/api/v1/peers/{path}", json=body, timeout=timeout)
        return None if response.status_code == 204 else response.json()


async def send(http: httpx.AsyncClient, method: str, path: str, **options: Any) -> httpx.Response:
    """A successful response, or one of the three errors."""
    try:
        response = await http.request(method, path, **options)
    except httpx.TransportError as error:
        raise ServerAway("server_away", f"{type(error).__name__}: {error}", "it is asked again") from error
    check(response)
    return response


def check(response: httpx.Response) -> None:
    """Raise what a refusal means. The response's body has been read."""
    if response.is_success:
        return
    code, message, hint = _refusal(response)
    if response.status_code in AWAY:
        raise ServerAway(code, message, hint)
    raise (LeaseLost if code in ("lease_lost", "job_cancelled") else PeerError)(code, message, hint)


def _refusal(response: httpx.Response) -> tuple[str, str, str]:
    try:
        error = response.json()["error"]
        return error["code"], error["message"], error.get("hint", "")
    except (ValueError, KeyError, TypeError):
        return "unexpected_answer", f"status {response.status_code} of {response.request.url.path}", ""
