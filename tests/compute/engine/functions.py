"""What the engine tests run in workers: well-behaved functions and every way to misbehave."""

from __future__ import annotations

import os
import signal
import sys
import time

from compute.engine.base import Workspace
from compute.errors import FileRefused
from compute.mesh import JsonObject


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
