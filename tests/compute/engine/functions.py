"""What the engine tests run in workers: well-behaved functions and every way to misbehave."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import time

from compute.engine.base import Workspace
from compute.errors import FileRefused
from compute.mesh import JsonObject
from compute.operations import import_scene


def double(workspace: Workspace) -> JsonObject:
    workspace.report(0.5, "half")
    workspace.report(0.2, "going back")
    return {"value": workspace.arguments["value"] * 2, "pid": os.getpid()}


def copy(workspace: Workspace) -> JsonObject:
    return {"blob": workspace.put(workspace.input(workspace.arguments["blob"]).read_bytes() + b"!")}


def refuse(workspace: Workspace) -> JsonObject:
    raise FileRefused("not_a_model", f"found {workspace.arguments['found']}", "a model was expected")


def fault(workspace: Workspace) -> JsonObject:
    return {"never": 1 / workspace.arguments["zero"]}


def chatter(workspace: Workspace) -> JsonObject:
    print("this is no message", workspace.folder)
    sys.stdout.flush()
    return {"said": True}


def hoard(workspace: Workspace) -> JsonObject:
    return {"size": len(bytearray(workspace.arguments["bytes"]))}


def die(workspace: Workspace) -> JsonObject:
    os.kill(os.getpid(), workspace.arguments["signal"])
    return {}


def linger(workspace: Workspace) -> JsonObject:
    """Runs until it is stopped; with `stubborn` it does not hear SIGTERM."""
    if workspace.arguments.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    workspace.report(0.1, str(os.getpid()))
    while True:
        time.sleep(60)


def import_watched(workspace: Workspace) -> JsonObject:
    """An import that dies at once if it touches the network; leaves its peak of resident memory, MB, in `peak`."""
    sys.addaudithook(_no_network)
    try:
        return import_scene.run(workspace)
    finally:
        (workspace.folder / "peak").write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10))


def _no_network(event: str, arguments: tuple) -> None:
    if event.startswith(("socket.", "urllib.", "http.", "ftplib.")):
        os.write(2, f"{event} {arguments!r}\n".encode())
        os._exit(77)


def resolve_a_name(workspace: Workspace) -> JsonObject:
    sys.addaudithook(_no_network)
    return {"address": socket.getaddrinfo(workspace.arguments["host"], 80)[0][4][0]}
