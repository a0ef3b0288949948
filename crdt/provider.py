"""Keeps one document in step with the server over one connection.

    async with WebSocketChannel.connect(url) as channel:
        provider = Provider(document, channel)
        await provider.run()          # until the channel closes: ChannelClosed, or ConnectionRefused

A new connection is a new Provider on the same document: what the server lacks goes out in the answer to its sync
step 1. Reconnecting, and when, is the caller's (crdt.client).
"""

import asyncio
from collections.abc import Callable
from typing import Any

from pycrdt import TransactionEvent, merge_updates

from crdt.channel import Channel, ChannelClosed
from crdt.document import Document
from crdt.errors import ConnectionRefused, ProtocolError, UpdateRefused
from crdt.messages import (
    EMPTY_UPDATE,
    FRAME_TOO_LARGE,
    AwarenessUpdate,
    Hello,
    Message,
    Notice,
    PermissionDenied,
    QueryAwareness,
    Refused,
    Saved,
    SyncStep1,
    SyncStep2,
    Update,
    decode,
    encode,
)
from crdt.presence import TIMEOUT, Awareness
from crdt.update_split import split_update

REFUSALS = range(4400, 4430)
"""Close codes that say why this replica is not wanted; coming back as it is will not help. 4408 and 4429 are not."""
TRANSIENT = frozenset({4408, 4429})
MERGED_AT_MOST = 64
"""Waiting updates that go out as one message; merging is quadratic in their number."""

PART = 1024 * 1024
"""Bytes of an update above which it goes out in parts (PROTOCOL.md): each is a small bite for a busy room."""

OnPresence = Callable[[set[int]], None]
OnWord = Callable[[Hello | Notice], None]
"""Told what the server says about itself before anything after it is merged; what it raises ends the connection."""


