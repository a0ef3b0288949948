"""The log in memory: for tests and throw-away servers; obeys the same contract suite as SQL."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.storage.base import Entry, Extra, Loaded, LogConflict


@dataclass
class _Branch:
    entries: list[Entry] = field(default_factory=list)
    clients: dict[int, str] = field(default_factory=dict)
    snapshot: tuple[int, bytes] | None = None


class MemoryUpdateLog:
    """`log = MemoryUpdateLog(); await log.append("p/scene", [entry], {})`"""

    def __init__(self) -> None:
        self._branches: defaultdict[str, _Branch] = defaultdict(_Branch)

    async def load(self, branch: str) -> Loaded:
        held = self._branches[branch]
        seq, snapshot = held.snapshot or (0, None)
        return Loaded(snapshot, seq, held.entries[seq:], dict(held.clients))

    async def append(
        self,
        branch: str,
        entries: Sequence[Entry],
        clients: Mapping[int, str],
        epoch: int = 0,  # noqa: ARG002
    ) -> None:
        self._append(branch, entries, clients)

    def _append(self, branch: str, entries: Sequence[Entry], clients: Mapping[int, str]) -> None:
        held = self._branches[branch]
        first = entries[0].seq
        if held.entries[first - 1 :] == list(entries):
            return
        if first != len(held.entries) + 1:
            raise LogConflict(branch, first)
        held.entries.extend(entries)
        for client, user in clients.items():
            held.clients.setdefault(client, user)

    async def append_job(
        self,
        branch: str,
        entry: Entry,
        clients: Mapping[int, str],
        extra: Extra,
        epoch: int = 0,  # noqa: ARG002
    ) -> int | None:
        for old in self._branches[branch].entries:
            if old.job == entry.job:
                return old.seq
        await extra(None)
        self._append(branch, [entry], clients)
        return None

    async def read(self, branch: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        return self._branches[branch].entries[after : after + limit]

    async def put_snapshot(self, branch: str, seq: int, at: int, payload: bytes) -> None:  # noqa: ARG002
        self._branches[branch].snapshot = (seq, payload)

    async def close(self) -> None:
        self._branches.clear()
