"""Writes effective scenes as JSON. A large one in a process of its own, which server.scene_writer starts and talks to:

    → project and seq as a line of JSON with the `length` of what follows; the document as one update
    ← the length of the answer as a line; the answer: gzipped UTF-8 JSON

It ends with its input, so also when its server is killed.
"""

from __future__ import annotations

import gzip
import json
import signal
import sys
from typing import BinaryIO

from crdt.document import SceneDocument
from crdt.effective import effective_scene

_LEVEL = 5


def scene_json(project: str, seq: int, state: bytes) -> bytes:
    """Gzipped JSON of the effective scene (docs/api.md) of a document that is given as one update."""
    scene = SceneDocument()
    scene.apply(state)
    answer = {"project": project, "seq": seq, **effective_scene(scene)}
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), _LEVEL, mtime=0)


def work(asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the input ends."""
    while line := asked.readline():
        head = json.loads(line)
        answer = scene_json(head["project"], head["seq"], asked.read(head["length"]))
        answers.write(b"%d\n" % len(answer) + answer)
        answers.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to answer
    work(sys.stdin.buffer, sys.stdout.buffer)
