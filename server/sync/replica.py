"""The room's Yjs document: applied to in transactions, each of which yields exactly what it changed."""

import asyncio
from collections.abc import Iterator, Sequence

import structlog
from pycrdt import Subscription

from crdt.document import Document
from crdt.messages import EMPTY_STATE, EMPTY_UPDATE, SyncStep2, Update, decode, encode
from crdt.update_reader import read_state_vector
from crdt.update_split import split_update
from server.storage.base import Loaded
from server.sync.merging import merge

_log = structlog.get_logger()

LOADED_AT_ONCE = 256 * 1024
"""Bytes that are applied between two turns of the event loop while loading (one larger update still comes whole)."""

APPLIED_AT_ONCE = 128 * 1024
"""Bytes of a large update that are applied between two turns: a millisecond in a new document, 5 in one of 10 MB."""

LATER_PART = 8
"""An answer is made anew when what came after it is more than this part of it."""
LATER_WEIGHT = 64
"""Bytes that each later change counts beyond its own: merging costs by their number too."""


class Replica:
    """document: belongs to the event loop's thread."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._doc = document.doc
        self._emitted: list[bytes] = []
        self._answer: bytes | None = None
        self._base: bytes | None = None
        self._later: list[bytes] = []
        self._later_size = 0
        self._whole_again: asyncio.Event | None = None
        self._subscription = self._observe()

    def _observe(self) -> Subscription:
        return self._doc.observe(lambda event: self._emitted.append(event.update))

    async def restore(self, loaded: Loaded) -> None:
        self._subscription.drop()  # nobody needs to be told, and telling costs as much as loading
        tail = [entry.payload for entry in loaded.tail]
        for part in _parts([loaded.snapshot, *tail] if loaded.snapshot else tail):
            for index, error in self._apply(part):
                # What is in the log was taken once, so the same part of it is taken now; a room must always load.
                _log.error("row_not_whole", error=str(error), bytes=len(part[index]))
            await asyncio.sleep(0)
        self._subscription = self._observe()
        if loaded.snapshot is not None and not loaded.tail:
            self._answer = encode(SyncStep2(loaded.snapshot))

    def apply(self, payloads: Sequence[bytes]) -> tuple[bytes | None, list[tuple[int, Exception]]]:
        """Apply judged updates in one transaction: (what changed as one update or None, [(index, error)]).

        An update that the library refuses after all ends there: structs before the bad one are in, and reported as
        changed like all else (measured: what is emitted then replays to the same document).
        """
        failed = self._apply(payloads)
        return self.take_changes(), failed

    async def apply_in_turns(self, payload: bytes) -> tuple[bytes | None, Exception | None]:
        """Apply one large judged update in parts, each with a turn of the event loop after it: (what changed or None,
        error).

        What changed is told as the update itself, which holds it: to merge what the parts emit takes longer than to
        apply them (1.7 MB: 32 ms and 16 ms). After an error nothing more of it is applied; what was, is told.
        """
        self._whole_again = asyncio.Event()
        try:
            for part in await asyncio.to_thread(split_update, payload, APPLIED_AT_ONCE):
                if failed := self._apply([part]):
                    return self.take_changes(), failed[0][1]
                await asyncio.sleep(0)
        finally:
            self._whole_again.set()
            self._whole_again = None
        has_changed = any(update != EMPTY_UPDATE for update in self._emitted)
        self._emitted = []
        if not has_changed:
            return None, None
        self._note(payload)
        return payload, None

    async def settled(self) -> None:
        """Wait until the document holds no part of an update; it is so until the next await."""
        while self._whole_again is not None:
            await self._whole_again.wait()

    def _apply(self, payloads: Sequence[bytes]) -> list[tuple[int, Exception]]:
        if len(payloads) == 1:  # the usual case: the library's own transaction is all that it needs
            return self._apply_each(payloads)
        with self._doc.transaction():
            return self._apply_each(payloads)

    def _apply_each(self, payloads: Sequence[bytes]) -> list[tuple[int, Exception]]:
        failed: list[tuple[int, Exception]] = []
        for index, payload in enumerate(payloads):
            try:
                self._doc.apply_update(payload)
            except (ValueError, RuntimeError) as error:
                failed.append((index, error))
        return failed

    def take_changes(self) -> bytes | None:
        """What the transactions since the last call changed."""
        emitted = self._emitted
        if not emitted:
            return None
        self._emitted = []
        changes = [update for update in emitted if update != EMPTY_UPDATE]
        if not changes:
            return None
        changed = merge(changes)
        self._note(changed)
        return changed

    def _note(self, changed: bytes) -> None:
        """The answer to the empty state is out of date; that of a large document goes on with what came later."""
        held = self._answer or self._base
        if held is None:
            return
        self._later.append(changed)
        self._later_size += len(changed) + LATER_WEIGHT
        if self._later_size * LATER_PART > len(held):
            self._forget_answer()

    def _forget_answer(self) -> None:
        self._answer = self._base = None
        self._later = []
        self._later_size = 0

    def state_vector(self) -> bytes:
        return self._doc.get_state()

    def clocks(self) -> dict[int, int]:
        return read_state_vector(self._doc.get_state())

    def since(self, state: bytes) -> bytes:
        """What a replica of this state vector lacks; all deletes included."""
        return self.whole() if state == EMPTY_STATE else self._doc.get_update(state)

    def answer(self, state: bytes) -> list[bytes]:
        """The step 2 for this state vector. For the empty one, as many may join at once: one and the same object until
        the next change; then, for a while, that as an update and a step 2 with what changed since (it comes last, as it
        says that all is there). To make it anew would hold up everybody (40 MB: 0.4 s).
        """
        if state != EMPTY_STATE:
            return [encode(SyncStep2(self._doc.get_update(state)))]
        if not self._later:
            return [self._whole_answer()]
        self._later = [merge(self._later)]
        if self._base is None:
            # One of the two: while there is something later, nobody is given the answer alone.
            self._base, self._answer = _as_update(self._whole_answer()), None
        return [self._base, encode(SyncStep2(self._later[0]))]

    def _whole_answer(self) -> bytes:
        if self._answer is None:
            self._answer = encode(SyncStep2(self._doc.get_update()))
        return self._answer

    def whole(self) -> bytes:
        """The document as one update; kept until the next change."""
        if self._later:
            self._forget_answer()
        return _carried(self._whole_answer())

    def close(self) -> None:
        self._subscription.drop()


def _as_update(answer: bytes) -> bytes:
    """A step 2 as an update: the messages differ in their second byte; made in one piece, as both may have 40 MB."""
    return b"".join((encode(Update(b""))[:2], memoryview(answer)[2:]))


def _carried(answer: bytes) -> bytes:
    message = decode(answer)
    assert isinstance(message, SyncStep2)
    return message.update


def _parts(payloads: Sequence[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for payload in payloads:
        part.append(payload)
        size += len(payload)
        if size > LOADED_AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part
