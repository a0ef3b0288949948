"""Logs on a disk that is full."""

from __future__ import annotations

import errno
import io

from crdt.logs import SteadyStream


class FullStream(io.StringIO):
    is_full = False

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_lines_are_lost_and_counted_while_the_disk_is_full() -> None:
    stream = FullStream()
    steady = SteadyStream(stream)
    steady.write("one\n")
    stream.is_full = True
    for _ in range(3):
        steady.write("lost\n")
    stream.is_full = False
    steady.write("two\n")
    assert stream.getvalue().splitlines() == ["one", '{"event": "log_lines_lost", "level": "error", "lines": 3}', "two"]


def test_a_closed_stream_harms_nobody() -> None:
    stream = io.StringIO()
    steady = SteadyStream(stream)
    stream.close()
    steady.write("into nothing\n")
