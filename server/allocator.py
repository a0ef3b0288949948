"""How the C library keeps freed memory: large documents are given back to the system when they are let go.

glibc raises its own limits with the first large block that is freed, so that later ones stay in a heap full of holes:
a server that was sent a scene of 40 MB kept 48 MB more, for ever.
"""

from __future__ import annotations

import ctypes

LARGE = 256 * 1024
"""Bytes from which on a block is a mapping of its own."""
KEPT = 8 * 1024 * 1024
"""Free bytes at the end of the heap that are kept."""
ARENAS = 2
"""Heaps: threads take turns under the interpreter's lock anyway."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8


def tame() -> None:
    """Nothing where the C library is another one than glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in ((_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, KEPT), (_ARENA_MAX, ARENAS)):
            mallopt(option, value)
