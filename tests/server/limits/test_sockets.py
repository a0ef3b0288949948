"""Allowances slow a sender down, and only as much as it is owed; places are bounded and come back (19.2, 18.4)."""

from __future__ import annotations

import pytest

from server.errors import TooMany
from server.limits.allowance import BURST_SECONDS, UNLIMITED, Allowance, Bucket
from server.limits.sockets import SocketLimits
from server.limits.values import SocketValues


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_the_rate_holds_within_five_per_cent() -> None:
    clock = Clock()
    bucket = Bucket(100, 0, clock)
    taken, until = 0, clock.now + 60
    while clock.now < until:
        clock.now += bucket.take(1, 50)
        taken += 1
    assert taken == pytest.approx(100 * (60 + BURST_SECONDS), rel=0.05)


def test_bytes_count_like_messages() -> None:
    clock = Clock()
    bucket = Bucket(0, 1000, clock)
    assert bucket.take(1, int(1000 * BURST_SECONDS) - 1) == 0
    assert bucket.take(1, 501) == pytest.approx(0.5)
    clock.now += 3
    assert bucket.take(1, 100) == 0, "what was owed is worked off"


def test_the_sockets_of_one_user_share_what_the_address_shares_with_others() -> None:
    clock = Clock()
    limits = SocketLimits(SocketValues(10, 0, 0, 0, 0), clock)
    first, second = limits.enter("ada", "10.0.0.1", "p"), limits.enter("ada", "10.0.0.2", "p")
    other = limits.enter("bob", "10.0.0.3", "p")
    assert first.allowance.take(100, 0) == 0
    assert second.allowance.take(10, 0) == pytest.approx(1.0)
    assert other.allowance.take(10, 0) == 0
    crowd = [limits.enter(str(number), "10.0.0.1", "p").allowance for number in range(4)]
    assert [guest.take(90, 0) for guest in crowd[:3]] == [0, 0, 0]
    assert crowd[3].take(90, 0) > 0, "the address is full though the user is not"


def test_reconnecting_does_not_fill_a_bucket() -> None:
    limits = SocketLimits(SocketValues(10, 0, 0, 0, 0), Clock())
    place = limits.enter("ada", "", "p")
    assert place.allowance.take(200, 0) > 0
    place.leave()
    assert limits.enter("ada", "", "p").allowance.take(1, 0) > 0


@pytest.mark.parametrize(
    ("values", "whose"),
    [
        (SocketValues(0, 0, 2, 0, 0), "user"),
        (SocketValues(0, 0, 0, 2, 0), "address"),
        (SocketValues(0, 0, 0, 0, 2), "project"),
    ],
)
def test_a_full_place_is_refused_with_a_time_and_free_after_a_leave(values: SocketValues, whose: str) -> None:
    limits = SocketLimits(values)
    first = limits.enter("ada", "10.0.0.1", "p")
    limits.enter("ada", "10.0.0.1", "p")
    with pytest.raises(TooMany, match=whose) as refused:
        limits.enter("ada", "10.0.0.1", "p")
    assert refused.value.code == "too_many_connections"
    assert int(refused.value.headers["Retry-After"]) > 0
    first.leave()
    first.leave()
    limits.enter("ada", "10.0.0.1", "p")
    with pytest.raises(TooMany):
        limits.enter("ada", "10.0.0.1", "p")


def test_no_limit_costs_nothing_and_never_waits() -> None:
    place = SocketLimits().enter("ada", "10.0.0.1", "p")
    assert place.allowance is UNLIMITED
    assert Allowance(Bucket(0, 0)).take(10**9, 10**12) == 0
