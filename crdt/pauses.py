"""How long to wait before connecting again."""

import random
import re

FIRST_PAUSE, LAST_PAUSE = 0.1, 5.0
"""Seconds between attempts to connect; the pause doubles up to the last one."""
LONGEST = 300.0
"""Seconds: what a server asks for beyond that is not waited for."""

_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(s|seconds?|min|minutes?)?\b")


class Pauses:
    """`next` after every attempt; `at_least` for what the server asked for, which goes before everything else."""

    def __init__(self) -> None:
        self._pause = FIRST_PAUSE
        self._least = 0.0

    def at_least(self, seconds: float) -> None:
        """Whoever is too fast does not begin anew with the shortest pause."""
        self._least = max(min(seconds, LONGEST), LAST_PAUSE)

    def next(self, was_connected: bool) -> float:
        """Seconds; a little by chance, so that not all come back at once. was_connected: the last attempt worked."""
        self._pause = FIRST_PAUSE if was_connected else min(self._pause * 2, LAST_PAUSE)
        least, self._least = self._least, 0.0
        return least + self._pause * random.uniform(0.5, 1.0)


def seconds_of(hint: str) -> float:
    """The first span of time in a text ("try again in 30 seconds", "5"); 0 where there is none."""
    found = _SECONDS.search(hint)
    if found is None:
        return 0.0
    return float(found[1]) * (60 if (found[2] or "s").startswith("m") else 1)
