"""Loads (e) and (f): clients with nothing come into a room that holds a large scene."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pycrdt import Doc, Map

from tests.benchmarks.report import median
from tests.benchmarks.sync.clients import Client
from tests.benchmarks.sync.convergence import Diverged
from tests.benchmarks.sync.documents import make_scene, make_writer, update_frame
from tests.benchmarks.sync.joining import Joiner
from tests.benchmarks.sync.loads.result import Result
from tests.benchmarks.sync.loads.window import until
from tests.benchmarks.sync.processes import MB, cpu_seconds, forget_peak, peak_resident
from tests.benchmarks.sync.servers.base import Running
from tests.benchmarks.sync.wire import sync_body

CROWD = 50
_FILL_SECONDS = 300.0


@dataclass(frozen=True)
class Joining:
    """singles: joins one after the other, before the crowd comes. Before each the scene changes, so that no encoding
    of an earlier answer serves again.
    """

    nodes: int
    strokes: int = 0
    singles: int = 3

    async def run(self, running: Running) -> Result:
        (room,) = running.make_rooms(1)
        scene = make_scene(self.nodes, self.strokes)
        editor = _Editor(running, room)
        await editor.fill(scene)
        result = Result()
        if self.singles:
            alone = [await self._join_alone(running, room, editor, number) for number in range(self.singles)]
            result.figures["alone"] = median(alone) * 1000
        await self._join_together(running, room, editor, result)
        return result

    async def _join_alone(self, running: Running, room: str, editor: _Editor, number: int) -> float:
        await editor.change()
        began = time.perf_counter()
        joiner = await Joiner(running.door(room, 100 + number)).join()
        seconds = time.perf_counter() - began
        joiner.close()
        return seconds

    async def _join_together(self, running: Running, room: str, editor: _Editor, result: Result) -> None:
        await editor.change()
        forget_peak(running.processes)
        cpu, began = cpu_seconds(running.processes), time.perf_counter()
        joiners = [Joiner(running.door(room, 200 + number), keeps_state=number == 0) for number in range(CROWD)]
        await asyncio.gather(*(joiner.join() for joiner in joiners))
        result.figures["crowd"] = time.perf_counter() - began
        result.figures["crowd_cpu"] = cpu_seconds(running.processes) - cpu
        result.figures["peak"] = peak_resident(running.processes) / MB
        editor.check(joiners)
        for joiner in joiners:
            joiner.close()
        editor.close()


class _Editor:
    """Two clients: one fills and changes the scene, the other one's messages show that the server has it."""

    def __init__(self, running: Running, room: str) -> None:
        self._writer = make_writer(0, 16)
        self._clients = [Client(running.door(room, number), number) for number in range(2)]
        self._sent: list[bytes] = []

    async def fill(self, scene: Sequence[bytes]) -> None:
        for client in self._clients:
            await client.connect()
        for chunk in (self._writer.first, *scene):
            await self._send(chunk)

    async def change(self) -> None:
        self._writer.sent_at.append(0.0)
        await self._send(self._writer.moves[self._writer.sent - 1])

    async def _send(self, update: bytes) -> None:
        sender, witness = self._clients
        size = sum(map(len, witness.frames)) + len(update) // 2
        sender.send(update_frame(update, sender.prefix))
        self._sent.append(update)
        await until(lambda: sum(map(len, witness.frames)) >= size, "the scene was not taken", _FILL_SECONDS)

    def check(self, joiners: list[Joiner]) -> None:
        """Everybody was sent the same, and it is the whole scene."""
        if len({(joiner.size, joiner.checksum) for joiner in joiners}) != 1:
            raise Diverged("clients that joined together were sent different states")
        prefix = len(self._clients[0].prefix)
        bodies = [body[1] for message in joiners[0].messages if (body := sync_body(message, prefix)) is not None]
        if not _is_same(bodies, self._sent):
            raise Diverged("what the clients were sent is not what was put in")

    def close(self) -> None:
        for client in self._clients:
            client.close()


def _is_same(one: list[bytes], other: list[bytes]) -> bool:
    """Whether two lists of updates make the same document; compared as updates first, because reading a hundred
    thousand values takes seconds.
    """
    left, right = _document_of(one), _document_of(other)
    return left.get_update() == right.get_update() or _content_of(left) == _content_of(right)


def _document_of(updates: list[bytes]) -> Doc:
    doc: Doc = Doc()
    with doc.transaction():
        for update in updates:
            doc.apply_update(update)
    return doc


def _content_of(doc: Doc) -> list[object]:
    return [doc.get(root, type=Map).to_py() for root in ("nodes", "strokes")]