class Provider:
    """document: belongs to the event loop's thread. awareness: kept by the caller across connections.

    synced: set once the server's state has arrived. hello, notice: the server's latest greeting (it comes again when
    the role changes) and its latest word to everybody, where they were asked for. refused: why it closes, in its words.
    Saving needs `?caps=saved`.
    """

    def __init__(
        self,
        document: Document,
        channel: Channel,
        awareness: Awareness | None = None,
        on_presence: OnPresence | None = None,
        on_word: OnWord | None = None,
    ) -> None:
        self.document = document
        self.awareness = awareness or Awareness(document.doc.client_id)
        self.synced = asyncio.Event()
        self.hello: Hello | None = None
        self.notice: Notice | None = None
        self.refused: Refused | None = None
        self.seq = 0
        self._channel = channel
        self._on_presence = on_presence
        self._on_word = on_word
        self._updates: list[bytes] = []
        self._control: list[bytes] = []
        self._may_send_updates = False
        self._applying = False
        self._sent = 0
        self._saved = 0
        self._refusal: ConnectionRefused | None = None
        self._ended: ConnectionRefused | None = None
        self._wake = asyncio.Event()
        self._progress = asyncio.Event()
        self._subscription = document.doc.observe(self._changed)

    # -- what callers ask and tell

    @property
    def is_saved(self) -> bool:
        """Whether everything in the document is committed at the server; never after the end, when edits are unseen."""
        is_answered = self._may_send_updates and not self._updates and self._saved >= self._sent
        return is_answered and self._ended is None

    async def saved(self) -> int:
        """Wait until every edit made so far is committed; the log's number. Raises what ended the connection."""
        while not self.is_saved:
            if self._ended is not None:
                raise self._ended
            self._progress.clear()
            await self._progress.wait()
        return self.seq

    def set_presence(self, state: dict[str, Any] | None) -> None:
        """Replace the own state (crdt.schema.Presence as a dict); None: not here."""
        self._send(AwarenessUpdate(self.awareness.set_local(state)))

    # -- running

    async def run(self) -> None:
        """Until the channel ends: ChannelClosed, ConnectionRefused when the server does not want this replica."""
        tasks: list[asyncio.Task[None]] = []
        try:
            self._send(SyncStep1(self.document.state_vector()))
            if self.awareness.local is not None:
                self.set_presence(self.awareness.local)
            tasks += [asyncio.create_task(part()) for part in (self._read, self._write, self._renew_presence)]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await next(iter(done))
        except ChannelClosed as error:
            raise self._reason(error) from error
        finally:
            self._end()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self) -> None:
        """At once, so that whoever waits learns it even if this task is cancelled again while it cleans up."""
        self._subscription.drop()
        self._ended = self._refusal or ConnectionRefused("disconnected", "the connection ended", "connect again")
        self._progress.set()
        gone = self.awareness.forget_others()
        if gone and self._on_presence is not None:
            self._on_presence(gone)

    def _reason(self, closed: ChannelClosed) -> Exception:
        """The close code says whether what was told before it is final: a server that stops will be back."""
        if closed.code == FRAME_TOO_LARGE:
            self._refusal = self._refusal or ConnectionRefused(
                "message_too_large", "one message holds more than the other side takes", "MAQUETTE_MAX_MESSAGE"
            )
        elif closed.code in TRANSIENT or closed.code not in REFUSALS:
            self._refusal = None
        elif self._refusal is None:
            self._refusal = ConnectionRefused(closed.reason or "refused", f"the server closed with {closed.code}")
        return self._refusal or closed

    async def _read(self) -> None:
        while True:
            await self._receive(decode(await self._channel.receive()))

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while (frame := await self._next()) is not None:
                await self._channel.send(frame)
            self._progress.set()

    async def _renew_presence(self) -> None:
        while True:
            await asyncio.sleep(TIMEOUT / 2)
            if self.awareness.local is not None:
                self.set_presence(self.awareness.local)

    # -- receiving

    async def _receive(self, message: Message) -> None:
        match message:
            case SyncStep1(state):
                await self._answer(state)
            case SyncStep2(update):
                self._apply(update)
                self.synced.set()
            case Update(update):
                self._apply(update)
            case AwarenessUpdate(update):
                changed = self.awareness.apply(update)
                if changed and self._on_presence is not None:
                    self._on_presence(changed)
            case Saved(n, seq):
                self._saved, self.seq = n, seq
                self._progress.set()
            case Hello():
                self.hello = message
                self._tell(message)
            case Notice():
                self.notice = message
                self._tell(message)
            case Refused(code, text, hint):
                self.refused = message
                self._refusal = ConnectionRefused(code, text, hint)
            case PermissionDenied(reason):
                self._refusal = ConnectionRefused("permission_denied", reason)
            case QueryAwareness():
                raise ProtocolError("not_for_clients", "a query for awareness from a server")

    def _tell(self, word: Hello | Notice) -> None:
        if self._on_word is not None:
            self._on_word(word)

    async def _answer(self, state: bytes) -> None:
        # The answer holds every edit made so far, so those that wait need not go out again; those made while it is
        # split wait for it.
        self._updates.clear()
        self._may_send_updates = False
        *before, last = await _in_parts(self.document.update(state))
        for part in before:
            self._sent += 1
            self._send(Update(part))
        self._sent += 1
        self._send(SyncStep2(last))
        self._may_send_updates = True

    def _apply(self, update: bytes) -> None:
        if update == EMPTY_UPDATE:
            return
        self._applying = True
        try:
            self.document.apply(update)
        finally:
            self._applying = False

    # -- sending

    def _changed(self, event: TransactionEvent) -> None:
        if self._applying or event.update == EMPTY_UPDATE:
            return
        # Before the server's step 1 nothing is sent: it may lack what this edit stands on. The answer will hold it.
        self._updates.append(event.update)
        self._wake.set()

    def _send(self, message: Message) -> None:
        self._control.append(encode(message))
        self._wake.set()

    async def _next(self) -> bytes | None:
        if self._control:
            return self._control.pop(0)
        if not self._updates or not self._may_send_updates:
            return None
        if len(self._updates[0]) > PART and not await self._split_first():
            return await self._next()
        waiting = self._updates[: self._that_fit()]
        del self._updates[: len(waiting)]
        self._sent += 1
        return encode(Update(waiting[0] if len(waiting) == 1 else merge_updates(*waiting)))

    async def _split_first(self) -> bool:
        """Put its parts in place of the first update that waits; False when an answer has taken it along meanwhile.

        It stays among those that wait until then: nothing is called saved while it is split.
        """
        first = self._updates[0]
        parts = await _in_parts(first)
        if not self._updates or self._updates[0] is not first:
            return False
        self._updates[:1] = parts
        return True

    def _that_fit(self) -> int:
        """How many of the waiting updates go out as one message."""
        size = 0
        for number, update in enumerate(self._updates[:MERGED_AT_MOST]):
            size += len(update)
            if number and size > PART:
                return number
        return min(len(self._updates), MERGED_AT_MOST)


async def _in_parts(update: bytes) -> list[bytes]:
    """In parts of about PART bytes, a large one in a thread. What our own reader refuses goes out whole: the server
    says what is wrong with it, for good.
    """
    if len(update) <= PART:
        return [update]
    try:
        return await asyncio.to_thread(split_update, update, PART)
    except UpdateRefused:
        return [update]
