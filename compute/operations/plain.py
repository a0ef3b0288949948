"""The operation `plain`: a compressed geometry blob as an ordinary GLB that any tool opens."""

from __future__ import annotations

from compute import codec
from compute.engine.base import Workspace
from compute.mesh import JsonObject
from compute.operation import Operation, Params, Plan, Request, parse
from crdt.document import SceneDocument
from crdt.schema import Sha256


class PlainParams(Params):
    blob: Sha256


def plan(scene: SceneDocument, request: Request) -> Plan:  # noqa: ARG001
    blob = parse(PlainParams, request.params, "params").blob
    return Plan({"blob": blob}, [blob])


def run(workspace: Workspace) -> JsonObject:
    return {"blob": workspace.put(codec.plain(workspace.input(workspace.arguments["blob"]).read_bytes()))}


PLAIN = Operation("plain", f"{__name__}:run", plan, untrusted=True, reads_scene=False)
