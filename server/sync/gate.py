"""Which updates a room takes: whole ones that fit its state, of those who may write, under client ids of their own."""

from collections.abc import Mapping

from crdt.errors import UpdateRefused
from crdt.update_reader import UpdateSummary, is_closed
from server.sync.member import Member

SERVER = "server"
"""The user to whom the client ids of the server's own edits are bound."""


class Gate:
    """state: the clock of every client, with what is judged but not yet applied. users: whom client ids belong to."""

    def __init__(self, state: Mapping[int, int], users: Mapping[int, str]) -> None:
        self.state = dict(state)
        self._users = dict(users)

    def judge(self, member: Member, summary: UpdateSummary, is_answer: bool) -> bool:
        """Whether the update can be applied now. UpdateRefused: `read_only`, `client_id_taken`."""
        new = summary.new_clients(self.state)
        if not member.can_write:
            # Stock clients answer a step 1 with all that they know, deletes included, whatever their role.
            if new or (summary.deletes and not is_answer):
                raise UpdateRefused("read_only", "an edit by somebody who may only look", "ask for the editor's role")
            return True
        for client in new:
            self._check_owner(client, member.identity.user_id)
        return is_closed(summary, self.state)

    def _check_owner(self, client: int, user: str) -> None:
        if self._users.get(client, user) != user:
            raise UpdateRefused("client_id_taken", f"client id {client} is another user's", "join under a new one")

    def unbound(self, summary: UpdateSummary, user: str) -> dict[int, str]:
        """The client ids that an update of this user would bind to them."""
        return {client: user for client in summary.new_clients(self.state) if client not in self._users}

    def admit(self, summary: UpdateSummary, user: str) -> dict[int, str]:
        """Count a closed update as part of the state; the client ids that are bound to its author from now on."""
        bound = self.unbound(summary, user)
        self._users.update(bound)
        summary.advance(self.state)
        return bound

    def bind_server(self, client: int) -> dict[int, str]:
        """The same for the client id of the server's own edits."""
        if client in self._users:
            return {}
        self._users[client] = SERVER
        return {client: SERVER}
