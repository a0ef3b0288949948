"""Blobs of a project, to and from files; what comes is checked against its name."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx

from compute.errors import PeerError, ServerAway
from compute.lease_client import check, send

_CHUNK = 1 << 20
_SECONDS = 300.0


class BlobClient:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def fetch(self, project: str, sha256: str, path: Path) -> None:
        """Write the blob to `path`. Raises PeerError (`blob_damaged` when the bytes are others), ServerAway."""
        digest = hashlib.sha256()
        try:
            async with (
                self._http.stream("GET", _path(project, sha256), timeout=_SECONDS) as response,
                await anyio.open_file(path, "wb") as file,
            ):
                if not response.is_success:
                    await response.aread()
                    check(response)
                async for chunk in response.aiter_bytes(_CHUNK):
                    digest.update(chunk)
                    await file.write(chunk)
        except httpx.TransportError as error:
            raise ServerAway("server_away", f"{type(error).__name__}: {error}", "it is asked again") from error
        if digest.hexdigest() != sha256:
            raise PeerError("blob_damaged", f"blob {sha256} came with the hash {digest.hexdigest()}", "restore it")

    async def upload(self, project: str, path: Path) -> None:
        """Store the file under its name, which is its SHA-256. A blob that is there already is not sent again."""
        head = await self._http_head(project, path.name)
        if not head:
            size = (await anyio.Path(path).stat()).st_size
            headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
            options = {"content": _chunks(path), "headers": headers, "timeout": _SECONDS}
            await send(self._http, "PUT", _path(project, path.name), **options)

    async def _http_head(self, project: str, sha256: str) -> bool:
        try:
            return (await self._http.head(_path(project, sha256))).is_success
        except httpx.TransportError as error:
            raise ServerAway("server_away", f"{type(error).__name__}: {error}", "it is asked again") from error


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        while chunk := await file.read(_CHUNK):
            yield chunk


def _path(project: str, sha256: str) -> str:
    return f"/api/v1/projects/{project}/blobs/{sha256}"
