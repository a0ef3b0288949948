"""People with accounts at browsers of their own: accounts are made over HTTP, their cookies handed over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser

from tests.support.browser import Person, person
from tests.support.editor import SMALL
from tests.support.studio import Studio, studio

PASSWORD = "a quiet long sentence"


@dataclass
class House:
    """A server with accounts. The first account made with its key administers it."""

    server: Studio
    key: str
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.server.url

    async def account(self, name: str, *, admin: bool = False) -> str:
        """Makes an account; its user's id. Only the admin comes by the key, others are invited by a link."""
        client = httpx.AsyncClient(base_url=self.url, timeout=60)
        self.clients[name] = client
        body = {"name": name, "email": address(name), "password": PASSWORD}
        invitation = {"key": self.key} if admin else {"link": await self._door()}
        answer = await client.post("/api/v1/accounts", json={**body, **invitation})
        return str(answer.raise_for_status().json()["user"]["id"])

    async def _door(self) -> str:
        """A link into a project of the admin's that nobody else uses."""
        admin = next(iter(self.clients.values()))
        project = (await admin.post("/api/v1/projects", json={"name": "The door"})).raise_for_status().json()["id"]
        link = await admin.post(f"/api/v1/projects/{project}/links", json={"role": "viewer"})
        return str(link.raise_for_status().json()["token"])

    async def call(self, name: str, method: str, path: str, json: Any = None) -> Any:
        """Somebody's call; the answer's body."""
        answer = await self.clients[name].request(method, f"/api/v1{path}", json=json)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def project(self, owner: str, name: str) -> str:
        return str((await self.call(owner, "POST", "/projects", {"name": name}))["id"])

    async def add_node(self, who: str, project: str, name: str) -> str:
        edits = {"edits": [{"edit": "node.add", "name": name}]}
        return str((await self.call(who, "PATCH", f"/projects/{project}/scene", edits))["ids"][0])

    async def share(self, owner: str, project: str, other: str, role: str) -> None:
        await self.call(owner, "POST", f"/projects/{project}/members", {"email": address(other), "role": role})

    @asynccontextmanager
    async def at_browser(
        self, browser: Browser, name: str, size: tuple[int, int] = SMALL, **options: Any
    ) -> AsyncIterator[Person]:
        """Somebody with an account, signed in."""
        async with person(browser, self.url, name, size, **options) as who:
            cookies = self.clients[name].cookies.jar
            await who.context.add_cookies([{"name": c.name, "value": c.value or "", "url": self.url} for c in cookies])
            yield who


def address(name: str) -> str:
    return f"{name.lower()}@example.org"


ACCOUNTS = {"MAQUETTE_ACCOUNTS": "true"}


@asynccontextmanager
async def house(data: Path, *, peer: bool = False, **environment: str) -> AsyncIterator[House]:
    """A server with accounts, Ada its admin."""
    async with studio(data, peer=peer, environment={**ACCOUNTS, **environment}) as server:
        found = House(server, (data / "access.key").read_text().strip())
        try:
            await found.account("Ada", admin=True)
            yield found
        finally:
            for client in found.clients.values():
                await client.aclose()
