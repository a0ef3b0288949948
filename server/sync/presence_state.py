"""A presence state as others may see it: a small object that names nobody but its sender."""

import json

import structlog

from crdt.canonical import plain
from crdt.errors import ProtocolError
from crdt.presence import MAX_CLOCK, MAX_STATE, PresenceEntry, read_state
from server.auth import Identity

_log = structlog.get_logger()
_OWN = ("id", "name", "kind")


def shown_entry(identity: Identity, entry: PresenceEntry) -> PresenceEntry | None:
    """What to show of a sender's own entry; None where it is too large and the state before it stays.

    A `user` with an id that is not the sender's is corrected: nobody appears under another's name. States of stock
    clients, whose users have no ids, stay as they are. ProtocolError `bad_presence`.
    """
    if entry.clock > MAX_CLOCK:
        raise ProtocolError("bad_presence", f"the clock {entry.clock}", f"at most {MAX_CLOCK}")
    if entry.state is None:
        return entry
    size = len(entry.state.encode())
    if size > MAX_STATE:
        # No warning: it would cost its sender nothing to fill the log.
        _log.debug("presence_too_large", user=identity.user_id, bytes=size, limit=MAX_STATE)
        return None
    state = read_state(entry.state)
    user = state.get("user")
    if not isinstance(user, dict) or "id" not in user:
        return entry
    own = identity.as_user()
    if all(user.get(key, own[key]) == own[key] for key in _OWN):
        return entry
    corrected = {**state, "user": {**user, **{key: own[key] for key in _OWN}}}
    # ASCII: escaped surrogates stay escaped.
    return entry._replace(state=json.dumps(plain(corrected), separators=(",", ":")))
