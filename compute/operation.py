"""What an operation is: a plan made from the document, a pure function in a worker, and edits made of its value.

peer:    plan = operation.plan(scene, request)            which blobs, which arguments
worker:  value = function(workspace)                      arrays and files only
peer:    result = operation.apply(fork, request, value)   edits on a fork of the document
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from compute.errors import OperationError
from compute.mesh import JsonObject
from crdt.document import SceneDocument
from crdt.ids import job_id_maker
from crdt.schema import Revision
from crdt.steps import Change

Model = TypeVar("Model", bound=BaseModel)


class Params(BaseModel):
    """Typed parameters or target of an operation; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Request:
    """One job as leased. `ids` makes the same ids on every attempt (SPEC D2)."""

    job: str
    op: str
    target: JsonObject
    params: JsonObject
    by: str = ""

    @property
    def ids(self) -> Callable[[str], str]:
        return job_id_maker(self.job)


@dataclass(frozen=True)
class Plan:
    """What the worker needs. blobs: SHA-256 of the files to fetch, each once."""

    arguments: JsonObject
    blobs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Operation:
    """function: `module:name` for the engine. untrusted: it runs in a fresh worker. reads_scene: its plan
    looks at the scene.

    apply edits the given document inside one transaction and returns the job's result; None: the value is the result
    and nothing is edited. keep: which of the transaction's changes make the step that its asker can undo.
    """

    name: str
    function: str
    plan: Callable[[SceneDocument, Request], Plan]
    apply: Callable[[SceneDocument, Request, JsonObject], JsonObject] | None = None
    keep: Callable[[Change, JsonObject], bool] = lambda change, result: True  # noqa: ARG005
    untrusted: bool = False
    reads_scene: bool = True


def parse(model: type[Model], value: JsonObject, what: str) -> Model:
    """The typed form of a job's target or params. Raises OperationError("bad_job")."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([what, *map(str, first["loc"])])
        raise OperationError("bad_job", f"{where}: {first['msg']}", "see docs/api.md, Jobs of this version") from error


def need_head(scene: SceneDocument, mesh: str) -> tuple[str, Revision]:
    """The id and value of a mesh's current revision. Raises OperationError: `unknown_mesh`, `no_geometry`."""
    record = scene.read("meshes", mesh)
    if record is None or record.trashed is not None:
        raise OperationError("unknown_mesh", f"there is no mesh {mesh}", "it may have been deleted")
    revision = scene.read("revisions", record.head) if record.head else None
    if revision is None:
        raise OperationError("no_geometry", f"mesh {mesh} has no geometry yet", "import or make one first")
    return record.head, revision


def revision_value(encoded: JsonObject, **fields: Any) -> JsonObject:
    """`revisions/{rid}` from what a worker says of an encoded geometry (`compute.operations.geometry.describe`)."""
    names = (
        "geometry",
        "grid",
        "origin",
        "topology",
        "slots",
        "positions",
        "vertices",
        "triangles",
        "min",
        "max",
        "bytes",
    )
    return {name: encoded[name] for name in names} | {"at": int(time.time() * 1000)} | fields
