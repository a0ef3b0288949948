"""Typed access to a glTF's JSON: every value is checked where it is read, a wrong one is refused by its place."""

from __future__ import annotations

import math
from typing import Any

from compute.formats.files import refuse
from compute.mesh import JsonObject


def _wrong(where: str, value: Any, expected: str) -> None:
    shown = repr(value)
    shown = shown if len(shown) <= 40 else shown[:37] + "…"
    refuse("gltf_schema", f"`{where}` is {shown}; {expected} was expected.", "The file does not follow glTF 2.0.")


def obj(parent: JsonObject, key: str, where: str) -> JsonObject:
    """An object, {} where it is missing."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        _wrong(f"{where}.{key}", value, "an object")
    return value


def items(parent: JsonObject, key: str, where: str = "") -> list[Any]:
    """An array, [] where it is missing."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        _wrong(f"{where}.{key}".lstrip("."), value, "an array")
    return value


def objects(parent: JsonObject, key: str, where: str = "") -> list[JsonObject]:
    """An array of objects."""
    values = items(parent, key, where)
    for i, value in enumerate(values):
        if not isinstance(value, dict):
            _wrong(f"{where}.{key}[{i}]".lstrip("."), value, "an object")
    return values


def text(parent: JsonObject, key: str, where: str, default: str = "") -> str:
    value = parent.get(key, default)
    if not isinstance(value, str):
        _wrong(f"{where}.{key}", value, "a string")
    return value


def name(parent: JsonObject, where: str) -> str:
    """A display name: without control characters, at most 256 characters."""
    return clean_name(text(parent, "name", where))


def clean_name(value: str) -> str:
    return "".join(c for c in value if c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff").strip()[:256]


def integer(parent: JsonObject, key: str, where: str, default: int | None = None, low: int = 0) -> int:
    value = parent.get(key, default)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        _wrong(f"{where}.{key}".lstrip("."), value, f"an integer of at least {low}")
    return value


def boolean(parent: JsonObject, key: str, where: str) -> bool:
    value = parent.get(key, False)
    if not isinstance(value, bool):
        _wrong(f"{where}.{key}", value, "true or false")
    return value


def number(
    parent: JsonObject, key: str, where: str, default: float, low: float = -math.inf, high: float = math.inf
) -> float:
    """A finite number, brought into [low, high]: files in the wild overstep these bounds by rounding."""
    value = parent.get(key, default)
    if not _finite(value):
        _wrong(f"{where}.{key}", value, "a finite number")
    return min(max(float(value), low), high)


def numbers(
    parent: JsonObject, key: str, where: str, default: tuple[float, ...], low: float = -math.inf, high: float = math.inf
) -> tuple[float, ...]:
    """Finite numbers, as many as the default has, each brought into [low, high]."""
    value = parent.get(key)
    if value is None:
        return default
    if not isinstance(value, list) or len(value) != len(default) or not all(_finite(v) for v in value):
        _wrong(f"{where}.{key}", value, f"{len(default)} finite numbers")
    return tuple(min(max(float(v), low), high) for v in value)


def _finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1.8e308


def index(parent: JsonObject, key: str, where: str, count: int) -> int | None:
    """A reference into a list of `count` things, None where it is missing."""
    if parent.get(key) is None:
        return None
    value = integer(parent, key, where)
    return reference(value, f"{where}.{key}", count)


def reference(value: Any, where: str, count: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _wrong(where, value, "an index")
    if not 0 <= value < count:
        refuse("reference_out_of_range", f"`{where}` refers to number {value}; there are {count}.")
    return value


def choice(parent: JsonObject, key: str, where: str, values: tuple[str, ...], default: str) -> str:
    value = text(parent, key, where, default)
    if value not in values:
        _wrong(f"{where}.{key}", value, " or ".join(values))
    return value
