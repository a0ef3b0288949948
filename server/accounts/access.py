"""Which role somebody has in a project, now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from server.accounts.changes import Changes
from server.accounts.directory import Place
from server.accounts.identity import KEY_HOLDER, Identity
from server.errors import NotFound
from server.permissions import Role, Scope, Standing, role_of


class Places(Protocol):
    """server.accounts.directory.Directory.place"""

    def __call__(self, user: str, project: str, /) -> Awaitable[Place]: ...


class Access:
    """`role = await access.role(identity, project)`; `changed` tells when to ask again.

    standing_of: of a user by id; None for one that is not known.
    """

    def __init__(
        self, place: Places, standing_of: Callable[[str], Awaitable[Standing | None]], clock: Callable[[], float],
        changed: Changes,
    ) -> None:  # fmt: skip
        self.changed = changed
        self._place = place
        self._standing_of = standing_of
        self._clock = clock

    async def role(self, who: Identity, project: str) -> Role:
        """NotFound `no_such_project` where there is none, or none that they have any business in: the same answer."""
        role = await self._role(who.user_id, who.standing, who.credential.scope, project)
        if role is None:
            raise no_such_project(project)
        return role

    async def role_of_author(self, user: str, project: str) -> Role | None:
        """The role of somebody who is known by id only: the author of a row of the log. None: none (any more)."""
        standing = "team" if user.startswith(KEY_HOLDER) else await self._standing_of(user)
        return None if standing is None else await self._role(user, standing, "admin", project)

    async def _role(self, user: str, standing: Standing, scope: Scope, project: str) -> Role | None:
        place = await self._place(user, project)
        if not place.exists:
            return None
        now = self._clock() * 1000
        held = [grant.role for grant in place.grants if grant.expires is None or grant.expires > now]
        return role_of(standing, held, scope)


def no_such_project(id: str) -> NotFound:
    return NotFound("no_such_project", f"there is no project {id[:80]!r}")
