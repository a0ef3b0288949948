"""Canonical JSON (SPEC D8): the same text for the same value in Python and JavaScript.

Numbers are printed as ECMAScript prints them, keys are sorted by UTF-16 code units, binaries become
`{"$bytes": base64}`.
"""

import base64
import math
from json.encoder import encode_basestring  # JSON.stringify's escapes; anything beyond ASCII stays as it is
from typing import Any

MAX_SAFE = 2**53 - 1


def utf16(text: str) -> bytes:
    """A sort key: comparing it compares UTF-16 code units, as JavaScript compares strings."""
    return text.encode("utf-16-be", "surrogatepass")


def plain(value: Any) -> Any:
    """The value as JSON holds it: whole floats as int, tuples as lists, binaries as bytes; NaN and infinities None."""
    if isinstance(value, float):
        return _plain_float(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    return value


def _plain_float(value: float) -> int | float | None:
    if value.is_integer() and abs(value) <= MAX_SAFE:
        return int(value)
    return value if math.isfinite(value) else None


def number(value: float) -> str:
    """ECMAScript's Number::toString of a finite number.

    >>> number(1e21), number(1e-7), number(-0.0), number(2.0**60)
    ('1e+21', '1e-7', '0', '1152921504606847000')
    """
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, point = _shortest_digits(abs(value))
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{mantissa}e{point - 1:+d}"


def _shortest_digits(value: float) -> tuple[str, int]:
    """(d, n) with value = 0.d · 10^n, d without zeros at either end; Python's repr finds the same shortest digits."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    return digits.rstrip("0"), point


def dumps(value: Any) -> str:
    """Canonical JSON of None, bool, int, float, str, bytes, lists, tuples and dicts with string keys.

    Raises TypeError for anything else. NaN and infinities become `null`, as in JSON.stringify.
    """
    if value is None or value is True or value is False:
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, int):
        return str(int(value)) if abs(value) <= MAX_SAFE else number(float(value))
    if isinstance(value, float):
        return number(value) if math.isfinite(value) else "null"
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode_basestring(key)}:{dumps(value[key])}" for key in sorted_keys(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dumps, value)) + "]"
    if isinstance(value, bytes | bytearray | memoryview):
        return f'{{"$bytes":"{base64.b64encode(bytes(value)).decode()}"}}'
    raise TypeError(f"{type(value).__name__} is no JSON value")


def sorted_keys(value: dict[str, Any]) -> list[str]:
    keys = list(value)
    return sorted(keys) if all(map(str.isascii, keys)) else sorted(keys, key=utf16)


def equal(a: Any, b: Any) -> bool:
    """Whether two values are one and the same decision (SPEC U3)."""
    return dumps(a) == dumps(b)
