"""A PLY file as tables of columns: the header, and the body in ASCII or binary of either byte order.

Every size that the header states is checked against the bytes that follow before anything is allocated.
Source: paulbourke.net/dataformats/ply.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from compute.formats import text_numbers
from compute.formats.files import ReadOptions, check_triangles, refuse

_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip


@dataclass
class Property:
    """A number, or a list of numbers with a count before it."""

    name: str
    kind: str
    count: str | None = None


@dataclass
class Element:
    name: str
    count: int
    properties: list[Property] = field(default_factory=list)

    @property
    def lists(self) -> bool:
        return any(p.count for p in self.properties)


@dataclass
class Header:
    order: str
    """`a` for ASCII, else numpy's byte order."""
    elements: list[Element]
    comment: str
    size: int


@dataclass
class Lists:
    """A list property: sizes (k,) and all values one after the other."""

    sizes: NDArray[np.int64]
    values: NDArray[np.generic]


Columns = dict[str, "NDArray[np.generic] | Lists"]

Table = dict[str, Columns]
"""By element, then by property."""


def read_table(data: bytes, options: ReadOptions) -> tuple[Header, Table]:
    """Everything that a PLY holds, not interpreted. Refuses what is cut off or absurdly large."""
    header = _header(data)
    _check_counts(header, len(data) - header.size, options)
    return header, _ascii(data, header) if header.order == "a" else _binary(data, header)


# --- the header ---


def _header(data: bytes) -> Header:
    end = data.find(b"end_header", 0, 65536)
    if end < 0:
        refuse(
            "invalid_ply", "The PLY header has no `end_header` in its first 64 KB.", "The file is cut off or no PLY."
        )
    after = data.find(b"\n", end)
    size = len(data) if after < 0 else after + 1
    header = Header("", [], "", size)
    for line in data[:end].decode("latin-1").splitlines()[1:]:
        words = line.split()
        if words:
            _header_line(header, words, line)
    if not header.order:
        refuse("invalid_ply", "The PLY header names no format.")
    return header


def _header_line(header: Header, words: list[str], line: str) -> None:
    orders = {"ascii": "a", "binary_little_endian": "<", "binary_big_endian": ">"}
    if words[0] in ("comment", "obj_info"):
        header.comment += line + "\n"
    elif words[0] == "format" and len(words) > 1 and words[1] in orders:
        header.order = orders[words[1]]
    elif words[0] == "element" and len(words) == 3 and words[2].isdigit():
        header.elements.append(Element(words[1], int(words[2])))
    elif words[0] == "property" and header.elements and _property(words):
        header.elements[-1].properties.append(_property(words))
    else:
        refuse("invalid_ply", f"The PLY header has the line “{line[:60]}”, which means nothing.")


def _property(words: list[str]) -> Property | None:
    if len(words) == 5 and words[1] == "list" and words[2] in _TYPES and words[3] in _TYPES:
        return Property(words[4], _TYPES[words[3]], _TYPES[words[2]])
    if len(words) == 3 and words[1] in _TYPES:
        return Property(words[2], _TYPES[words[1]])
    return None


def _check_counts(header: Header, size: int, options: ReadOptions) -> None:
    """At least one byte a value (ASCII: two characters) must follow; then faces are bounded too."""
    for element in header.elements:
        widths = [np.dtype(p.count or p.kind).itemsize for p in element.properties]
        least = 2 * len(widths) if header.order == "a" else sum(widths)
        if element.count * least > size + 1:
            refuse(
                "truncated_file",
                f"The PLY names {element.count:,} elements “{element.name[:20]}”; {size:,} bytes follow its header.",
                "The file is cut off, or its header is wrong.",
            )
        if element.name == "face":
            check_triangles(element.count, options)


# --- the body ---


def _binary(data: bytes, header: Header) -> dict[str, Columns]:
    result, at = {}, header.size
    for element in header.elements:
        read = _binary_lists if element.lists else _binary_rows
        result[element.name], at = read(data, element, header.order, at)
    return result


def _cut_off(element: Element) -> None:
    refuse("truncated_file", f"The PLY ends inside its {element.count:,} elements “{element.name[:20]}”.")


def _binary_rows(data: bytes, element: Element, order: str, at: int) -> tuple[Columns, int]:
    kind = np.dtype([(f"{i}", order + p.kind) for i, p in enumerate(element.properties)])
    if at + kind.itemsize * element.count > len(data):
        _cut_off(element)
    rows = np.frombuffer(data, kind, element.count, at) if kind.itemsize else np.zeros(element.count, kind)
    columns: Columns = {p.name: rows[f"{i}"] for i, p in enumerate(element.properties)}
    return columns, at + kind.itemsize * element.count


