"""Which updates a room takes: whole ones that fit its state, of those who may write, under client ids of their own."""

from collections.abc import Mapping

from crdt.errors import UpdateRefused
from crdt.update_reader import UpdateSummary, is_closed
from server.permissions import may
from server.sync.containers import Containers
from server.sync.member import Member
from server.sync.territory import Territory

SERVER = "server"
"""The user to whom the client ids of the server's own edits are bound."""
_NONE: Mapping[int, str] = {}


class Gate:
    """state: the clock of every client, with what is judged but not yet applied. users: whom client ids belong to.

    territory: what not everybody who may write this document may write.
    """

    def __init__(
        self, state: Mapping[int, int], users: Mapping[int, str], containers: Containers,
        territory: Territory | None = None,
    ) -> None:  # fmt: skip
        self.state = dict(state)
        self._users = dict(users)
        self._containers = containers
        self._territory = territory

    def learn(self, containers: Containers) -> None:
        """Take over what was found in the document; nothing was judged or admitted before."""
        self._containers = containers

    def judge(self, member: Member, summary: UpdateSummary, is_answer: bool) -> bool:
        """Whether the update can be applied now. UpdateRefused: `read_only`, `forbidden`, `client_id_taken`, those of
        `fits`.
        """
        new = summary.new_clients(self.state)
        if not member.can_write:
            # Stock clients answer a step 1 with all that they know, deletes included, whatever their role.
            if new or (summary.deletes and not is_answer):
                raise UpdateRefused("read_only", "an edit by somebody who may only look", "ask for the editor's role")
            return True
        if self._territory is not None and not may(member.role, "session.jobs"):
            self._territory.check(summary, self.state)
        for client in new:
            self._check_owner(client, member.identity.user_id)
        return self.fits(summary)

    def fits(self, summary: UpdateSummary) -> bool:
        """Whether an update is closed here. UpdateRefused where it harms what is there (Containers.check)."""
        if not is_closed(summary, self.state):
            return False
        self._containers.check(summary, self.state)
        if "meta" in summary.roots:
            self._check_schema(summary)
        return True

    def _check_schema(self, summary: UpdateSummary) -> None:
        # A document of a newer schema is read-only for everybody (SPEC D10), so nobody may say that it is one.
        if any(
            (parent, key) == ("meta", "schema") and clock >= self.state.get(client, 0)
            for client, clock, parent, key in summary.placed
        ):
            raise UpdateRefused("schema_reserved", "meta.schema is written", "only the server raises it")

    def _check_owner(self, client: int, user: str) -> None:
        if self._users.get(client, user) != user:
            raise UpdateRefused("client_id_taken", f"client id {client} is another user's", "join under a new one")

    def unbound(self, summary: UpdateSummary, user: str) -> Mapping[int, str]:
        """The client ids that an update of this user would bind to them."""
        if summary.ranges.keys() <= self._users.keys():
            return _NONE
        return {client: user for client in summary.new_clients(self.state) if client not in self._users}

    def admit(self, summary: UpdateSummary, user: str) -> Mapping[int, str]:
        """Count a closed update as part of the state; the client ids that are bound to its author from now on."""
        if bound := self.unbound(summary, user):
            self._users.update(bound)
        if summary.maps or self._territory is not None:
            self.note(summary)
        summary.advance(self.state)
        return bound

    def note(self, summary: UpdateSummary) -> None:
        """Learn what an edit of the server's own wrote; such edits are not judged."""
        self._containers.add(summary)
        if self._territory is not None:
            self._territory.add(summary)

    def bind_server(self, state: Mapping[int, int]) -> dict[int, str]:
        """The same for an edit of the server's own, after which the document's state is this one."""
        grown = [client for client, clock in state.items() if clock > self.state.get(client, 0)]
        bound = {client: SERVER for client in grown if client not in self._users}
        self._users.update(bound)
        self.state = dict(state)
        return bound
