"""The face of a document that people are in, whether this server owns it (Room) or follows its owner (Follower)."""

from collections.abc import Callable
from typing import Any, Protocol

from crdt.update_reader import UpdateSummary
from server.storage.base import Extra
from server.sync.branch import Branch
from server.sync.inbox import Input, JobOutcome
from server.sync.member import Member
from server.sync.outbox import Closing


class LiveBoard(Protocol):
    """Who is where."""

    def receive(self, member: Member, update: bytes) -> None:
        """A member's awareness update. ProtocolError when it is none."""

    def show_all(self, member: Member) -> None:
        """Tell a member about everybody."""


class LiveRoom(Protocol):
    """See Room, whose words these are."""

    branch: Branch
    members: set[Member]

    @property
    def presence(self) -> LiveBoard: ...

    @property
    def document(self) -> Any: ...

    def whole(self) -> bytes: ...

    async def settled(self) -> None: ...

    @property
    def seq(self) -> int: ...

    @property
    def failing_since(self) -> float | None: ...

    @property
    def inbox_bytes(self) -> int: ...

    @property
    def outbox_bytes(self) -> int: ...

    @property
    def lag(self) -> tuple[int, float]: ...

    @property
    def is_closed(self) -> bool: ...

    @property
    def is_busy(self) -> bool: ...

    def join(self, member: Member) -> None: ...

    def leave(self, member: Member) -> None: ...

    async def put(self, item: Input) -> None: ...

    def offer(self, item: Input) -> bool: ...

    async def edit(self, author: str, via: str, change: Callable[[Any], object]) -> int: ...

    async def commit_job(self, job: str, author: str, update: bytes, extra: Extra) -> JobOutcome: ...

    async def read(self, update: bytes) -> UpdateSummary: ...

    def close(self, closing: Closing) -> None: ...