def _binary_lists(data: bytes, element: Element, order: str, at: int) -> tuple[Columns, int]:
    """Equal lists are read in one go; otherwise row by row, noting only where each list lies."""
    equal = _equal_lists(data, element, order, at)
    if equal is not None:
        return equal
    places: dict[str, list[int]] = {p.name: [] for p in element.properties}
    counts: dict[str, list[int]] = {p.name: [] for p in element.properties if p.count}
    plan = [(places[p.name], counts.get(p.name), *_widths(p)) for p in element.properties]
    big, end = "big" if order == ">" else "little", len(data)
    for _ in range(element.count):
        for starts, sizes, wide, narrow in plan:
            if sizes is None:
                starts.append(at)
                at += wide
            else:
                count = int.from_bytes(data[at : at + narrow], big)
                starts.append(at + narrow)
                sizes.append(count)
                at += narrow + count * wide
        if at > end:
            _cut_off(element)
    raw = np.frombuffer(data, np.uint8)
    columns: Columns = {}
    for p in element.properties:
        starts = np.array(places[p.name], np.int64)
        sizes = np.array(counts[p.name], np.int64) if p.count else np.ones(len(starts), np.int64)
        values = _scattered(raw, starts, sizes, np.dtype(order + p.kind))
        columns[p.name] = Lists(sizes, values) if p.count else values
    return columns, at


def _widths(p: Property) -> tuple[int, int]:
    return np.dtype(p.kind).itemsize, np.dtype(p.count).itemsize if p.count else 0


def _scattered(
    raw: NDArray[np.uint8], starts: NDArray[np.int64], sizes: NDArray[np.int64], kind: np.dtype
) -> NDArray[np.generic]:
    """The values of runs that lie anywhere in the bytes."""
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = np.repeat(starts, sizes) + within * kind.itemsize
    return np.ascontiguousarray(raw[places[:, None] + np.arange(kind.itemsize)]).view(kind).ravel()


def _equal_lists(data: bytes, element: Element, order: str, at: int) -> tuple[Columns, int] | None:
    """The columns when every row's lists are as long as the first row's."""
    kinds, offset = [], at
    for i, p in enumerate(element.properties):
        wide, narrow = _widths(p)
        if not p.count:
            kinds.append((f"{i}", order + p.kind))
            offset += wide
            continue
        first = int.from_bytes(data[offset : offset + narrow], "big" if order == ">" else "little")
        if first > len(data):
            return None
        kinds += [(f"n{i}", order + p.count), (f"{i}", order + p.kind, (first,))]
        offset += narrow + first * wide
    kind = np.dtype(kinds)
    if at + kind.itemsize * element.count > len(data) or not element.count:
        return None
    rows = np.frombuffer(data, kind, element.count, at)
    columns: Columns = {}
    for i, p in enumerate(element.properties):
        values = rows[f"{i}"]
        if p.count:
            if (rows[f"n{i}"] != values.shape[1]).any():
                return None
            columns[p.name] = Lists(np.full(len(values), values.shape[1]), values.ravel())
        else:
            columns[p.name] = values
    return columns, at + kind.itemsize * element.count


def _ascii(data: bytes, header: Header) -> dict[str, Columns]:
    values = text_numbers.parse(data[header.size :], np.float64, "invalid_ply", "The body of the PLY")
    result, at = {}, 0
    for element in header.elements:
        result[element.name], at = _ascii_element(values, element, at)
    return result


def _ascii_element(values: NDArray[np.float64], element: Element, at: int) -> tuple[Columns, int]:
    if not element.lists:
        width = len(element.properties)
        end = at + width * element.count
        if end > len(values):
            _cut_off(element)
        table = values[at:end].reshape(element.count, width)
        return {p.name: table[:, i].astype(p.kind) for i, p in enumerate(element.properties)}, end
    return _ascii_lists(values, element, at)


def _ascii_lists(values: NDArray[np.float64], element: Element, at: int) -> tuple[Columns, int]:
    places: dict[str, list[int]] = {p.name: [] for p in element.properties}
    counts: dict[str, list[int]] = {p.name: [] for p in element.properties if p.count}
    plan = [(places[p.name], counts.get(p.name)) for p in element.properties]
    end = len(values)
    for _ in range(element.count):
        for starts, sizes in plan:
            if at >= end:
                _cut_off(element)
            if sizes is not None:
                count = values[at]
                if not 0 <= count <= end - at - 1:
                    _cut_off(element)
                sizes.append(int(count))
                at += 1
            starts.append(at)
            at += 1 if sizes is None else sizes[-1]
    columns: Columns = {}
    for p in element.properties:
        starts = np.array(places[p.name], np.int64)
        if p.count:
            sizes = np.array(counts[p.name], np.int64)
            within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            columns[p.name] = Lists(sizes, values[np.repeat(starts, sizes) + within])
        else:
            columns[p.name] = values[np.minimum(starts, end - 1)].astype(p.kind)
    return columns, at
