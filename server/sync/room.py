"""One document in memory, and everybody who edits it.

Everything that changes it goes through one ordered inbox, batch by batch:

    judged → applied, one transaction per author and batch → committed to the log → broadcast, saved, answered

Nobody is shown what is not durable: the broadcast follows the commit (0.3 ms with SQLite). While a commit fails, it is
repeated; what comes in meanwhile waits, bounded, and clients go on editing their own replicas. Presence does not wait.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

import structlog

from crdt.errors import UpdateRefused
from crdt.messages import INTERNAL_ERROR, RESTART
from crdt.spans import NO_TRACING
from crdt.update_reader import UpdateSummary
from server.errors import Unavailable
from server.storage.base import Deposed, Entry, Extra, LogConflict, UpdateLog
from server.sync import reading
from server.sync.batch import Batch, Change
from server.sync.branch import Branch
from server.sync.delivery import Delivery
from server.sync.gate import Gate
from server.sync.inbox import (
    Edit,
    Inbox,
    Incoming,
    Input,
    JobOutcome,
    JobResult,
    Question,
    Stop,
    fail,
    resolve,
)
from server.sync.inspection import Inspection
from server.sync.journal import Journal
from server.sync.member import NOT_SAVING, SAVING_AGAIN, Member
from server.sync.outbox import Closing
from server.sync.presence_board import PresenceBoard
from server.sync.reading import LARGE, summary_of
from server.sync.replica import Replica
from server.sync.territory import jobs_of
from server.sync.writer import Writer
from server.telemetry import Telemetry

INBOX_LIMIT = 128 * 1024 * 1024

_log = structlog.get_logger()

OnCommit = Callable[["Room", Sequence[Entry], Sequence[Change]], None]
"""Told about the rows of every commit, and for each of them who sent it; must not raise or wait."""


class Room:
    """Made by `load`, lives in `run`; others get it from `Rooms`.

    document: belongs to the event loop's thread; read it between two awaits, write it only through `edit`. It is ahead
    of the log by what is being committed, and may hold a part of a large update unless `settled` was awaited; what
    sockets are told never is. journal: its rows.
    """

    def __init__(
        self, branch: Branch, replica: Replica, gate: Gate, journal: Journal, telemetry: Telemetry, on_commit: OnCommit,
        inspection: Inspection,
    ) -> None:  # fmt: skip
        self.branch = branch
        self.members: set[Member] = set()
        self.presence = PresenceBoard(self.members, telemetry.sent)
        self._replica = replica
        self._gate = gate
        self._inspection: Inspection | None = inspection
        self.journal = journal
        journal.on_turn = self._tell_saving
        self._delivery = Delivery(self.members, replica, telemetry)
        self._writer = Writer(gate, replica, journal, self._delivery, telemetry)
        self._telemetry = telemetry
        self._tracing = telemetry.tracing
        self._on_commit = on_commit
        self._inbox = Inbox(INBOX_LIMIT)
        self._in_hand: list[Input] = []
        self._since = 0.0

    @classmethod
    async def load(
        cls, branch: Branch, log: UpdateLog, telemetry: Telemetry, on_commit: OnCommit, epoch: int = 0
    ) -> Self:
        """epoch: of this node's lease on the branch; 0: there are no leases."""
        loaded = await log.load(str(branch))
        replica = Replica(branch.document())
        await replica.restore(loaded)
        journal = Journal(str(branch), loaded, log, telemetry, epoch)
        inspection = Inspection(replica, branch.document)
        jobs = await asyncio.to_thread(jobs_of, replica.whole()) if branch.kind == "session" else None
        gate = Gate(replica.clocks(), loaded.clients, inspection.begin(loaded.size), jobs)
        return cls(branch, replica, gate, journal, telemetry, on_commit, inspection)

    # -- what others call

    @property
    def document(self) -> Any:
        """The SceneDocument or SessionDocument."""
        return self._replica.document

    def whole(self) -> bytes:
        """The document as one update; kept until the next change."""
        return self._replica.whole()

    async def settled(self) -> None:
        """Wait until the document holds no part of a large update; it is so until the next await."""
        await self._replica.settled()

    @property
    def seq(self) -> int:
        """The number of the last committed row."""
        return self.journal.seq

    @property
    def failing_since(self) -> float | None:
        """time.monotonic() since when nothing could be committed; None when all is well."""
        return self.journal.failing_since

    @property
    def inbox_bytes(self) -> int:
        return self._inbox.size

    @property
    def outbox_bytes(self) -> int:
        return sum(member.outbox.size for member in self.members)

    @property
    def lag(self) -> tuple[int, float]:
        """Inputs that are not committed yet, and for how many seconds the batch in hand has been worked on."""
        waiting = len(self._in_hand) + len(self._inbox)
        return waiting, time.monotonic() - self._since if self._in_hand else 0.0

    @property
    def is_closed(self) -> bool:
        """Whether it takes nothing more."""
        return self._inbox.is_closed

    @property
    def is_busy(self) -> bool:
        return bool(self.members or len(self._inbox) or self._in_hand)

    def join(self, member: Member) -> None:
        """Open the conversation: step 1, then everybody's presence. Updates follow once its own step 1 is answered."""
        self._refuse_if(self._inbox.is_closed)
        self.members.add(member)
        if self.failing_since is not None:
            member.notice(NOT_SAVING)
        self._delivery.ask(member)
        self.presence.show_all(member)

    def leave(self, member: Member) -> None:
        self.members.discard(member)
        self.presence.leave(member)

    async def put(self, item: Input) -> None:
        """Hand in an input; waits while too much is waiting. Unavailable when the room is closed."""
        self._refuse_if(not await self._inbox.put(item))

    def offer(self, item: Input) -> bool:
        """Hand in an input if nothing has to be waited for; False: `put` it. Unavailable when the room is closed."""
        self._refuse_if(self._inbox.is_closed)
        return self._inbox.offer(item)

    def _refuse_if(self, is_closed: bool) -> None:
        if is_closed:
            raise Unavailable("room_closed", f"{self.branch} is being closed", "try again in a moment")

    async def edit(self, author: str, via: str, change: Callable[[Any], object]) -> int:
        """Run `change(document)` in its turn; the log's number once what it wrote is committed.

        What `change` raises is raised here; it checks everything before its first write (SPEC D7).
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        await self.put(Edit(author, via, change, done))
        return await done

    async def commit_job(self, job: str, author: str, update: bytes, extra: Extra) -> JobOutcome:
        """Commit a job's update and, in the same database transaction, what `extra(connection)` does; then apply it.

        A job that was committed before is answered with `repeated`, and `extra` is not run. UpdateRefused when the
        update may not be applied (`not_closed`, `unknown_root`, …); what `extra` raises undoes both and is raised here.
        """
        summary = await self.read(update)
        done: asyncio.Future[JobOutcome] = asyncio.get_running_loop().create_future()
        await self.put(JobResult(job, author, update, summary, extra, done))
        return await done

    async def read(self, update: bytes) -> UpdateSummary:
        """Read and check an update on its own. UpdateRefused."""
        return await reading.read(self.branch, update)

    def has_pending(self) -> bool:
        """Whether the document lacks something that was taken; never true (a test holds it to that)."""
        return self._replica.clocks() != self._gate.state

    def close(self, closing: Closing) -> None:
        """Take nothing more, finish what was taken, end all connections; `run` returns then."""
        self._inbox.close()
        for member in list(self.members):
            member.outbox.close(closing)

    # -- the loop

    async def run(self) -> None:
        """Until `close`. Any other end is a broken invariant: all connections end, the next to come load the room anew,
        and clients send again what was not saved.
        """
        try:
            while not isinstance((batch := await self._inbox.take())[0], Stop):
                self._in_hand, self._since = batch, time.monotonic()
                self._telemetry.batch.observe(len(batch))
                await (self._process(batch) if self._tracing is NO_TRACING else self._process_traced(batch))
                self._in_hand = []
            await self.journal.snapshot_at_unload(self._replica.whole)
        except Deposed:
            _log.warning("room_deposed", branch=str(self.branch))
            self.close(Closing(RESTART, "deposed"))
        finally:
            self._end()

    def _end(self) -> None:
        self.close(Closing(INTERNAL_ERROR, "the room failed"))
        if self._inspection is not None:
            self._inspection.cancel()
        for item in [*self._in_hand, *self._inbox.drain()]:
            if isinstance(item, Edit | JobResult):
                fail(item.done, Unavailable("room_closed", f"{self.branch} was closed", "try again in a moment"))
        self.presence.close()
        self._replica.close()

    async def _process_traced(self, items: Sequence[Input]) -> None:
        with self._tracing.batch(self.branch.key, len(items)):
            await self._process(items)

    async def _process(self, items: Sequence[Input]) -> None:
        if isinstance(items[0], JobResult):
            await self._process_job(items[0])
            return
        if self._inspection is not None and not all(map(_changes_nothing, items)):
            await self._finish_inspection(self._inspection)
        batch = Batch()
        for item in items:
            if isinstance(item, Incoming):
                if len(item.payload) > LARGE:
                    await self._writer.take_large(item, batch)
                else:
                    self._writer.take_update(item, batch)
            elif isinstance(item, Question):
                batch.questions.append(item)
            elif isinstance(item, Edit):
                self._writer.take_edit(item, batch)
        self._writer.end_run(batch)
        if batch.entries:
            await self.journal.commit(batch.entries, batch.clients)
            self._on_commit(self, batch.entries, batch.changes)
        for update in batch.own:
            self._gate.note(await summary_of(update))
        self._deliver(batch)
        self._observe_delivery(items)

    async def _finish_inspection(self, inspection: Inspection) -> None:
        """A large document is read and answered before it is known well enough to be written."""
        if (containers := await inspection.end()) is not None:
            self._gate.learn(containers)
        self._inspection = None

    def _observe_delivery(self, items: Sequence[Input]) -> None:
        now, observe = time.perf_counter(), self._telemetry.delivery.observe
        for item in items:
            if isinstance(item, Incoming):
                observe(now - item.at)

    # -- results of jobs

    async def _process_job(self, item: JobResult) -> None:
        try:
            outcome = await self._commit_job(item)
        except Exception as error:
            fail(item.done, error)
            if isinstance(error, LogConflict | Deposed):
                raise
        else:
            resolve(item.done, outcome)

    async def _commit_job(self, item: JobResult) -> JobOutcome:
        if self._inspection is not None:
            await self._finish_inspection(self._inspection)
        if not await asyncio.to_thread(self._gate.fits, item.summary):
            raise UpdateRefused("not_closed", "the update refers to what the document lacks", "make it from this scene")
        entry = self.journal.entry(0, item.author, "job", item.payload, item.job)
        before = await self.journal.commit_job(entry, self._gate.unbound(item.summary, item.author), item.extra)
        if before is not None:
            return JobOutcome(before, repeated=True)
        changed, failed = await self._writer.apply_alone(item.payload, item.summary, item.author)
        if failed is not None:  # judged and committed: as after a restart, what can be read of it is in
            _log.error("row_not_whole", branch=str(self.branch), job=item.job, error=str(failed))
        self._on_commit(self, [entry], [Change(entry.payload, set())])
        self._delivery.broadcast([Change(changed, set())] if changed is not None else [])
        return JobOutcome(entry.seq)

    def _tell_saving(self, failing: bool) -> None:
        for member in self.members:
            member.notice(NOT_SAVING if failing else SAVING_AGAIN)

    # -- after the commit

    def _deliver(self, batch: Batch) -> None:
        self._delivery.broadcast(batch.changes)
        for question in batch.questions:
            self._delivery.answer(question)
        for sender in batch.senders:
            sender.tell_saved(self.journal.seq)
            if sender.refusal is not None:
                sender.end_refused()
        for done, seq in batch.edits:
            resolve(done, seq)


def _changes_nothing(item: Input) -> bool:
    return isinstance(item, Question) or (isinstance(item, Incoming) and item.summary.is_empty)
