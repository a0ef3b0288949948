"""Numbers out of text files of millions of lines, without a Python loop over lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.formats.files import refuse


def parse(text: bytes, kind: type, code: str, where: str) -> NDArray:
    """All numbers of a text separated by white space. Anything else in it is refused with `code`."""
    if not text.strip():
        return np.zeros(0, kind)
    try:
        return np.fromstring(text, kind, sep=" ")
    except ValueError:
        refuse(code, f"{where}: something that is no number stands among the numbers.")


@dataclass
class Chosen:
    """Some lines of a text, their keyword blanked. text: the lines; starts: where each begins; tokens: its words."""

    text: bytes
    starts: NDArray[np.int64]
    tokens: NDArray[np.int64]


class Lines:
    """A text as an array of bytes and the starts of its lines. Indentation is removed, continued lines are joined."""

    def __init__(self, data: bytes) -> None:
        if b"\\" in data:
            data = re.sub(rb"\\[ \t]*\r?\n", b" ", data)
        if b"\r" in data and b"\n" not in data:
            data = data.replace(b"\r", b"\n")
        if re.search(rb"(?m)^[ \t]", data):
            data = re.sub(rb"(?m)^[ \t]+", b"", data)
        self.data = data + b"\n"
        self.bytes = np.frombuffer(self.data, np.uint8)
        ends = np.flatnonzero(self.bytes == 10)
        self.starts = np.concatenate([[0], ends[:-1] + 1])
        self.lengths = ends + 1 - self.starts

    def __len__(self) -> int:
        return len(self.starts)

    def begins(self, keyword: bytes) -> NDArray[np.bool_]:
        """(lines,): whether a line's first word is `keyword`."""
        padded = np.concatenate([self.bytes, np.full(len(keyword), 10, np.uint8)])
        result = np.ones(len(self), bool)
        for i, letter in enumerate(keyword):
            result &= padded[self.starts + i] == letter
        return result & (padded[self.starts + len(keyword)] <= 32)

    def line(self, number: int) -> str:
        start = int(self.starts[number])
        return self.data[start : start + int(self.lengths[number])].decode("utf-8", "replace").strip()

    def choose(self, mask: NDArray[np.bool_], keyword: int) -> Chosen:
        """The lines of `mask` with the first `keyword` bytes of each blanked and comments removed."""
        lengths = self.lengths[mask]
        chunk = self.bytes[np.repeat(mask, self.lengths)]
        starts = np.cumsum(lengths) - lengths
        for i in range(keyword):
            chunk[starts + i] = 32
        text = chunk.tobytes()
        if b"#" in text:
            text = re.sub(rb"#[^\n]*", b"", text)
            chunk = np.frombuffer(text, np.uint8)
            starts = np.concatenate([[0], np.flatnonzero(chunk == 10)[:-1] + 1]) if len(lengths) else starts
        return Chosen(text, starts, per_line(word_starts(chunk), starts))


def word_starts(chunk: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Where the words of a text begin."""
    blank = chunk <= 32
    first = ~blank
    first[1:] &= blank[:-1]
    return np.flatnonzero(first)


def per_line(places: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the (sorted) places lie in each line."""
    return np.diff(np.append(np.searchsorted(places, starts), len(places)))
