"""Frames that somebody could send: valid, broken in one place, or made to harm. Each generator is one kind of trouble.

maker = FrameMaker(random.Random(seed))
maker.look(whole_state_of_the_room)     # what there is to attack
kind, frame = maker.make()
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Mapping

from crdt.ids import new_id
from crdt.lib0 import encode_bytes, encode_string
from crdt.messages import AwarenessUpdate, SyncStep1, SyncStep2, Update, encode
from crdt.presence import PresenceEntry, encode_presence
from crdt.schema import SCENE_RECORDS, SCENE_ROOTS
from crdt.update_reader import read_update
from tests.random.fuzz_structs import (
    MAP,
    NULL,
    Id,
    any_of,
    between,
    binary,
    deletes,
    floats,
    over,
    structs,
    text,
    uint,
    under,
    update,
)

ROOTS = sorted(SCENE_ROOTS)
RECORDS = sorted(SCENE_RECORDS)
CORPUS = 200
HUGE = (2**7, 2**14 - 1, 2**31 - 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**63, 2**70)
KEYS = ("name", "translation", "visible", "parents", "materials", "extras", "trashed", "mesh", "x", "", "k" * 2000)


FOREIGN = (
    b"\x02\x01\x7e", b"\x04\x01x", b"\x05\x01x", b"\x06\x01a\x01b", b"\x07\x00", b"\x07\x02", b"\x07\x03\x01x",
    b"\x09\x01x\x7e", b"\x0b\x00", b"\x1f", b"\x0c",
)  # fmt: skip
"""Content of kinds that no document of ours holds."""


class FrameMaker:
    """Known of the room: `state` (clocks), `maps` and `values` (ids), `places` (parent, key) that are taken."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._corpus: list[bytes] = []
        self.state: dict[int, int] = {}
        self.maps: list[Id] = []
        self.values: list[Id] = []
        self.places: list[tuple[Id | str, str]] = []
        self.presences: list[int] = [1]

    def look(self, whole: bytes, presences: list[int]) -> None:
        """whole: the room's document. presences: client ids of others."""
        summary = read_update(whole)
        self.state = {client: ranges[-1][1] for client, ranges in summary.ranges.items()}
        self.maps = list(summary.maps)
        self.values = [
            (client, clock)
            for client, clock, *_ in [*summary.placed, *summary.followed]
            if (client, clock) not in summary.maps
        ]
        self.places = [(parent, key) for _, _, parent, key in summary.placed]
        self.presences = presences

    def make(self) -> tuple[str, bytes | str]:
        kind = self._chance.choice(KINDS)
        frame = GENERATORS[kind](self)
        if isinstance(frame, bytes) and len(frame) < 4096:
            if len(self._corpus) < CORPUS:
                self._corpus.append(frame)
            else:
                self._corpus[self._chance.randrange(CORPUS)] = frame
        return kind, frame

    # -- ingredients

    def client(self) -> int:
        """A client id that nobody has."""
        return self._chance.getrandbits(self._chance.choice((31, 32, 32, 53))) + 1

    def _known(self) -> tuple[int, int]:
        return self._chance.choice(list(self.state.items()))

    def value(self) -> bytes:
        """Content of an item that is no map; often of another type than the schema wants."""
        chance = self._chance
        return chance.choice(
            (
                lambda: any_of(text(chance.choice(("chair", "", "\x00", "é" * 40, "\u202e")))),
                lambda: any_of(floats(*(chance.uniform(-10, 10) for _ in range(chance.randrange(5))))),
                lambda: any_of(b"\x7b" + struct.pack(">d", chance.choice((float("nan"), float("inf"), -0.0, 1e308)))),
                lambda: any_of(b"\x7a" + struct.pack(">q", chance.getrandbits(63))),
                lambda: any_of(bytes([chance.choice((0x78, 0x79, 0x7E, 0x7F))])),
                lambda: any_of(b"\x7d" + uint(chance.getrandbits(6))),
                lambda: any_of(b"\x76\x01" + encode_string("k") + floats(1.0)),
                lambda: any_of(*([b"\x7e"] * chance.randrange(1, 4))),
                lambda: binary(chance.randbytes(chance.randrange(40))),
                lambda: b"\x01" + uint(chance.randrange(1, 3)),
            )
        )()

    def _sent(self, body: bytes) -> bytes:
        return encode(self._chance.choice((Update, Update, SyncStep2))(body))

    def _item(self, *items: bytes) -> bytes:
        """These structs of a new client, sent."""
        return self._sent(update([structs(self.client(), 0, *items)]))

    # -- what is legal

    def set_value(self) -> bytes:
        """A value under a key of a map, whatever the schema says of it."""
        chance = self._chance
        if self.values and chance.random() < 0.5:
            return self._item(over(chance.choice(self.values), self.value()))
        return self._item(under(chance.choice(self.maps), chance.choice((*KEYS, new_id())), self.value()))

    def atomic(self) -> bytes:
        return self._item(under(self._chance.choice(ROOTS), new_id(), self.value()))

    def record(self) -> bytes:
        """A record with containers in it, as writers make it, or with values of all kinds where they belong."""
        client = self.client()
        inside = [
            under((client, 0), key, self._chance.choice((MAP, self.value())))
            for key in self._chance.sample(KEYS[:9], self._chance.randrange(9))
        ]
        return self._sent(update([structs(client, 0, under(self._chance.choice(RECORDS), new_id(), MAP), *inside)]))

    def delete_value(self) -> bytes:
        client, clock = self._chance.choice(self.values or [(1, 0)])
        return self._sent(update([], [deletes(client, (clock, self._chance.choice((1, 1, 1, 5))))]))

    def question(self) -> bytes:
        state = dict(self._chance.sample(sorted(self.state.items()), self._chance.randrange(len(self.state) + 1)))
        encoded = uint(len(state)) + b"".join(uint(client) + uint(clock) for client, clock in state.items())
        return encode(SyncStep1(encoded))

    def presence(self) -> bytes:
        state = json.dumps({"user": {"id": new_id(), "name": "eve", "color": "#000000"}, "tool": new_id()})
        return encode(AwarenessUpdate(encode_presence([PresenceEntry(self.client(), 1, state)])))

    # -- what is broken

    def mutated(self) -> bytes:
        """A frame that was made before, with bytes changed, cut out, doubled or put in."""
        data = bytearray(self._chance.choice(self._corpus or [b"\x00\x02\x02\x00\x00"]))
        for _ in range(self._chance.choice((1, 1, 1, 2, 5))):
            self._mutate(data)
        return bytes(data)

    def mutated_body(self) -> bytes:
        """The same inside an update whose length is right."""
        data = bytearray(self._chance.choice(self._corpus or [b"\x00\x02\x02\x00\x00"])[3:])
        for _ in range(self._chance.choice((1, 1, 2))):
            self._mutate(data)
        return self._sent(bytes(data))

    def _mutate(self, data: bytearray) -> None:
        chance = self._chance
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0:
                data[at : at + 1] = chance.randbytes(1)
            case 1:
                del data[at : at + chance.randrange(1, 9)]
            case 2:
                data[at:at] = data[at : at + chance.randrange(1, 40)]
            case 3:
                data[at:at] = chance.randbytes(chance.randrange(1, 5))
            case 4:
                data[at : at + 1] = uint(chance.choice(HUGE))
            case 5 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)

    def huge_count(self) -> bytes:
        """A number that promises more than there is."""
        chance = self._chance
        huge = chance.choice(HUGE)
        item = under(chance.choice(ROOTS), new_id(), NULL)
        body = chance.choice(
            (
                lambda: uint(huge) + structs(self.client(), 0, item) + b"\x00",
                lambda: update([structs(self.client(), 0, item, count=huge)]),
                lambda: b"\x01" + structs(self.client(), 0, item) + uint(huge),
                lambda: update([], [deletes(self._known()[0], (0, 1), count=huge)]),
                lambda: update([], [deletes(self._known()[0], (0, huge))]),
                lambda: update([structs(self.client(), huge, item)]),
                lambda: update([structs(huge, 0, item)]),
                lambda: update([structs(self.client(), 0, under("nodes", "k", b"\x08" + uint(huge) + b"\x7e"))]),
                lambda: update([structs(self.client(), 0, under("nodes", "k", b"\x08\x01\x75" + uint(huge)))]),
                lambda: update([structs(self.client(), 0, under("nodes", "k", b"\x08\x01\x77" + uint(huge)))]),
                lambda: update([structs(self.client(), 0, under("nodes", "k", b"\x03" + uint(huge)))]),
                lambda: update([structs(self.client(), 0, under("nodes", "k", b"\x01" + uint(huge)))]),
                lambda: update([structs(self.client(), 0, bytes([chance.choice((0, 10))]) + uint(huge))]),
            )
        )()
        return self._sent(body)

    def missing_predecessor(self) -> bytes:
        client = self.client()
        item = under(self._chance.choice(ROOTS), new_id(), NULL)
        return self._chance.choice(
            (
                lambda: self._sent(update([structs(client, self._chance.randrange(1, 9), item)])),
                lambda: self._item(over((self.client(), 3), NULL)),
                lambda: self._item(under((self.client(), 0), "name", NULL)),
                lambda: self._sent(update([structs(client, 0, b"\x0a\x02", item)])),
                lambda: self._sent(update([], [deletes(client, (0, 1))])),
            )
        )()

    def waits_for_each_other(self) -> bytes:
        one, two = self.client(), self.client()
        item = self._chance.choice((lambda id: over(id, NULL), lambda id: under(id, "x", MAP)))
        return self._sent(update([structs(one, 0, item((two, 0))), structs(two, 0, item((one, 0)))]))

    def forged(self) -> bytes:
        """Somebody else's next clocks."""
        client, clock = self._known()
        return self._sent(update([structs(client, clock, under(self._chance.choice(ROOTS), new_id(), self.value()))]))

    def second_container(self) -> bytes:
        if self._chance.random() < 0.3:
            return self._item(over(self._chance.choice(self.values or self.maps), MAP))
        parent, key = self._chance.choice(self.places)
        return self._item(under(parent, key, self._chance.choice((MAP, NULL))))

    def over_container(self) -> bytes:
        target = self._chance.choice(self.maps)
        return self._item(
            self._chance.choice((over(target, NULL), over(target, MAP), between(target, target, self.value())))
        )

    def delete_container(self) -> bytes:
        client, clock = self._chance.choice(self.maps)
        before = self._chance.randrange(min(clock, 3) + 1)
        return self._sent(update([], [deletes(client, (clock - before, before + 1))]))

    def in_a_value(self) -> bytes:
        target = self._chance.choice(self.values or [(1, 0)])
        return self._item(under(target, "x", self._chance.choice((NULL, MAP))))

    def odd_structs(self) -> bytes:
        """Garbage, skips and deleted content, where nobody of ours writes them."""
        odd = [b"\x00\x01", b"\x00\x05", b"\x0a\x01", under("nodes", new_id(), b"\x01\x01"), NULL, b"\x20\x01\x00"]
        return self._item(*self._chance.choices(odd, k=self._chance.randrange(1, 4)))

    def foreign_type(self) -> bytes:
        root = self._chance.choice((*ROOTS, "elsewhere"))
        return self._item(under(root, new_id(), self._chance.choice(FOREIGN)))

    def unknown_root(self) -> bytes:
        return self._item(under(self._chance.choice(("", "elsewhere", "Nodes", "é")), new_id(), NULL))

    def too_much(self) -> bytes:
        deep = self._chance.choice((b"\x75\x01", b"\x76\x01\x01k")) * self._chance.choice((63, 64, 65, 2000)) + b"\x7e"
        return self._chance.choice(
            (
                lambda: self._item(under("nodes", new_id(), any_of(deep))),
                lambda: self._item(under("nodes", "k" * self._chance.choice((1024, 1025, 30_000)), NULL)),
                lambda: self._item(under("nodes", new_id(), any_of(text("x" * 100_000)))),
                lambda: self._item(*[under("nodes", new_id(), NULL) for _ in range(300)]),
                lambda: self._sent(update([], [deletes(self._known()[0], *[(0, 1)] * 300)])),
            )
        )()

    def bad_question(self) -> bytes:
        chance = self._chance
        huge = chance.choice(HUGE)
        return encode(
            SyncStep1(
                chance.choice(
                    (
                        uint(huge),
                        uint(huge) + uint(1) + uint(1),
                        uint(1) + uint(huge) + uint(1),
                        uint(1) + uint(1) + uint(huge),
                        uint(2) + uint(1) * 4,
                        chance.randbytes(chance.randrange(60)),
                        uint(400) + b"".join(uint(n) + uint(1) for n in range(400)),
                    )
                )
            )
        )

    def presence_bomb(self) -> bytes:
        chance = self._chance
        other = chance.choice(self.presences)
        entries = chance.choice(
            (
                lambda: [PresenceEntry(self.client(), 1, "[" * chance.choice((10, 2000, 50_000)))],
                lambda: [PresenceEntry(self.client(), 1, '{"a":' * 2000 + "1" + "}" * 2000)],
                lambda: [PresenceEntry(other, 2**31, None)],
                lambda: [PresenceEntry(other, 2**53 - 1, '{"user":{"name":"forged"}}')],
                lambda: [PresenceEntry(n, 1, None) for n in range(chance.choice((5, 1024, 5000)))],
                lambda: [PresenceEntry(self.client(), 1, '{"x":"' + "x" * chance.choice((10, 5000, 200_000)) + '"}')],
                lambda: [PresenceEntry(self.client(), 1, '{"x":NaN}'), PresenceEntry(self.client(), 1, "{}")],
                lambda: [PresenceEntry(self.client(), 1, chance.choice(("1e999", "{}x", '{"x":"\\ud800"}', "\x00")))],
            )
        )()
        return encode(AwarenessUpdate(encode_presence(entries)))

    def bad_presence(self) -> bytes:
        huge = uint(self._chance.choice(HUGE))
        cases = (huge, b"\x01" + huge, b"\x01\x01\x01" + huge, b"\x01\x05\x01\x02\xff\xff")
        return b"\x01" + encode_bytes(self._chance.choice(cases))

    def any_number(self) -> bytes:
        chance = self._chance
        number = chance.choice((*range(6), *range(98, 108), 127, *HUGE))
        return uint(number) + chance.choice((b"", b"\x00", b"\x03", encode_bytes(chance.randbytes(8)), b"\x00\x05\x00"))

    def noise(self) -> bytes | str:
        if self._chance.random() < 0.1:
            return "text"
        return self._chance.randbytes(self._chance.choice((0, 1, 3, 30, 300)))

    def query(self) -> bytes:
        return b"\x03"


GENERATORS: Mapping[str, Callable[[FrameMaker], bytes | str]] = {
    name: getattr(FrameMaker, name)
    for name in (
        "set_value", "atomic", "record", "delete_value", "question", "presence", "query", "mutated", "mutated_body",
        "huge_count", "missing_predecessor", "waits_for_each_other", "forged", "second_container", "over_container",
        "delete_container", "in_a_value", "odd_structs", "foreign_type", "unknown_root", "too_much", "bad_question",
        "presence_bomb", "bad_presence", "any_number", "noise",
    )
}  # fmt: skip
KINDS = (*GENERATORS, "set_value", "set_value", "mutated", "mutated", "mutated_body", "mutated_body")
