"""Who may do what: one pure function over roles and actions, for sockets and HTTP alike.

A role is held in a project (today every person of an instance has the same one everywhere). Roles are nested:
viewer < commenter < editor < owner. A peer is a compute process: it works for those who asked, so it reads and writes
scenes and blobs and leases jobs, but asks for nothing itself and manages no project.
"""

from typing import Literal

Role = Literal["owner", "editor", "commenter", "viewer", "peer"]
Action = Literal[
    "project.list", "project.read", "project.create", "project.change",
    "scene.read", "scene.edit", "session.read", "session.write",
    "blob.read", "blob.write", "job.read", "job.request", "job.cancel", "peer.work", "presence",
    "history.read", "version.create", "project.manage",
]  # fmt: skip

_VIEWER: frozenset[Action] = frozenset(
    {"project.list", "project.read", "scene.read", "session.read", "blob.read", "job.read", "presence", "history.read"}
)
_COMMENTER: frozenset[Action] = _VIEWER | {"session.write"}
_EDITOR: frozenset[Action] = _COMMENTER | {
    "scene.edit", "blob.write", "job.request", "job.cancel", "project.create", "project.change",
    "version.create",
}  # fmt: skip
_OWNER: frozenset[Action] = _EDITOR | {"project.manage"}
_PEER: frozenset[Action] = _VIEWER | {"scene.edit", "blob.write", "peer.work"}

_ALLOWED: dict[Role, frozenset[Action]] = {
    "owner": _OWNER,
    "editor": _EDITOR,
    "commenter": _COMMENTER,
    "viewer": _VIEWER,
    "peer": _PEER,
}

READ_ONLY_EXPORTS = frozenset({"export", "plain"})
"""Job operations that leave the scene as it is: whoever may read the scene may ask for them."""


def may(role: Role, action: Action) -> bool:
    """Whether a role allows an action. Pure: no request, no database."""
    return action in _ALLOWED[role]


def may_request(role: Role, op: str) -> bool:
    """Whether a role may ask for a job of this operation."""
    return may(role, "scene.read") and role != "peer" if op in READ_ONLY_EXPORTS else may(role, "job.request")
