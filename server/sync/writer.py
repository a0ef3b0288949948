"""What a batch of a room writes: updates judged and applied, edits of the server run. Committing it is the room's."""

import asyncio

from crdt.errors import UpdateRefused
from crdt.update_reader import UpdateSummary
from server.sync.batch import Batch, Change, Run
from server.sync.delivery import Delivery
from server.sync.gate import Gate
from server.sync.inbox import Edit, Incoming, fail
from server.sync.journal import Journal
from server.sync.member import MAX_UNCLOSED_ANSWERS, Member
from server.sync.reading import LARGE
from server.sync.replica import Replica
from server.telemetry import Telemetry


class Writer:
    def __init__(
        self, gate: Gate, replica: Replica, journal: Journal, delivery: Delivery, telemetry: Telemetry
    ) -> None:
        self._gate = gate
        self._replica = replica
        self._journal = journal
        self._delivery = delivery
        self._telemetry = telemetry
        self._accepted = telemetry.updates.labels("accepted")

    def take_update(self, item: Incoming, batch: Batch) -> None:
        """Judge an update of a member, and let it join the batch, or refuse it, or ask its sender for more."""
        if item.member.refusal is None and self._accepts(item, self._verdict(item), batch):
            self._add_to_run(item, batch)

    async def take_large(self, item: Incoming, batch: Batch) -> None:
        """The same for one above LARGE: it is judged in a thread, as the gate changes in this loop only."""
        if item.member.refusal is not None:
            return
        verdict = await asyncio.to_thread(self._verdict, item)
        if self._accepts(item, verdict, batch):
            await self._apply_large(item, batch)

    def _verdict(self, item: Incoming) -> bool | UpdateRefused:
        """Whether it can be applied now, or why it never can."""
        try:
            return item.summary.is_empty or self._gate.judge(item.member, item.summary, item.is_answer)
        except UpdateRefused as error:
            return error

    def _accepts(self, item: Incoming, verdict: bool | UpdateRefused, batch: Batch) -> bool:
        """Count it for its sender; whether there is something to apply."""
        member = item.member
        batch.senders.add(member)
        if verdict is not True:
            if verdict is False:
                self._ask_for_more(item)
            else:
                self._refuse(member, verdict)
            return False
        self._accepted.inc()
        member.saved.accepted(item.is_answer)
        return member.can_write and not item.summary.is_empty

    def _refuse(self, member: Member, error: UpdateRefused) -> None:
        self._telemetry.updates.labels("refused").inc()
        member.refusal = error

    def _ask_for_more(self, item: Incoming) -> None:
        self._telemetry.updates.labels("not_closed").inc()
        member = item.member
        must_ask = member.saved.not_closed(item.is_answer)
        if member.saved.unclosed_answers >= MAX_UNCLOSED_ANSWERS:
            self._refuse(member, UpdateRefused("not_closed", "updates that refer to what nobody here has", "join anew"))
        elif must_ask:
            self._delivery.ask(member)

    def _add_to_run(self, item: Incoming, batch: Batch) -> None:
        author, via = item.member.identity.user_id, item.member.via
        run = batch.run
        if run is None or run.author != author or run.via != via:
            self.end_run(batch)
            run = batch.run = Run(author, via, [])
        run.items.append(item)
        batch.clients.update(self._gate.admit(item.summary, author))

    async def _apply_large(self, item: Incoming, batch: Batch) -> None:
        """Apply a large update in parts, so that others have their turns; it is one row and one change all the same.

        Judged as a whole before the first part and committed as a whole after the last, so that a refusal is of all of
        it and a crash between parts leaves nothing. Nothing else is judged or applied until then.
        """
        self.end_run(batch)
        member, author = item.member, item.member.identity.user_id
        batch.clients.update(self._gate.unbound(item.summary, author))
        changed, failed = await self.apply_alone(item.payload, item.summary, author)
        if failed is not None:
            self._give_up(member, failed)
        self._record(batch, author, member.via, changed, {member})

    async def apply_alone(
        self, update: bytes, summary: UpdateSummary, author: str
    ) -> tuple[bytes | None, Exception | None]:
        """Admit and apply one judged update, a large one in turns: (what changed or None, error)."""
        if len(update) > LARGE:
            await asyncio.to_thread(self._gate.admit, summary, author)
            return await self._replica.apply_in_turns(update)
        self._gate.admit(summary, author)
        changed, failed = self._replica.apply([update])
        return changed, failed[0][1] if failed else None

    def end_run(self, batch: Batch) -> None:
        """Apply the updates in a row that one author has put together, as one transaction."""
        run, batch.run = batch.run, None
        if run is None:
            return
        changed, failed = self._replica.apply([item.payload for item in run.items])
        for index, error in failed:
            self._give_up(run.items[index].member, error)
        self._record(batch, run.author, run.via, changed, {item.member for item in run.items})

    def _give_up(self, member: Member, error: Exception) -> None:
        # Our reader let pass what pycrdt cannot read. It was counted as received, so nothing more is called saved.
        member.wants_saved = False
        self._refuse(member, UpdateRefused("malformed_update", str(error)))
        self._gate.state = self._replica.clocks()

    def _record(self, batch: Batch, author: str, via: str, changed: bytes | None, senders: set[Member]) -> None:
        if changed is not None:
            batch.entries.append(self._journal.entry(len(batch.entries), author, via, changed))
            batch.changes.append(Change(changed, senders))

    def take_edit(self, item: Edit, batch: Batch) -> None:
        """A collaborator on the server: what it writes is not judged. What it raises goes to whoever asked."""
        self.end_run(batch)
        try:
            item.change(self._replica.document)
        except Exception as error:
            fail(item.done, error)
        changed = self._replica.take_changes()
        if changed is not None:
            batch.clients.update(self._gate.bind_server(self._replica.clocks()))
            batch.own.append(changed)
        self._record(batch, item.author, item.via, changed, set())
        batch.edits.append((item.done, self._journal.seq + len(batch.entries)))
