"""Places where a test can make a process die as by `kill -9`.

`MAQUETTE_FAILPOINT=name:n` kills the process at the n-th pass (from 1) of `failpoint("name")`. Unset, a failpoint is
one comparison.
"""

import os
import signal

_NAME, _, _COUNT = os.environ.get("MAQUETTE_FAILPOINT", "").partition(":")
_passes = 0


def failpoint(name: str) -> None:
    """Dies here when the environment asks for it."""
    global _passes
    if name != _NAME:
        return
    _passes += 1
    if _passes == int(_COUNT or 1):
        os.kill(os.getpid(), signal.SIGKILL)
