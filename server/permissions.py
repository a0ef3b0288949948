"""Who may do what: one pure function over roles and actions, for sockets and HTTP alike.

A *role* is held in a project; roles are nested: viewer < commenter < editor < owner. A *standing* is held on the
server: it gives a role in every project (or none), and says what may be done outside of projects. A peer is a compute
process: it works for those who asked, so it reads and writes scenes and blobs and leases jobs, but asks for nothing.
"""

from collections.abc import Iterable
from typing import Literal, get_args

from crdt.messages import AwarenessUpdate, Message, QueryAwareness, SyncStep1, SyncStep2, Update

Role = Literal["owner", "editor", "commenter", "viewer", "peer"]
Standing = Literal["visitor", "admin", "team", "member", "guest", "peer"]
Scope = Literal["read", "edit", "admin"]
Kind = Literal["scene", "session"]
"""Of a document."""
ProjectAction = Literal[
    "project.read", "project.change", "project.manage",
    "scene.read", "scene.edit", "session.read", "session.write", "session.jobs", "presence",
    "blob.read", "blob.write", "blob.share", "job.read", "job.export", "job.request", "job.cancel",
    "history.read", "version.create", "member.read", "member.manage",
]  # fmt: skip
ServerAction = Literal[
    "project.list", "project.create", "account.read", "account.change", "people.manage", "peer.manage", "peer.work",
]  # fmt: skip
Action = Literal[ProjectAction, ServerAction]

SERVER_ACTIONS: frozenset[str] = frozenset(get_args(ServerAction))

_VIEWER: frozenset[Action] = frozenset(
    {
        "project.read", "scene.read", "session.read", "blob.read", "job.read", "job.export", "presence",
        "history.read", "member.read",
    }
)  # fmt: skip
_COMMENTER: frozenset[Action] = _VIEWER | {"session.write"}
_EDITOR: frozenset[Action] = _COMMENTER | {
    "scene.edit", "session.jobs", "blob.write", "blob.share", "job.request", "job.cancel", "project.change",
    "version.create",
}  # fmt: skip
_OWNER: frozenset[Action] = _EDITOR | {"project.manage", "member.manage"}
_PEER: frozenset[Action] = (_VIEWER - {"job.export", "member.read"}) | {"scene.edit", "blob.write"}

_GUEST: frozenset[Action] = frozenset({"project.list", "account.read", "account.change"})
_MEMBER: frozenset[Action] = _GUEST | {"project.create"}

_ROLES: dict[Role, frozenset[Action]] = {
    "owner": _OWNER,
    "editor": _EDITOR,
    "commenter": _COMMENTER,
    "viewer": _VIEWER,
    "peer": _PEER,
}
_STANDINGS: dict[Standing, frozenset[Action]] = {
    "visitor": frozenset({"project.list", "project.create"}),
    "admin": _MEMBER | {"people.manage", "peer.manage"},
    "team": _MEMBER,
    "member": _MEMBER,
    "guest": _GUEST,
    "peer": frozenset({"project.list", "peer.work"}),
}
_ROLE_EVERYWHERE: dict[Standing, Role] = {"visitor": "owner", "admin": "owner", "team": "editor", "peer": "peer"}
_SCOPES: dict[Scope, frozenset[Action]] = {
    "read": _VIEWER | {"project.list", "account.read"},
    "edit": _EDITOR | {"project.list", "account.read", "project.create"},
    "admin": frozenset(get_args(Action)),
}
_RANKS: tuple[Role, ...] = ("viewer", "commenter", "editor", "owner")
_CAPS: dict[Scope, Role] = {"read": "viewer", "edit": "editor", "admin": "owner"}

READS: dict[Kind, Action] = {"scene": "scene.read", "session": "session.read"}
WRITES: dict[Kind, Action] = {"scene": "scene.edit", "session": "session.write"}
"""What looking into a document of a kind is, and changing it."""

READ_ONLY_EXPORTS = frozenset({"export", "plain"})
"""Job operations that leave the scene as it is: whoever may read the scene may ask for them."""


def may(role: Role, action: Action) -> bool:
    """Whether a role allows an action in its project. Pure: no request, no database."""
    return action in _ROLES[role]


def may_here(standing: Standing, scope: Scope, action: Action) -> bool:
    """Whether a standing allows an action outside of projects, with a credential of this scope."""
    return action in _STANDINGS[standing] and action in _SCOPES[scope]


def may_request(role: Role, op: str) -> bool:
    """Whether a role may ask for a job of this operation."""
    return may(role, "job.export" if op in READ_ONLY_EXPORTS else "job.request")


def action_of(message: Message, kind: Kind) -> Action | None:
    """What a client does to a document of this kind by sending a message; None: no message for a client to send."""
    match message:
        case SyncStep1() | QueryAwareness():
            return READS[kind]
        case SyncStep2() | Update():
            return WRITES[kind]
        case AwarenessUpdate():
            return "presence"
        case _:
            return None


def role_of(standing: Standing, granted: Iterable[Role], scope: Scope) -> Role | None:
    """The role in a project: the highest of what the standing and the grants give, at most what the scope lets through.

    None: no business in that project at all.
    """
    everywhere = _ROLE_EVERYWHERE.get(standing)
    if everywhere == "peer":
        return "peer"
    held = [_RANKS.index(role) for role in (*granted, everywhere) if role is not None]
    return _RANKS[min(max(held), _RANKS.index(_CAPS[scope]))] if held else None


def sees_all(standing: Standing) -> bool:
    """Whether a standing gives a role in every project."""
    return standing in _ROLE_EVERYWHERE
