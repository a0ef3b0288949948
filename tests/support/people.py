"""A server with accounts, and one person for every role in a project.

async with api(tmp_path, accounts=True) as client:
    cast = await Cast.of(services(client))
    place = await cast.project()
    await client.get(f"/api/v1/projects/{place}", headers=await cast.headers("viewer"))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from crdt.ids import new_id
from server.accounts.directory import User
from server.auth import COOKIE
from server.permissions import Standing
from server.services import Services

Part = Literal["none", "stranger", "viewer", "commenter", "editor", "owner", "team", "admin", "peer"]
"""none: nobody; stranger: an account without a role here; the last three have a standing on the server."""
PARTS: tuple[Part, ...] = get_args(Part)
MEMBERS: tuple[Part, ...] = ("viewer", "commenter", "editor", "owner")
_STANDINGS: dict[str, Standing] = {"team": "team", "admin": "admin"}
_HOUR = 3600.0


@dataclass(frozen=True)
class Cast:
    services: Services
    users: dict[str, User]

    @staticmethod
    async def of(services: Services) -> Cast:
        """Accounts without passwords: they come in by sessions that are made for them."""
        people = services.accounts.people
        named = [part for part in PARTS if part not in ("none", "peer")]
        users = {
            part: await people.create(part.title(), _STANDINGS.get(part, "member"), f"{part}@{new_id()}.test".lower())
            for part in named
        }
        return Cast(services, users)

    async def project(self) -> str:
        """A fresh project in which each has the role of their name."""
        made = await self.services.projects.create("Shared", owner=self.users["owner"].id)
        for part in MEMBERS[:-1]:
            await self.services.accounts.members.put(made.id, self.users[part].id, part)  # type: ignore[arg-type]
        return made.id

    async def headers(self, part: Part) -> dict[str, str]:
        """What somebody sends with a request or a socket: a fresh session each time."""
        credentials = self.services.accounts.credentials
        if part == "none":
            return {}
        if part == "peer":
            _, token = await credentials.issue("peer", None, _HOUR, name="Test peer")
            return {"Authorization": f"Bearer {token}"}
        _, cookie = await credentials.issue("session", self.users[part].id, _HOUR)
        return {"Cookie": f"{COOKIE}={cookie}"}
