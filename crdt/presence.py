"""Who is here: y-protocols' awareness in a small form of our own.

An awareness update is a varUint count and, for each entry, client id, clock (varUints) and the state as JSON in a
varString (`null`: gone). An entry counts when its clock is higher than the one known, or equal and the state is null.
"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple, NoReturn

from crdt.errors import ProtocolError
from crdt.lib0 import encode_string, encode_uint, read_count, read_uint, truncated

MAX_STATE = 4096
"""Bytes of one state's JSON in UTF-8."""
MAX_DEPTH = 32
"""Nesting of objects and lists in one state."""
MAX_ENTRIES = 1024
"""Entries of one update; stock clients repeat all that they hear of others."""
MAX_UPDATE = MAX_ENTRIES * 1024
"""Bytes of one update."""

MAX_CLOCK = 2**40
"""Of an own entry; the server counts on from there, within what a varUint holds."""

TIMEOUT = 30.0
"""Seconds after which others forget a client that was not heard of; renew after half of it."""


class PresenceEntry(NamedTuple):
    """state: the JSON text of an object, or None when the client is gone."""

    client: int
    clock: int
    state: str | None

    def encode(self) -> bytes:
        text = "null" if self.state is None else self.state
        return encode_uint(self.client) + encode_uint(self.clock) + encode_string(text)

    def value(self) -> dict[str, Any] | None:
        return None if self.state is None else json.loads(self.state)


def encode_presence(entries: Iterable[PresenceEntry]) -> bytes:
    return join_entries([entry.encode() for entry in entries])


def join_entries(encoded: list[bytes]) -> bytes:
    """An awareness update of entries that are encoded already."""
    return encode_uint(len(encoded)) + b"".join(encoded)


def decode_presence(update: bytes) -> list[PresenceEntry]:
    """The entries; ProtocolError for anything but objects and null. Their size is the receiver's to judge."""
    entries = scan_presence(update)
    for entry in entries:
        if entry.state is not None:
            read_state(entry.state)
    return entries


def scan_presence(update: bytes) -> list[PresenceEntry]:
    """The entries, whose states nobody has looked into yet (`read_state`). ProtocolError."""
    if len(update) > MAX_UPDATE:
        raise ProtocolError("bad_presence", f"an update of {len(update)} bytes", f"at most {MAX_UPDATE}")
    try:
        entries, end = _scan(update)
    except IndexError:
        raise truncated() from None
    except UnicodeDecodeError as error:
        raise ProtocolError("bad_text", f"text that is not UTF-8: {error.reason}") from error
    if end > len(update):
        raise truncated()
    if end < len(update):
        raise ProtocolError("trailing_bytes", f"{len(update) - end} bytes after the end of the message")
    return entries


def _scan(update: bytes) -> tuple[list[PresenceEntry], int]:
    count, position = read_count(update, 0, least=3)
    if count > MAX_ENTRIES:
        raise ProtocolError("bad_presence", f"{count} entries", f"at most {MAX_ENTRIES}")
    entries = []
    for _ in range(count):
        client, position = read_uint(update, position)
        clock, position = read_uint(update, position)
        size, position = read_uint(update, position)
        text = update[position : position + size].decode()
        position += size
        entries.append(PresenceEntry(client, clock, None if text == "null" else text))
    return entries, position


def read_state(text: str) -> dict[str, Any]:
    """The state in an entry's JSON text. ProtocolError `bad_presence` where other readers could stumble over it."""
    try:
        state = _JSON.decode(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("bad_presence", f"a state that is not JSON: {error}") from error
    if not isinstance(state, dict):
        raise ProtocolError("bad_presence", f"a state that is a {type(state).__name__}", "an object or null")
    if text.count("{") + text.count("[") > MAX_DEPTH and _is_deeper(state, MAX_DEPTH):
        raise ProtocolError("bad_presence", f"a state nested more than {MAX_DEPTH} deep", "a flatter one")
    return state


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")  # Python reads it, browsers throw


_JSON = json.JSONDecoder(parse_constant=_no_number)


def _is_deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit + 1):
        level = [child for parent in level for child in _children(parent)]
    return bool(level)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


class Awareness:
    """The states that one replica knows, its own included.

    ```
    awareness = Awareness(client)
    update = awareness.set_local({"user": {...}})   # send it
    changed = awareness.apply(update_of_others)     # client ids
    ```
    """

    def __init__(self, client: int) -> None:
        self.client = client
        self.states: dict[int, dict[str, Any]] = {}
        self._clocks: dict[int, int] = {}

    @property
    def local(self) -> dict[str, Any] | None:
        return self.states.get(self.client)

    def set_local(self, state: dict[str, Any] | None) -> bytes:
        """Replace the own state and return the update that tells others; repeat it to renew it."""
        text = _dumps(state)
        if len(text.encode()) > MAX_STATE:
            raise ProtocolError("presence_too_large", f"a state of {len(text.encode())} bytes", f"at most {MAX_STATE}")
        self._put(self.client, self._clocks.get(self.client, 0) + 1, state)
        return self.encode([self.client])

    def encode(self, clients: Iterable[int] | None = None) -> bytes:
        """The states of these clients (None: of all that are here)."""
        chosen = list(self.states) if clients is None else clients
        return encode_presence(
            PresenceEntry(client, self._clocks[client], _dumps(state) if (state := self.states.get(client)) else None)
            for client in chosen
            if client in self._clocks
        )

    def apply(self, update: bytes) -> set[int]:
        """Take over what is newer; the ids of clients whose state changed. Nobody else changes the own state."""
        changed = set()
        for entry in decode_presence(update):
            if entry.client == self.client:
                self._outrun(entry.clock)
            elif self._is_newer(entry):
                self._put(entry.client, entry.clock, entry.value())
                changed.add(entry.client)
        return changed

    def forget_others(self) -> set[int]:
        """After a lost connection nobody is known to be there."""
        gone = set(self.states) - {self.client}
        for client in gone:
            del self.states[client]
        self._clocks = {self.client: self._clocks[self.client]} if self.client in self._clocks else {}
        return gone

    def _outrun(self, clock: int) -> None:
        # An older session under this client id: our next update has to be newer than what others remember.
        self._clocks[self.client] = max(clock, self._clocks.get(self.client, 0))

    def _is_newer(self, entry: PresenceEntry) -> bool:
        known = self._clocks.get(entry.client, -1)
        return entry.clock > known or (entry.clock == known and entry.state is None and entry.client in self.states)

    def _put(self, client: int, clock: int, state: dict[str, Any] | None) -> None:
        self._clocks[client] = clock
        if state is None:
            self.states.pop(client, None)
        else:
            self.states[client] = state


def _dumps(state: dict[str, Any] | None) -> str:
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))
