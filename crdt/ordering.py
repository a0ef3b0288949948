"""Fractional order keys (SPEC T9): strings between strings, compared by code unit, that stay short when appended to.

A key is an integer part followed by a fraction. The integer part's first letter says how long it is: `a`–`z` for
1…26 further digits of a number ≥ 0, `Z`–`A` for numbers below, so that text order is number order. A key never ends
in `0`. Digits are `0-9A-Za-z`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from crdt.errors import InvalidEdit

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE = len(DIGITS)
VALUE = {digit: value for value, digit in enumerate(DIGITS)}
MAX_LENGTH = 512
FIRST = "a1"
MIDDLE = DIGITS[BASE // 2]

Jitter = Callable[[], str]


def random_jitter() -> str:
    """Two random digits, so that people who insert at one place at one time rarely tie."""
    return secrets.choice(DIGITS) + secrets.choice(DIGITS[1:])


def between(a: str | None, b: str | None, jitter: Jitter | None = random_jitter) -> str:
    """A key strictly between `a` (None: before everything) and `b` (None: after everything).

    Raises InvalidEdit("bad_order") where nothing fits: a is not below b, or the key would pass 512 characters.
    """
    if a is not None and b is not None and a >= b:
        raise InvalidEdit("bad_order", f"{a!r} is not before {b!r}.")
    key = _between(a, b)
    if jitter is not None and (b is None or not b.startswith(key)):
        key += jitter()
    if len(key) > MAX_LENGTH:
        raise InvalidEdit("bad_order", f"The key between {a!r} and {b!r} would be too long.", "Reorder the neighbours.")
    return key


def _between(a: str | None, b: str | None) -> str:
    low, high = _integer_part(a), _integer_part(b)
    if (a is not None and low is None) or (b is not None and high is None):
        return _midpoint(a or "", b or "")  # a foreign key: the whole string is taken as a fraction
    if low is None:
        return FIRST if high is None or b is None else _before(b, high)
    assert a is not None
    if high is None or b is None:
        return _after(a, low)
    return low + _midpoint(a[len(low) :], b[len(high) :]) if low == high else _inside(a, low, b)


def _after(a: str, low: str) -> str:
    following = _step(low, 1)
    return _solid(following) if following else low + _midpoint(a[len(low) :], "")


def _before(b: str, high: str) -> str:
    previous = _step(high, -1)
    return _solid(previous) if previous else _midpoint("", b)


def _inside(a: str, low: str, b: str) -> str:
    following = _step(low, 1)
    if following and _solid(following) < b:
        return _solid(following)
    return low + _midpoint(a[len(low) :], "")


def _solid(key: str) -> str:
    """An integer part may end in 0, a key may not."""
    return key + MIDDLE if key.endswith("0") else key


def _integer_part(key: str | None) -> str | None:
    """The integer part, or None where the key is none of ours."""
    length = _integer_length((key or "")[:1])
    return key[:length] if key is not None and length is not None and len(key) >= length else None


def _integer_length(head: str) -> int | None:
    if "a" <= head <= "z":
        return ord(head) - ord("a") + 2
    if "A" <= head <= "Z":
        return ord("Z") - ord(head) + 2
    return None


def _step(integer: str, by: int) -> str | None:
    """The next (+1) or previous (−1) integer part, or None past the last."""
    head, digits = integer[0], [VALUE[digit] for digit in integer[1:]]
    for place in range(len(digits) - 1, -1, -1):
        digits[place] += by
        if 0 <= digits[place] < BASE:
            return head + "".join(DIGITS[digit] for digit in digits)
        digits[place] %= BASE
    return _step_head(head, by)


def _step_head(head: str, by: int) -> str | None:
    if head == ("z" if by > 0 else "A"):
        return None
    following = {("Z", 1): "a", ("a", -1): "Z"}.get((head, by)) or chr(ord(head) + by)
    length = _integer_length(following)
    assert length is not None
    return following + (DIGITS[0] if by > 0 else DIGITS[-1]) * (length - 1)


def _midpoint(a: str, b: str) -> str:
    """A fraction strictly between two fractions (b empty: 1) that does not end in 0."""
    for place in range(len(a) + len(b) + 1):
        low = VALUE[a[place]] if place < len(a) else 0
        high = _digit_above(b, place)
        if high - low > 1:
            return a[:place].ljust(place, DIGITS[0]) + DIGITS[low + (high - low) // 2]
        if high != low:  # neighbouring digits: keep the lower one and find room above the rest of a
            return a[:place].ljust(place, DIGITS[0]) + DIGITS[low] + _midpoint(a[place + 1 :], "")
    raise AssertionError("unreachable: two strings of different value differ somewhere")


def _digit_above(b: str, place: int) -> int:
    if not b:
        return BASE
    if place >= len(b):
        raise InvalidEdit("bad_order", f"Nothing lies just below {b!r}.")
    return VALUE[b[place]]
