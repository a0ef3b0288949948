"""The operations that may be asked for, and what each one's target and params look like (docs/api.md, "Jobs").

A job is checked here before it is queued, so that a peer never sees one of another shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from crdt.schema import Id, LodLevel, Sha256, Unit
from server.errors import Unprocessable

FileName = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f]+$")]
JsonObject = dict[str, Any]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ParentTarget(_Shape):
    parent: Id | Literal["root"] | None = None


class MeshTarget(_Shape):
    mesh: Id


class NodesTarget(_Shape):
    nodes: Annotated[list[Id], Field(max_length=100_000)] | None = None


class NoTarget(_Shape):
    pass


class NamedBlob(_Shape):
    name: FileName
    blob: Sha256


class ImportParams(_Shape):
    files: Annotated[list[NamedBlob], Field(min_length=1, max_length=1000)]
    options: JsonObject = {}


class LodChainParams(_Shape):
    levels: dict[Literal["1", "2", "3", "4", "5", "6", "7", "8"], LodLevel | None] | None = None


class SimplifyParams(_Shape):
    ratio: Annotated[float, Field(gt=0, le=1)] | None = None
    triangles: Annotated[int, Field(ge=1)] | None = None
    error: Unit | None = None
    lockBorders: bool | None = None


class ExportParams(_Shape):
    format: Literal["glb", "obj", "stl", "ply"]
    options: JsonObject = {}


class PlainParams(_Shape):
    blob: Sha256


@dataclass(frozen=True)
class Operation:
    """target, params: models of what is asked. internal: asked for by the server itself, not shown in the session."""

    target: type[_Shape]
    params: type[_Shape]
    internal: bool = False


OPERATIONS: dict[str, Operation] = {
    "import": Operation(ParentTarget, ImportParams),
    "lod.chain": Operation(MeshTarget, LodChainParams),
    "simplify": Operation(MeshTarget, SimplifyParams),
    "export": Operation(NodesTarget, ExportParams),
    "plain": Operation(NoTarget, PlainParams, internal=True),
}


def check_request(op: str, target: JsonObject, params: JsonObject) -> None:
    """Refuse a job of an unknown operation (`unknown_operation`) or of another shape (`bad_job`)."""
    operation = OPERATIONS.get(op)
    if operation is None:
        known = ", ".join(name for name, known in OPERATIONS.items() if not known.internal)
        raise Unprocessable("unknown_operation", f"there is no operation {op[:80]!r}", f"one of {known}")
    _check("target", operation.target, target)
    _check("params", operation.params, params)


def is_internal(op: str) -> bool:
    return op in OPERATIONS and OPERATIONS[op].internal


def _check(name: str, shape: type[_Shape], value: JsonObject) -> None:
    try:
        shape.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([name, *map(str, first["loc"])])
        raise Unprocessable("bad_job", f"{where}: {first['msg']}", "see docs/api.md, Jobs of this version") from error
