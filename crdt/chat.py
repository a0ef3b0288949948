"""Chat in the session document: atomic lines under random ids, ordered by (at, id)."""

from __future__ import annotations

from crdt.document import SessionDocument
from crdt.ids import new_id
from crdt.nodes import now_ms
from crdt.schema import ChatLine


def say(
    session: SessionDocument, by: str, name: str, text: str, *, id: str | None = None, at: int | None = None
) -> str:
    """Adds a line; 1 to 4000 characters."""
    line = {"by": by, "name": name, "at": now_ms() if at is None else at, "text": text}
    return session.put("chat", id or new_id(), line)


def lines(session: SessionDocument) -> list[tuple[str, ChatLine]]:
    """All well-typed lines, oldest first."""
    found = ((key, session.read("chat", key)) for key in session.ids("chat"))
    return sorted(((key, line) for key, line in found if line is not None), key=lambda item: (item[1].at, item[0]))
