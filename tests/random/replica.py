"""One participant: a scene document with its undo stack, its connection, and what it believes to be saved."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc

from crdt.document import SceneDocument
from crdt.undo import UndoStack
from tests.random.digest import Digest
from tests.random.model_server import Link, ModelServer

CLOCK = 1_700_000_000_000


class Replica:
    def __init__(self, server: ModelServer, client_id: int) -> None:
        self.scene = SceneDocument(Doc(client_id=client_id))
        self.stack = UndoStack(self.scene, clock=lambda: CLOCK)
        self.server = server
        self.saved = Digest({}, {})
        """What the server said it would never lose."""
        self.replaced: list[str] = []
        """Records that were removed or written a second time: must stay empty."""
        self.last_received: bytes | None = None
        self.dirty = True
        """Whether it has changed since somebody looked."""
        self.link: Link | None = None
        self._synced = False
        self._sent: list[Digest | None] = []
        self._applying = False
        self._keep = [self.scene.doc.observe(self._changed), *map(self._watch, self.scene.RECORDS)]
        self.connect()

    def _watch(self, root: str) -> Any:
        def look(event: Any) -> None:
            self.replaced += [f"{root}/{key}" for key, change in event.keys.items() if change["action"] != "add"]

        return self.scene.map(root).observe(look)

    def _changed(self, event: Any) -> None:
        self.dirty = True
        if not self._applying and self.link is not None and self._synced:
            self._send(event.update)

    def _send(self, update: bytes) -> None:
        assert self.link is not None
        self.link.up.append(("update", update))
        self._sent.append(None)  # filled when nothing is being written any more, see `settle`

    def settle(self) -> None:
        """Notes what each message sent so far contains; called between transactions."""
        if None in self._sent:
            now = Digest.of(self.scene)
            self._sent = [now if digest is None else digest for digest in self._sent]

    def connect(self) -> None:
        self.link = self.server.connect()
        self.link.up.append(("sync", self.scene.state_vector()))
        self._synced = False
        self._sent.clear()

    def disconnect(self) -> None:
        """Everything on the way in either direction is lost."""
        if self.link is not None:
            self.server.drop(self.link)
        self.link = None

    @property
    def online(self) -> bool:
        return self.link is not None and self.link in self.server.links

    def receive(self) -> None:
        """Takes the next message of the server."""
        assert self.link is not None
        kind, payload = self.link.down.popleft()
        if kind == "sync":
            assert isinstance(payload, bytes)
            self._synced = True
            self.answer(payload)
        elif kind == "update":
            assert isinstance(payload, bytes)
            self.take(payload)
        elif isinstance(payload, int) and payload:
            saved = self._sent[payload - 1]
            assert saved is not None
            self.saved = saved

    def answer(self, state_vector: bytes) -> None:
        """Sync step 2: everything that the server lacks, all deletes included."""
        self._send(self.scene.update(state_vector))
        self.settle()

    def take(self, update: bytes) -> None:
        self._applying = True
        self.scene.apply(update)
        self._applying = False
        self.last_received = update
