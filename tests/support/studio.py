"""The whole product for scenarios and benchmarks: a server process, its peer, and the API as a user calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

from tests.support.server import ServerProcess, running_server

FINAL = {"succeeded", "failed", "cancelled"}


@dataclass
class Studio:
    process: ServerProcess
    client: httpx.AsyncClient

    @property
    def url(self) -> str:
        return self.process.url

    @property
    def pid(self) -> int:
        assert self.process.process is not None
        return self.process.process.pid

    async def kill(self) -> None:
        await asyncio.to_thread(self.process.kill)

    async def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Starts the server again on its address, with other variables."""
        self.process.environment = environment or {}
        await asyncio.to_thread(self.process.start)

    async def wait_dead(self, timeout: float = 30) -> None:
        """Until the process has ended by itself."""
        assert self.process.process is not None
        await asyncio.to_thread(self.process.process.wait, timeout)
        self.process.kill()

    async def create_project(self, name: str) -> str:
        answer = await self.client.post("/api/v1/projects", json={"name": name})
        return str(answer.raise_for_status().json()["id"])

    async def edit(self, project: str, edits: Sequence[Mapping[str, Any]]) -> list[str]:
        answer = await self.client.patch(f"/api/v1/projects/{project}/scene", json={"edits": list(edits)})
        return list(answer.raise_for_status().json()["ids"])

    async def scene(self, project: str) -> dict[str, Any]:
        answer = await self.client.get(f"/api/v1/projects/{project}/scene")
        return dict(answer.raise_for_status().json())

    async def import_files(self, project: str, files: Mapping[str, bytes | IO[bytes]]) -> str:
        """Uploads files as one import; the job's id."""
        parts = [("file", (name, content)) for name, content in files.items()]
        answer = await self.client.post(f"/api/v1/projects/{project}/import", files=parts)
        return str(answer.raise_for_status().json()["job"])

    async def job(self, project: str, op: str, target: Mapping[str, Any], params: Mapping[str, Any]) -> str:
        body = {"op": op, "target": target, "params": params}
        answer = await self.client.post(f"/api/v1/projects/{project}/jobs", json=body)
        return str(answer.raise_for_status().json()["job"])

    async def export(self, project: str, format: str, **options: Any) -> str:
        body = {"format": format, "options": options}
        answer = await self.client.post(f"/api/v1/projects/{project}/export", json=body)
        return str(answer.raise_for_status().json()["job"])

    async def finished(self, project: str, job: str, timeout: float = 120) -> dict[str, Any]:
        """The job once it has succeeded, failed or was cancelled."""
        async with asyncio.timeout(timeout):
            while True:
                answer = await self.client.get(f"/api/v1/projects/{project}/jobs/{job}", params={"wait": 20})
                found: dict[str, Any] = answer.raise_for_status().json()
                if found["state"] in FINAL:
                    return found

    async def succeeded(self, project: str, job: str, timeout: float = 120) -> dict[str, Any]:
        """The result of a job that must succeed."""
        found = await self.finished(project, job, timeout)
        assert found["state"] == "succeeded", found
        return dict(found["result"])

    async def blob(self, project: str, sha256: str, **query: str) -> bytes:
        answer = await self.client.get(f"/api/v1/projects/{project}/blobs/{sha256}", params=query)
        return answer.raise_for_status().content


@asynccontextmanager
async def studio(
    data: Path, *, peer: bool = True, options: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> AsyncIterator[Studio]:
    """A running server over `data`, with its compute peer unless told otherwise."""
    context = running_server(data, *options, peer=peer, environment=environment)
    process = await asyncio.to_thread(context.__enter__)
    try:
        async with httpx.AsyncClient(base_url=process.url, timeout=120) as client:
            yield Studio(process, client)
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)
