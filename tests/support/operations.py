"""Run operations without a server: blobs in a dictionary, the pure part in this process, edits merged in."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from compute.codec import decode_geometry, encode_geometry
from compute.engine.base import Workspace, blobs_folder, inputs_folder, never_less, resolve
from compute.mesh import JsonObject, Mesh
from compute.operation import Request, revision_value
from compute.operations.geometry import describe
from compute.operations.registry import OPERATIONS
from compute.peer import edit
from crdt import resources, revisions
from crdt.document import SceneDocument, new_id


@dataclass
class Studio:
    """A scene and its blobs. reports: what the last operation said of its progress."""

    scene: SceneDocument = field(default_factory=SceneDocument)
    blobs: dict[str, bytes] = field(default_factory=dict)
    reports: list[tuple[float, str]] = field(default_factory=list)

    def run(
        self,
        op: str,
        target: JsonObject | None = None,
        params: JsonObject | None = None,
        *,
        job: str = "job-1",
        meanwhile: Callable[[], None] | None = None,
    ) -> JsonObject:
        """The job's result; its edits are in the scene. meanwhile: what others do while the worker computes."""
        operation = OPERATIONS[op]
        request = Request(job, op, target or {}, params or {}, "asker")
        plan = operation.plan(self.scene, request)
        self.reports.clear()
        with tempfile.TemporaryDirectory() as name:
            value = resolve(operation.function)(self._workspace(Path(name), plan.arguments, plan.blobs))
            for path in blobs_folder(Path(name)).glob("*"):
                self.blobs[path.name] = path.read_bytes()
        if meanwhile is not None:
            meanwhile()
        result, update = edit(self.scene.update(), operation, request, value)
        if update is not None:
            self.scene.apply(update)
        return result

    def _workspace(self, folder: Path, arguments: JsonObject, wanted: list[str]) -> Workspace:
        inputs_folder(folder).mkdir()
        for sha256 in wanted:
            (inputs_folder(folder) / sha256).write_bytes(self.blobs[sha256])
        return Workspace(arguments, folder, never_less(lambda fraction, text: self.reports.append((fraction, text))))

    def add_mesh(self, mesh: Mesh, name: str = "Mesh") -> str:
        """A mesh record with one revision, as an import would make it."""
        encoded = encode_geometry(mesh, topology=new_id())
        self.blobs[encoded.sha256] = encoded.blob
        slots = dict.fromkeys(encoded.slots)
        mesh_id = resources.add_mesh(self.scene, name=name, slots=slots)
        revision = revisions.add_revision(self.scene, revision_value(describe(encoded), mesh=mesh_id, op="import"))
        revisions.set_head(self.scene, mesh_id, revision)
        return mesh_id

    def geometry(self, sha256: str) -> Mesh:
        return decode_geometry(self.blobs[sha256])[0]

    def put(self, data: bytes, sha256: str) -> str:
        self.blobs[sha256] = data
        return sha256
