"""Fractional order keys (SPEC T9): strings between strings, compared by code unit, that stay short when appended to.

A key is an integer part followed by a fraction. The integer part's first letter says how long it is: `a`–`z` for
1…26 further digits of a number ≥ 0, `Z`–`A` for numbers below, so that text order is number order. The fraction never
ends in `0`. Digits are `0-9A-Za-z`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from crdt.errors import InvalidEdit

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE = len(DIGITS)
VALUE = {digit: value for value, digit in enumerate(DIGITS)}
MAX_LENGTH = 512
FIRST = "a0"

Jitter = Callable[[], str]


def random_jitter() -> str:
    """Two random digits, so that people who insert at one place at one time rarely tie."""
    return secrets.choice(DIGITS) + secrets.choice(DIGITS[1:])


def between(a: str | None, b: str | None, jitter: Jitter | None = random_jitter) -> str:
    """A key strictly between `a` (None: before everything) and `b` (None: after everything).

    Raises InvalidEdit("no_order") where nothing fits: a is not below b, or the key would pass 512 characters.
    """
    if a is not None and b is not None and a >= b:
        raise InvalidEdit("no_order", f"There is no order key between {a!r} and {b!r}.", "The first must be smaller.")
    key = _between(a, b)
    if jitter is not None:
        jittered = key + jitter()
        key = jittered if b is None or jittered < b else key
    fits = (a is None or a < key) and (b is None or key < b)
    if not fits or len(key) > MAX_LENGTH:
        raise InvalidEdit("no_order", f"No order key fits between {a!r} and {b!r}.", "Reorder the neighbours first.")
    return key


def _between(a: str | None, b: str | None) -> str:
    if a is None and b is None:
        return FIRST
    parts = [_split(key) for key in (a, b) if key is not None]
    if None in parts:  # a foreign key: the whole string is taken as a fraction
        return _midpoint(a or "", b)
    whole_a = _split(a) if a is not None else None
    whole_b = _split(b) if b is not None else None
    if whole_b is None:
        assert whole_a is not None
        return _step(whole_a[0], 1) or whole_a[0] + _midpoint(whole_a[1], None)
    if whole_a is None:
        return whole_b[0] if whole_b[1] else _step(whole_b[0], -1) or whole_b[0][:1] + _midpoint("", whole_b[0][1:])
    if whole_a[0] == whole_b[0]:
        return whole_a[0] + _midpoint(whole_a[1], whole_b[1])
    following = _step(whole_a[0], 1)
    if following is not None and b is not None and following < b:
        return following
    return whole_a[0] + _midpoint(whole_a[1], None)


def _split(key: str) -> tuple[str, str] | None:
    """(integer part, fraction), or None where the key is not one of ours."""
    length = _integer_length(key[:1])
    if length is None or len(key) < length or (len(key) > length and key.endswith("0")):
        return None
    return key[:length], key[length:]


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


def _midpoint(a: str, b: str | None) -> str:
    """A fraction between two fractions (b None: 1) that does not end in 0; both are read with endless zeros behind."""
    shared = ""
    while b is not None and b[:1] and (a[:1] or DIGITS[0]) == b[0]:
        shared, a, b = shared + b[0], a[1:], b[1:]
    low = VALUE[a[0]] if a else 0
    high = VALUE[b[0]] if b else BASE
    if high - low > 1:
        return shared + DIGITS[(low + high) // 2]
    if b is not None and len(b) > 1:
        return shared + b[0]
    return shared + DIGITS[low] + _midpoint(a[1:], None)
