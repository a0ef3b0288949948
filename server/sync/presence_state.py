"""A presence state as others may see it: a small object that names nobody but its sender."""

import json

import structlog

from crdt.canonical import plain
from crdt.presence import MAX_STATE, read_state
from server.auth import Identity

_log = structlog.get_logger()
_OWN = ("id", "name", "kind")


def shown_state(identity: Identity, text: str) -> str | None:
    """The JSON text to show of what this sender sent; None where it is too large and the state before it stays.

    A `user` with an id that is not the sender's is corrected: nobody appears under another's name. States of stock
    clients, whose users have no ids, stay as they are. ProtocolError `bad_presence`.
    """
    size = len(text.encode())
    if size > MAX_STATE:
        # No warning: it would cost its sender nothing to fill the log.
        _log.debug("presence_too_large", user=identity.user_id, bytes=size, limit=MAX_STATE)
        return None
    state = read_state(text)
    user = state.get("user")
    if not isinstance(user, dict) or "id" not in user:
        return text
    own = identity.as_user()
    if all(user.get(key, own[key]) == own[key] for key in _OWN):
        return text
    corrected = {**state, "user": {**user, **{key: own[key] for key in _OWN}}}
    return json.dumps(plain(corrected), separators=(",", ":"))  # ASCII: escaped surrogates stay escaped
