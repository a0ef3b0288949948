"""A live scene for scripts and peers, in ten lines:

    import asyncio, crdt
    from crdt import nodes

    async def main() -> None:
        async with crdt.join("http://127.0.0.1:8000/p/{project}") as scene:
            chair = nodes.add(scene, name="Chair")
            await scene.saved()

    asyncio.run(main())

The scene is an ordinary SceneDocument that others edit at the same time. It survives a server that restarts: edits go
on locally and arrive when it is back.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlparse

import anyio
import httpx

from crdt.document import SceneDocument, SessionDocument
from crdt.errors import ConnectionRefused, MaquetteError
from crdt.ids import new_id
from crdt.link import Link
from crdt.messages import Hello, Notice

_PATH = re.compile(
    r"^(?P<base>.*)/(?:p|sync)/(?P<project>[A-Za-z0-9_-]{1,64})(?:/scene(?:@(?P<branch>[A-Za-z0-9_-]+))?)?/?$"
)
_CHUNK = 1024 * 1024
_WAIT = 30
_CONNECT_SECONDS = 30.0
_RETRY_PAUSE, _RETRIES = 0.5, 60
JsonObject = dict[str, Any]


class JobFailed(MaquetteError):
    """A job that failed or was cancelled, with the code of its error."""


class ApiRefused(MaquetteError):
    """The server refused an HTTP request. status: the HTTP status."""

    def __init__(self, status: int, code: str, message: str, hint: str) -> None:
        super().__init__(code, message, hint)
        self.status = status


@dataclass(frozen=True)
class Address:
    """Where a project is. origin: http(s)://host with a path prefix if there is one."""

    origin: str
    project: str
    branch: str = ""

    @staticmethod
    def parse(url: str) -> Address:
        """From a project's page (http://host/p/{id}) or a sync URL (ws://host/sync/{id}/scene)."""
        parts = urlparse(url)
        match = _PATH.match(parts.path)
        if match is None or parts.scheme not in ("http", "https", "ws", "wss"):
            raise ConnectionRefused("bad_url", f"{url!r} is no project", "http://host/p/{project}")
        scheme = parts.scheme.replace("ws", "http", 1)
        return Address(f"{scheme}://{parts.netloc}{match['base']}", match["project"], match["branch"] or "")

    def sync(self, document: str, visitor: Mapping[str, str]) -> str:
        """The socket's address; who we are goes along, a token never does."""
        query = urlencode({"caps": "saved,refusal,hello,notice", **visitor})
        branch = f"@{self.branch}" if self.branch and document == "scene" else ""
        return f"{self.origin.replace('http', 'ws', 1)}/sync/{self.project}/{document}{branch}?{query}"


class LivePresence:
    """Who is here. `set(selection=[…], camera=…)` shows more of oneself; `others` are the states of the others."""

    def __init__(self, link: Link, user: JsonObject) -> None:
        self.user = user
        self._link = link
        self._state: JsonObject = {"user": user}

    def set(self, **fields: Any) -> None:
        """Change some fields of the own state (crdt.schema.Presence)."""
        self._state = {**self._state, **fields}
        self._link.set_presence(self._state)

    async def changed(self) -> None:
        """Wait until somebody else comes, goes or shows something else."""
        await self._link.presence_changed()

    @property
    def others(self) -> dict[int, JsonObject]:
        """Client id → state."""
        own = self._link.awareness.client
        return {client: state for client, state in self._link.awareness.states.items() if client != own}


