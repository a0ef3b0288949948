"""The GLB 2.0 container: a header, a JSON chunk and at most one binary chunk. Source: glTF 2.0, section 4."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

from compute.formats.files import refuse
from compute.mesh import JsonObject

MAGIC, JSON_CHUNK, BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
MAX_DEPTH = 128
"""Levels of nesting that a JSON document may have."""


def parse_json(data: bytes | memoryview) -> JsonObject:
    """The top-level object. NaN, Infinity, deep nesting, half characters and non-objects are refused.

    Integers that a double cannot hold become doubles: extras are written on into documents that hold no others.
    """
    try:
        text = bytes(data).decode("utf-8-sig")
        value = json.loads(text, parse_constant=_no_constant, parse_int=_integer, parse_float=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        refuse("json_too_deep", f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    except (UnicodeDecodeError, ValueError) as error:
        refuse("invalid_json", f"The JSON part cannot be read: {error}.", "The file is damaged or no glTF.")
    if not isinstance(value, dict):
        refuse("invalid_json", f"The JSON part is a {type(value).__name__}; an object was expected.")
    if _depth_exceeds(value, MAX_DEPTH):
        refuse("json_too_deep", f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    return value


def _integer(digits: str) -> float:
    return int(digits) if len(digits) < 16 else _finite(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{digits[:20]} is out of a double's range")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        below: list[Any] = []
        for item in level:
            below.extend(v for v in (item.values() if isinstance(item, dict) else item) if isinstance(v, dict | list))
        if not below:
            return False
        level = below
    return True


def read_glb(data: bytes | memoryview) -> tuple[JsonObject, memoryview]:
    """The JSON object and the binary chunk (empty where there is none). Lengths are checked before use."""
    view = memoryview(data)
    if len(view) < 20:
        refuse("truncated_file", f"A GLB of {len(view)} bytes ends before its first chunk.")
    magic, version, length = struct.unpack_from("<III", view)
    if magic != MAGIC:
        refuse("invalid_glb", f"A GLB starts with `glTF`; this file starts with {bytes(view[:4])!r}.")
    if version != 2:
        refuse("gltf_version", f"This is GLB version {version}; version 2 is read.", "Convert the file to glTF 2.0.")
    if length > len(view):
        refuse("truncated_file", f"The header names {length:,} bytes, the file has {len(view):,}.")
    chunks = _chunks(view[:length])
    if not chunks or chunks[0][0] != JSON_CHUNK:
        refuse("invalid_glb", "The first chunk of a GLB must be JSON.")
    binary = next((body for kind, body in chunks[1:] if kind == BIN_CHUNK), view[:0])
    return parse_json(chunks[0][1]), binary


def _chunks(view: memoryview) -> list[tuple[int, memoryview]]:
    chunks, at = [], 12
    while at + 8 <= len(view):
        size, kind = struct.unpack_from("<II", view, at)
        if at + 8 + size > len(view):
            refuse("truncated_file", f"A chunk names {size:,} bytes, only {len(view) - at - 8:,} follow.")
        chunks.append((kind, view[at + 8 : at + 8 + size]))
        at += 8 + size + (-size % 4)
    return chunks


def write_glb(document: JsonObject, binary: bytes | bytearray) -> bytes:
    """A GLB with both chunks padded as the format asks; keys keep their order, so equal input gives equal bytes."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    padding = b"\0" * (-len(binary) % 4)
    parts = [struct.pack("<II", len(text), JSON_CHUNK), text]
    if binary:
        parts += [struct.pack("<II", len(binary) + len(padding), BIN_CHUNK), bytes(binary), padding]
    body = b"".join(parts)
    return struct.pack("<III", MAGIC, 2, 12 + len(body)) + body
