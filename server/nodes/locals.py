"""The members of a follower: people with a socket at this node, each with a number that the owner knows them by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from server.sync.member import Member


@dataclass(slots=True, eq=False)
class Local:
    """told: the n that the member last was told to be saved."""

    member: Member
    number: int
    told: int = 0


class Locals:
    """members: the follower's set, kept in step."""

    def __init__(self, members: set[Member]) -> None:
        self._members = members
        self._of: dict[Member, Local] = {}
        self._numbered: dict[int, Local] = {}
        self._last = 0

    def __iter__(self) -> Iterator[Local]:
        return iter(list(self._of.values()))

    def enter(self, member: Member) -> Local:
        self._members.add(member)
        self._last += 1
        local = self._of[member] = self._numbered[self._last] = Local(member, self._last)
        return local

    def leave(self, member: Member) -> Local | None:
        self._members.discard(member)
        local = self._of.pop(member, None)
        if local is not None:
            del self._numbered[local.number]
        return local

    def of(self, member: Member) -> Local | None:
        return self._of.get(member)

    def numbered(self, number: int) -> Local | None:
        return self._numbered.get(number)

    def members(self, numbers: Iterable[int]) -> set[Member]:
        """Those of these numbers who are still here."""
        return {self._numbered[number].member for number in numbers if number in self._numbered}

    def clear(self) -> None:
        self._members.clear()
        self._of.clear()
        self._numbered.clear()
