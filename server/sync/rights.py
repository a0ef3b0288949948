"""Changes of roles reach open sockets at once: their members get the new rights and a new *hello*, or are sent away.

What changed by itself (a share link or a session that has expired) is found by going round.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Protocol

from crdt.errors import MaquetteError
from crdt.messages import FORBIDDEN, NOT_AUTHORISED, Refused
from server.accounts.access import Access
from server.accounts.changes import Changed
from server.auth import Authenticator, Identity
from server.errors import Forbidden, NotAuthorised, NotFound
from server.nodes.relay import is_remote
from server.permissions import Role, may
from server.sync.live import LiveRoom
from server.sync.member import Member
from server.sync.outbox import Closing
from server.sync.rooms import Rooms
from server.sync.websocket import hello_of

ROUND_SECONDS = 15.0
_AT_ONCE = 50
"""Members that are looked at before others have a turn."""
_PATIENCE = 5.0


class ProjectHead(Protocol):
    @property
    def generation(self) -> int: ...


class Rights:
    """`run` for as long as the server does; `await settled()` until all changes so far have reached their sockets."""

    def __init__(
        self, rooms: Rooms, auth: Authenticator, access: Access, project: Callable[[str], Awaitable[ProjectHead]]
    ) -> None:
        self._rooms = rooms
        self._auth = auth
        self._access = access
        self._project = project
        self._changes: deque[Changed] = deque()
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        access.changed.listen(self._note)

    def _note(self, changed: Changed) -> None:
        self._changes.append(changed)
        self._settled.clear()
        self._changed.set()

    async def settled(self) -> None:
        """At most a few seconds: while the database is away, changes wait for it and their askers do not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._settled.wait()

    async def run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._changed.wait()
            self._changed.clear()
            if not self._changes:
                await self._review(Changed())
            while self._changes:
                # Taken off only when it has reached everybody: after a failure of the database it comes again.
                await self._review(self._changes[0])
                self._changes.popleft()
            self._settled.set()

    async def _review(self, changed: Changed) -> None:
        for count, (room, member) in enumerate(list(self._concerned(changed)), 1):
            await self._judge(room, member)
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)

    def _concerned(self, changed: Changed) -> Iterator[tuple[LiveRoom, Member]]:
        for room in self._rooms.loaded():
            for member in room.members:
                who = member.identity
                if not is_remote(member) and changed.concerns(who.user_id, room.branch.project, who.credential.id):
                    yield room, member

    async def _judge(self, room: LiveRoom, member: Member) -> None:
        try:
            who = await self._auth.renew(member.identity)
            role = await self._access.role(who, room.branch.project)
            if not may(role, room.branch.reads):
                raise Forbidden("forbidden", f"a {role} may not read this document")
        except (NotAuthorised, Forbidden, NotFound) as error:
            member.can_write = member.can_appear = False
            member.outbox.close(_farewell(error))
            return
        if (who, role) != (member.identity, member.role):
            await self._tell(room, member, who, role)

    async def _tell(self, room: LiveRoom, member: Member, who: Identity, role: Role) -> None:
        member.identity, member.role = who, role
        member.can_write, member.can_appear = may(role, room.branch.writes), may(role, "presence")
        if member.wants_hello:
            generation = (await self._project(room.branch.project)).generation
            member.outbox.put(hello_of(member, generation, room.seq))


def _farewell(error: MaquetteError) -> Closing:
    if isinstance(error, NotFound):  # they know the project: what ended is their role in it
        refused = Refused("forbidden", "your role in this project has ended", "ask its owner")
        return Closing(FORBIDDEN, refused.code, refused)
    code = NOT_AUTHORISED if isinstance(error, NotAuthorised) else FORBIDDEN
    return Closing(code, error.code, Refused(error.code, error.message, error.hint))