class LiveScene(SceneDocument):
    """A SceneDocument that is connected. session: the conversation around it. api: httpx at the server's root."""

    project: str
    session: SessionDocument
    presence: LivePresence
    api: httpx.AsyncClient
    _links: Sequence[Link]

    @property
    def hello(self) -> Hello | None:
        """The server's latest greeting: who we are here, and what we may. A new one comes with every connection and
        change of the role.
        """
        return self._links[0].hello

    @property
    def role(self) -> str | None:
        """What we are in this project now: owner, editor, commenter, viewer or peer."""
        return self.hello.role if self.hello is not None else None

    @property
    def read_only(self) -> bool:
        """Whether edits would be refused now (and end the connection, with `read_only`)."""
        return self.hello is not None and self.hello.read_only

    @property
    def notice(self) -> Notice | None:
        """The server's latest word to everybody: `not_saving` while nothing can be stored, then `saving_again`."""
        return self._links[0].notice

    async def saved(self) -> int:
        """Wait until every edit made so far, here and in the session, is committed; the scene's log number."""
        numbers = [await link.saved() for link in self._links]
        return numbers[0]

    async def upload(self, data: bytes, mime: str = "application/octet-stream") -> str:
        """Store bytes as a blob of the project; its SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        await self._ask("PUT", f"blobs/{sha256}", content=data, headers={"Content-Type": mime})
        return sha256

    async def has_blob(self, sha256: str) -> bool:
        """Whether the project has a blob."""
        answer = await self.api.head(self._url(f"blobs/{sha256}"))
        return answer.is_success

    async def download(self, sha256: str, path: str | Path, *, plain: bool = False) -> Path:
        """Write a blob to a file. plain: decoded, for tools that do not know EXT_meshopt_compression."""
        target = Path(path)
        async with self.api.stream("GET", self._url(f"blobs/{sha256}"), params={"plain": int(plain)}) as answer:
            if answer.is_error:
                await answer.aread()
            _raise_refusal(answer)
            async with await anyio.open_file(target, "wb") as file:
                async for chunk in answer.aiter_bytes(_CHUNK):
                    await file.write(chunk)
        return target

    async def import_file(
        self, *paths: str | Path, parent: str | None = None, options: Mapping[str, Any] | None = None
    ) -> JsonObject:
        """Import a model (with the files that it refers to); the job's result, once its nodes are in this scene."""
        contents = [await asyncio.to_thread(Path(path).read_bytes) for path in paths]
        blobs = [await self.upload(content) for content in contents]
        files = [{"name": Path(path).name, "blob": blob} for path, blob in zip(paths, blobs, strict=True)]
        target = {} if parent is None else {"parent": parent}
        return await self.run_job("import", target, {"files": files, "options": dict(options or {})})

    async def run_job(
        self,
        op: str,
        target: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        on_progress: Callable[[float, str], None] | None = None,
    ) -> JsonObject:
        """Ask for a job and wait until it is done and what it made is here; its result. Raises JobFailed."""
        body = {"op": op, "target": dict(target or {}), "params": dict(params or {})}
        # One key for all attempts: a request whose answer was lost is not a second job.
        asked = await self._ask("POST", "jobs", json=body, headers={"Idempotency-Key": secrets.token_urlsafe(16)})
        while True:
            job = (await self._ask("GET", f"jobs/{asked.json()['job']}", params={"wait": _WAIT})).json()
            if on_progress is not None:
                on_progress(job["progress"], job["message"])
            if job["state"] == "succeeded":
                await self._arrival_of(job["result"])
                return dict(job["result"])
            if job["state"] in ("failed", "cancelled"):
                raise _job_failed(op, job)

    async def export(
        self,
        format: str,
        path: str | Path,
        *,
        nodes: Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> JsonObject:
        """Write the scene, or some nodes, to a file: glb, obj (a zip), stl or ply. The job's result."""
        await self.saved()
        target = {} if nodes is None else {"nodes": list(nodes)}
        result = await self.run_job("export", target, {"format": format, "options": dict(options or {})})
        await self.download(result["blob"], path)
        return result

    async def _arrival_of(self, result: JsonObject) -> None:
        """A result may be told a moment before its update comes over the socket."""
        await self._links[0].until(lambda: _holds(self, result))

    def _url(self, path: str) -> str:
        return f"/api/v1/projects/{self.project}/{path}"

    async def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request, repeated while the server is away. Every request here may be repeated."""
        for attempt in range(_RETRIES):
            try:
                answer = await self.api.request(method, self._url(path), **options)
            except httpx.TransportError:
                if attempt + 1 == _RETRIES:
                    raise
            else:
                if answer.status_code not in (502, 503, 504) or attempt + 1 == _RETRIES:
                    return _raise_refusal(answer)
            await asyncio.sleep(_RETRY_PAUSE)
        raise AssertionError("unreachable")


@asynccontextmanager
async def join(
    url: str, token: str | None = None, *, name: str = "script", kind: str = "person", user: str | None = None
) -> AsyncIterator[LiveScene]:
    """Join a project: yields its scene once it is here. Raises ConnectionRefused when the server does not let us in.

    url: the project's page or a sync URL. token: of a peer, or the access key. kind: person or assistant. user: id of a
    visitor without token who comes again (16 url-safe characters); by default everyone who joins is somebody new.
    """
    address = Address.parse(url)
    visitor = {"user": user or new_id(), "name": name, "kind": kind}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    scene, session = LiveScene(), SessionDocument()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        scene.api = await enter(
            httpx.AsyncClient(base_url=address.origin, headers=headers, params=visitor, timeout=_WAIT + 30)
        )
        links = [
            await enter(Link(document, address.sync(kind, visitor), token))
            for kind, document in (("scene", scene), ("session", session))
        ]
        for link in links:
            await link.synced(_CONNECT_SECONDS)
        scene.project, scene.session, scene._links = address.project, session, links
        scene.presence = LivePresence(links[0], dict(links[0].hello.user) if links[0].hello else visitor)
        scene.presence.set()
        yield scene


def _holds(scene: SceneDocument, result: JsonObject) -> bool:
    named = [("nodes", id) for id in result.get("nodes", ())] + [("meshes", id) for id in result.get("meshes", ())]
    if "revision" in result:
        named.append(("revisions", result["revision"]))
        named += [("lod", f"{result['revision']}/{level}") for level in result.get("levels", ())]
    return all(id in scene.map(root) for root, id in named)


def _job_failed(op: str, job: JsonObject) -> JobFailed:
    error = job["error"] or {"code": job["state"], "message": f"the job {op} was {job['state']}", "hint": ""}
    return JobFailed(error["code"], error["message"], error.get("hint", ""))


def _raise_refusal(answer: httpx.Response) -> httpx.Response:
    if not answer.is_error:
        return answer
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError):
        error = {"code": "http_error", "message": f"HTTP {answer.status_code}"}
    raise ApiRefused(answer.status_code, error["code"], error["message"], error.get("hint", ""))
