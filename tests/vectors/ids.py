"""Readable ids for cases: `name("chair")` is `chair-----------`."""

from crdt.ids import ID_LENGTH


def name(word: str) -> str:
    assert len(word) <= ID_LENGTH
    return word.ljust(ID_LENGTH, "-")
