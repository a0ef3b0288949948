"""One byte range of `Range: bytes=…` (RFC 9110 section 14), the form that players, loaders and curl send."""

from __future__ import annotations

import re

from server.errors import Unsatisfiable

_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The half-open range (start, end) that a header asks for; None: send everything.

    Several ranges, or a unit that is not bytes, may be ignored by a server, and are. Unsatisfiable outside the blob.
    """
    match = _RANGE.match(header.replace(" ", "")) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    start, end = (max(0, size - int(last)), size) if not first else (int(first), int(last) + 1 if last else size)
    if first and last and int(last) < int(first):
        return None
    if start >= size:
        raise Unsatisfiable(
            "range_not_satisfiable", f"the range {header!r} lies outside of {size} bytes",
            headers={"Content-Range": f"bytes */{size}"},
        )  # fmt: skip
    return start, min(end, size)
