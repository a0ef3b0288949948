"""`/sync/{project}/{document}`: who comes in, under which role, into which room."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakKeyDictionary

import structlog
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from crdt.errors import MaquetteError
from crdt.messages import (
    CAPABILITIES,
    FORBIDDEN,
    NO_SUCH_PROJECT,
    NOT_AUTHORISED,
    RESTART,
    TOO_FAST,
    Hello,
    PermissionDenied,
    Refused,
    encode,
)
from crdt.schema import SCHEMA_VERSION
from server.accounts.access import Access
from server.auth import Authenticator, Identity
from server.errors import Forbidden, NotAuthorised, NotFound, TooMany, Unavailable
from server.http.proxies import address_of
from server.limits.sockets import SocketLimits
from server.permissions import Role, may
from server.sockets.connection import EXTENSION
from server.storage.base import StorageUnavailable, naming_failures
from server.sync.branch import Branch
from server.sync.direct_session import DirectSession
from server.sync.live import LiveRoom
from server.sync.member import Member
from server.sync.outbox import Closing, Outbox
from server.sync.rooms import Rooms
from server.sync.session import Limits, Session, close_socket
from server.telemetry import Telemetry


class ProjectHead(Protocol):
    @property
    def generation(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Sync:
    """What the endpoint works with. project: reads a project, NotFound where there is none."""

    rooms: Rooms
    auth: Authenticator
    access: Access
    project: Callable[[str], Awaitable[ProjectHead]]
    telemetry: Telemetry
    limits: Limits = field(default_factory=Limits)
    sockets: SocketLimits = field(default_factory=SocketLimits)
    _generations: WeakKeyDictionary[LiveRoom, int] = field(default_factory=WeakKeyDictionary)

    def route(self) -> WebSocketRoute:
        return WebSocketRoute("/sync/{project}/{document}", self.serve, name="sync")

    async def serve(self, websocket: WebSocket) -> None:
        """Accept always, so that a browser learns the close code of a refusal."""
        await websocket.accept()
        capabilities = _capabilities(websocket)
        try:
            with naming_failures():
                room, member = await self._admit(websocket, capabilities)
        except (NotAuthorised, Forbidden, NotFound, TooMany, Unavailable, StorageUnavailable) as error:
            await self._turn_away(websocket, error, "refusal" in capabilities)
            return
        structlog.contextvars.bind_contextvars(user=member.identity.user_id, room=str(room.branch))
        tells_refusals = "refusal" in capabilities
        connection = websocket.scope["extensions"].get(EXTENSION)
        if connection is None:
            await Session(websocket, room, member, self.telemetry, self.limits, tells_refusals).run()
        else:
            DirectSession(connection, room, member, self.telemetry, self.limits, tells_refusals).open()

    async def _admit(self, websocket: WebSocket, capabilities: frozenset[str]) -> tuple[LiveRoom, Member]:
        query = websocket.query_params
        identity = await self.auth.identify(websocket.headers, websocket.cookies, query, ticket=True)
        branch = Branch.parse("{project}/{document}".format(**websocket.path_params))
        await self._role(identity, branch)
        room, generation = await self._enter(branch)
        # Asked again, from memory: what changed while the room was loaded was told before this member is in it.
        identity = await self.auth.renew(identity)
        member = self._member(identity, await self._role(identity, branch), branch, capabilities)
        member.place = self.sockets.enter(identity.user_id, address_of(websocket.scope), branch.project)
        member.allowance = member.place.allowance
        if member.wants_hello:
            member.outbox.put(hello_of(member, generation, room.seq))
        return room, member

    async def _enter(self, branch: Branch) -> tuple[LiveRoom, int]:
        """The room, and the generation of its project: a scene that is founded anew gets a new room, so that this is
        read from the database once for each.
        """
        room = await self.rooms.room(str(branch))
        generation = self._generations.get(room)
        if generation is None:
            generation = (await self.project(branch.project)).generation
            room = await self.rooms.room(str(branch))
            if branch.kind == "scene":
                self._generations[room] = generation
        return room, generation

    async def _role(self, identity: Identity, branch: Branch) -> Role:
        """The role in the project, one that may read the document."""
        role = await self.access.role(identity, branch.project)
        if not may(role, branch.reads):
            raise Forbidden("forbidden", f"a {role} may not read this document")
        return role

    def _member(self, identity: Identity, role: Role, branch: Branch, capabilities: frozenset[str]) -> Member:
        return Member(
            identity,
            Outbox(self.limits.outbox),
            role=role,
            can_write=may(role, branch.writes),
            can_appear=may(role, "presence"),
            wants_saved="saved" in capabilities,
            wants_hello="hello" in capabilities,
            wants_notices="notice" in capabilities,
        )

    async def _turn_away(self, websocket: WebSocket, error: MaquetteError, tells_refusals: bool) -> None:
        wait = error.retry_after if isinstance(error, TooMany) else 0
        refused = Refused(error.code, error.message, error.hint, math.ceil(wait) or None)
        self.telemetry.refusals.labels(error.code).inc()
        if isinstance(error, NotAuthorised | Forbidden):
            await websocket.send_bytes(encode(PermissionDenied(error.message)))
        await close_socket(websocket, Closing(_close_code(error), error.code, refused), tells_refusals)


def _capabilities(websocket: WebSocket) -> frozenset[str]:
    return CAPABILITIES.intersection(websocket.query_params.get("caps", "").split(","))


def hello_of(member: Member, generation: int, seq: int) -> bytes:
    """What a member is told at the opening, and again when their role changes."""
    user, read_only = dict(member.identity.as_user()), not member.can_write
    return encode(Hello(generation, SCHEMA_VERSION, user, member.role, read_only, seq))


def _close_code(error: MaquetteError) -> int:
    codes = {NotAuthorised: NOT_AUTHORISED, Forbidden: FORBIDDEN, NotFound: NO_SUCH_PROJECT, TooMany: TOO_FAST}
    return next((code for kind, code in codes.items() if isinstance(error, kind)), RESTART)
