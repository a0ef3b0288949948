"""Does heavy work in a process of its own, which `server.side_process` starts and talks to.

Both directions: the length of a message as 8 bytes, then the message, pickled: (function, arguments) comes in, (result,
None) or (None, error) goes out. It ends with its input, so also when its server is killed.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from contextlib import suppress
from typing import Any, BinaryIO


def work(asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the input ends."""
    while len(head := asked.read(8)) == 8:
        answer = pickle.dumps(_answer(asked.read(int.from_bytes(head))))
        answers.write(len(answer).to_bytes(8) + answer)
        answers.flush()


def _answer(asked: bytes) -> tuple[Any, Exception | None]:
    function, arguments = pickle.loads(asked)
    try:
        return function(*arguments), None
    except Exception as error:
        return None, error


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to answer
    os.nice(int(sys.argv[1]))
    with suppress(BrokenPipeError):  # the server was killed while it waited for an answer
        work(sys.stdin.buffer, sys.stdout.buffer)
