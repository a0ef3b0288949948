"""Documents as they were: replayed from the nearest stored state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crdt.document import Document
from server.refound import refound
from server.side_process import SideProcess
from server.storage.history import Base, Row, SqlHistory
from server.sync.branch import Branch
from server.sync.replica import Replica


@dataclass(frozen=True, slots=True)
class State:
    """update: the whole document. hash: of its canonical JSON (SPEC D8)."""

    seq: int
    update: bytes
    hash: str


class Replay:
    def __init__(self, history: SqlHistory, process: SideProcess) -> None:
        self._history = history
        self._process = process

    async def state(self, branch: Branch, seq: int) -> State:
        """The document at the last moment at or before row `seq`."""
        moment = await self._history.moment(str(branch), seq)
        base, rows = await self.until(branch, moment)
        update, hash = await self._process.ask(described, branch.document, base, rows, weight=weight(base, rows))
        return State(moment, update, hash)

    async def whole(self, branch: Branch, seq: int) -> bytes:
        """The document as of row `seq`, as one update."""
        base, rows = await self.until(branch, seq)
        return await self._process.ask(whole_of, branch.document, base, rows, weight=weight(base, rows))

    async def founded(self, branch: Branch, seq: int, generation: int, with_trash: bool) -> bytes:
        """The document at that moment, founded anew."""
        base, rows = await self.until(branch, seq)
        return await self._process.ask(
            founded, branch.document, base, rows, generation, with_trash, weight=weight(base, rows)
        )

    async def until(self, branch: Branch, seq: int) -> tuple[Base, list[Row]]:
        base = await self._history.base(str(branch), seq)
        return base, await self._history.rows(str(branch), base.seq, seq)


def weight(base: Base, rows: Iterable[Row]) -> int:
    """Bytes that a replay reads."""
    return len(base.payload or b"") + sum(len(row.payload) for row in rows)


def replayed(kind: type[Document], base: Base, rows: Iterable[Row]) -> Replica:
    """A replica of what base and rows add up to. Slow for large ones: not in the event loop."""
    replica = Replica(kind())
    replica.apply([base.payload] if base.payload is not None else [])
    replica.apply([row.update for row in rows])
    return replica


def whole_of(kind: type[Document], base: Base, rows: Sequence[Row]) -> bytes:
    return replayed(kind, base, rows).whole()


def described(kind: type[Document], base: Base, rows: Sequence[Row]) -> tuple[bytes, str]:
    document = replayed(kind, base, rows).document
    return document.update(), document.hash()


def founded(kind: type[Document], base: Base, rows: Sequence[Row], generation: int, with_trash: bool) -> bytes:
    return refound(replayed(kind, base, rows).whole(), generation, with_trash=with_trash)
