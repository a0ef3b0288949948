"""Who may open one more socket, and the allowance that it shares with its user's and its address's others.

Counted in this process: with several nodes a limit holds on each of them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from server.errors import TooMany
from server.limits.allowance import UNLIMITED, Allowance, Bucket
from server.limits.values import SocketValues

_ADDRESS_SHARE = 4
_RETRY_SECONDS = 10
_IDLE_BUCKETS = 4096
_Key = tuple[str, str]
_UNLIMITED = SocketValues(0, 0, 0, 0, 0)


@dataclass(slots=True, eq=False)
class Place:
    """One open socket; `leave()` when it is closed, once or more."""

    allowance: Allowance
    keys: tuple[_Key, ...]
    _sockets: SocketLimits
    _left: bool = field(default=False)

    def leave(self) -> None:
        if not self._left:
            self._left = True
            self._sockets.left(self.keys)


class SocketLimits:
    """`place = limits.enter(user, address, project)`; TooMany (`too_many_connections`) when one of them is full."""

    def __init__(self, values: SocketValues = _UNLIMITED, clock: Callable[[], float] = time.monotonic) -> None:
        self.values = values
        self._clock = clock
        self._open: Counter[_Key] = Counter()
        self._buckets: dict[_Key, Bucket] = {}

    def enter(self, user: str, address: str, project: str) -> Place:
        """address: empty where it is unknown; then only the user's and the project's limits hold."""
        values = self.values
        limits = {
            ("user", user): values.user_connections,
            ("project", project): values.project_connections,
            ("address", address): values.address_connections if address else 0,
        }
        for key, limit in limits.items():
            if limit and self._open[key] >= limit:
                raise _full(key[0], limit)
        keys = tuple(limits)
        self._open.update(keys)
        return Place(self._allowance(user, address), keys, self)

    def left(self, keys: tuple[_Key, ...]) -> None:
        for key in keys:
            self._open[key] -= 1
            if self._open[key] <= 0:
                del self._open[key]

    def of_project(self, project: str) -> int:
        """Open sockets of a project."""
        return self._open[("project", project)]

    def _allowance(self, user: str, address: str) -> Allowance:
        if not (self.values.messages or self.values.bytes):
            return UNLIMITED
        buckets = [self._bucket(("user", user), 1)]
        if address:
            buckets.append(self._bucket(("address", address), _ADDRESS_SHARE))
        return Allowance(*buckets)

    def _bucket(self, key: _Key, share: int) -> Bucket:
        """A flood that comes back finds its bucket as it left it, until many others have come and gone."""
        found = self._buckets.get(key)
        if found is None:
            if len(self._buckets) > 2 * len(self._open) + _IDLE_BUCKETS:
                self._buckets = {known: bucket for known, bucket in self._buckets.items() if known in self._open}
            values = self.values
            found = self._buckets[key] = Bucket(values.messages * share, values.bytes * share, self._clock)
        return found


def _full(whose: str, limit: int) -> TooMany:
    return TooMany(
        "too_many_connections", f"this {whose} has {limit} open connections already",
        f"close one, or try again in {_RETRY_SECONDS} seconds", retry_after=_RETRY_SECONDS,
    )  # fmt: skip
