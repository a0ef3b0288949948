"""One worker process: `python -m compute.engine.worker MODULE…` imports the modules and waits for tasks.

Tasks come as JSON lines on standard input. On standard output go lines of JSON: `{"progress": f, "message": s}`, then
`{"done": true}` with the value in `folder/value.json`, or `{"error": {code, message, hint}}`. Whatever else prints goes
to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import resource
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TextIO

from compute.engine.base import Progress, Workspace, never_less, resolve
from compute.mesh import JsonObject
from crdt.errors import MaquetteError

PROGRESS_SECONDS = 0.1
"""At most one line of progress in this time, so that a busy loop cannot flood the peer."""
VALUE_FILE = "value.json"
TRACE_CHARACTERS = 16_000


def main() -> None:
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    tasks: queue.SimpleQueue[str] = queue.SimpleQueue()
    for module in sys.argv[1:]:
        importlib.import_module(module)
    threading.Thread(target=_read, args=(tasks,), daemon=True).start()
    _say(channel, {"ready": True})
    while True:
        task = json.loads(tasks.get())
        _limit_memory(task["memory"])
        _say(channel, _run(task, channel))


def _read(tasks: queue.SimpleQueue[str]) -> None:
    """Pass lines on; when the peer is gone, go too, whatever runs."""
    for line in sys.stdin:
        tasks.put(line)
    os._exit(0)


def _limit_memory(limit: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def _run(task: JsonObject, channel: TextIO) -> JsonObject:
    folder = Path(task["folder"])
    workspace = Workspace(task["arguments"], folder, never_less(_throttled(channel)))
    try:
        value = resolve(task["function"])(workspace)
        (folder / VALUE_FILE).write_text(json.dumps(value, allow_nan=False))
    except MaquetteError as error:
        return {"error": error.as_json()}
    except MemoryError:
        return {"error": out_of_memory(task["memory"])}
    except Exception as error:
        # Any other exception is a fault of ours or of a library: told to the asker, traced for the operator.
        message = f"{type(error).__name__}: {error}"[:500]
        told = {"code": "internal_error", "message": message, "hint": "the peer's log has the trace"}
        return {"error": told, "trace": traceback.format_exc()[-TRACE_CHARACTERS:]}
    return {"done": True}


def out_of_memory(limit: int) -> JsonObject:
    message = f"the operation needed more than {limit >> 20:,} MiB of memory"
    return {"code": "out_of_memory", "message": message, "hint": "use a smaller model or a peer with a higher limit"}


def _throttled(channel: TextIO) -> Progress:
    last = -PROGRESS_SECONDS

    def report(fraction: float, message: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PROGRESS_SECONDS or fraction >= 1.0:
            last = now
            _say(channel, {"progress": fraction, "message": message[:200]})

    return report


def _say(channel: TextIO, message: JsonObject) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


if __name__ == "__main__":
    main()
