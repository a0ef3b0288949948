"""ordering.json: keys between keys (SPEC T9), without jitter and with stated digits."""

import random
from typing import Any

from crdt.errors import InvalidEdit
from crdt.ordering import between

BY_HAND: list[tuple[str | None, str | None, str]] = [
    (None, None, "a1"),
    ("a1", None, "a2"),
    ("a9", None, "aA"),
    ("az", None, "b00V"),
    ("bzz", None, "c000V"),
    (None, "a1", "a0V"),
    (None, "a0V", "Zz"),
    (None, "Z1", "Z0V"),
    (None, "Z0V", "Yzz"),
    ("a1", "a2", "a1V"),
    ("a1", "a3", "a2"),
    ("a1", "a1V", "a1F"),
    ("a1", "a11", "a10V"),
    ("a1V", "a2", "a1k"),
    ("a1z", "a2", "a1zV"),
    ("Zz", "a1", "a0V"),
    ("5", "7", "6"),
    ("5", None, "X"),
]
REFUSED: list[tuple[str, str]] = [("a1", "a1"), ("a2", "a1"), ("5", "50")]


def cases() -> dict[str, Any]:
    return {
        "between": [*(_case(a, b) for a, b, _ in BY_HAND), *_random_inserts()],
        "jitter": [
            _case("a1", None, "0z"),
            _case("a1", "a2", "Ab"),
            _case("a1", "a1V1", "zz"),
            _case(None, "a1", "q1"),
        ],
        "refused": [{"a": a, "b": b, "code": "bad_order"} for a, b in REFUSED],
        "appends": _run(append=True),
        "prepends": _run(append=False),
    }


def _case(a: str | None, b: str | None, jitter: str | None = None) -> dict[str, Any]:
    case = {"a": a, "b": b, "key": between(a, b, None if jitter is None else lambda: jitter)}
    return case if jitter is None else {**case, "jitter": jitter}


def _random_inserts() -> list[dict[str, Any]]:
    """Inserts at random and at favourite places, each between the keys that came before."""
    chance = random.Random(1)
    keys: list[str] = []
    found = []
    for _ in range(120):
        place = chance.choice([0, len(keys), len(keys) // 2, chance.randint(0, len(keys))])
        case = _case(keys[place - 1] if place else None, keys[place] if place < len(keys) else None)
        keys.insert(place, case["key"])
        found.append(case)
    return found


def _run(*, append: bool) -> dict[str, Any]:
    key, longest = None, 0
    for _ in range(10_000):
        key = between(key, None, None) if append else between(None, key, None)
        longest = max(longest, len(key))
    return {"count": 10_000, "last": key, "longest": longest}


def is_refused(a: str, b: str) -> bool:
    try:
        between(a, b, None)
    except InvalidEdit as error:
        return error.code == "bad_order"
    return False
