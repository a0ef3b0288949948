"""Updates, a limit, and the parts that `split_update` makes of them (PROTOCOL.md, Parts), all in hex."""

from __future__ import annotations

from typing import Any

from crdt.update_split import split_update
from tests.random.fuzz_structs import MAP, NULL, any_of, binary, deletes, floats, over, structs, text, under, update


def _updates() -> dict[str, bytes]:
    values = [under("strokes", f"s{number}", binary(bytes([number]) * 20)) for number in range(6)]
    record = under("nodes", "chairchairchair0", MAP)
    inside = [under((9, 0), key, content) for key, content in (("parents", MAP), ("name", any_of(text("chair"))))]
    placed = [under((9, 1), "root", any_of(floats(1.0, 2.0))), over((9, 2), any_of(text("stool")))]
    one, two = [under("lod", f"a{n}", NULL) for n in range(3)], [under("lod", f"b{n}", NULL) for n in range(3)]
    return {
        "smaller than the limit": update([structs(7, 0, values[0])]),
        "one client": update([structs(7, 0, *values)]),
        "a binary above the limit": update(
            [structs(7, 0, values[0], under("strokes", "x", binary(bytes(90))), values[1])]
        ),
        "a record and what is in it": update([structs(9, 0, record, *inside, *placed)]),
        "what another client wrote over it comes first in the update": update(
            [structs(12, 4, over((9, 2), any_of(text("sofa"))), *values[:2]), structs(9, 0, record, *inside, *placed)]
        ),
        "two that refer to each other in turn": update(
            [
                structs(8, 0, one[0], over((5, 0), NULL), over((5, 1), NULL), one[1]),
                structs(5, 0, two[0], over((8, 1), NULL), two[1], over((8, 3), NULL)),
            ]
        ),
        "clocks that the receiver has are left out": update(
            [structs(7, 3, values[0], b"\x0a\x05", values[1], values[2])]
        ),
        "deleted content and garbage": update(
            [structs(7, 0, values[0], b"\x00\x04", under("lod", "x", b"\x01\x03"), values[1])]
        ),
        "deletes of many": update(
            [structs(7, 0, *values[:2])],
            [deletes(7, *((2 * n, 1) for n in range(20))), deletes(3, (0, 1), (500, 70_000), (9, 2))],
        ),
        "deletes alone": update([], [deletes(client, (0, 1), (5, 300)) for client in range(20, 10, -1)]),
        "nothing": update(),
    }  # fmt: skip


LIMIT = 60


def cases() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "limit": LIMIT,
            "update": whole.hex(),
            "parts": [part.hex() for part in split_update(whole, LIMIT)],
        }
        for name, whole in _updates().items()
    ]
