"""The operation `export`: chosen nodes as one file that other programs open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from compute import formats
from compute.codec import decode_geometry
from compute.engine.base import Workspace
from compute.errors import OperationError
from compute.formats.files import Unit
from compute.mesh import JsonObject
from compute.operation import Operation, Params, Plan, Request, parse
from compute.operations.export_plan import ExportPlan
from compute.scene import Scene, SceneImage, SceneMesh, SceneNode, SceneTexture
from crdt.document import SceneDocument
from crdt.schema import MAX_LEVELS, Id


class ExportTarget(Params):
    nodes: Annotated[list[Id], Field(min_length=1)] | None = None


class ExportOptions(Params):
    """level: of detail, 0 for the full one; one that is not built gives the next finer. The rest: `WriteOptions`."""

    level: Annotated[int, Field(ge=0, le=MAX_LEVELS)] = 0
    compression: Literal["none", "meshopt", "quantised"] = "none"
    binary: bool = True
    unit: Unit | None = None
    up: Literal["Y", "Z"] = "Z"


class ExportParams(Params):
    format: Literal["glb", "obj", "stl", "ply"]
    options: ExportOptions = ExportOptions()


def plan(scene: SceneDocument, request: Request) -> Plan:
    chosen = parse(ExportTarget, request.target, "target").nodes
    params = parse(ExportParams, request.params, "params")
    found = ExportPlan(scene, chosen, params.options.level)
    if not found.value["nodes"]:
        raise OperationError("nothing_to_export", "there is no visible object to export", "show or choose one")
    options = params.options.model_dump(exclude={"level"})
    arguments = {"scene": found.value, "format": params.format, "options": options, "name": _name(found.value)}
    return Plan(arguments, list(found.blobs))


def _name(value: JsonObject) -> str:
    """The file's stem: the object's name where there is one top object."""
    top = [node["name"] for node in value["nodes"] if node["parent"] is None]
    kept = "".join(c if c.isalnum() or c in " -_." else "_" for c in top[0]) if len(top) == 1 else ""
    return kept.strip(" .")[:80] or "scene"


def run(workspace: Workspace) -> JsonObject:
    arguments = workspace.arguments
    scene = _scene(workspace, arguments["scene"])
    workspace.report(0.6, f"writing {arguments['format'].upper()}")
    written = formats.write(scene, arguments["format"], formats.WriteOptions(**arguments["options"]))
    return {
        "blob": workspace.put(written.data),
        "name": written.name,
        "mime": written.mime,
        "bytes": len(written.data),
        "report": [*arguments["scene"]["report"], *(vars(entry) for entry in written.report)],
    }


def _scene(workspace: Workspace, value: JsonObject) -> Scene:
    images = list(dict.fromkeys(texture["image"] for texture in value["textures"]))
    meshes = []
    for index, mesh in enumerate(value["meshes"]):
        workspace.report(0.6 * index / len(value["meshes"]), f"reading {mesh['name'] or 'mesh'}")
        meshes.append(_mesh(workspace.input(mesh["geometry"]), mesh))
    return Scene(
        nodes=[SceneNode(**node) for node in value["nodes"]],
        meshes=meshes,
        materials=value["materials"],
        textures=[_texture(texture, images.index(texture["image"])) for texture in value["textures"]],
        images=[_image(workspace, sha256, value["textures"]) for sha256 in images],
        cameras=value["cameras"],
        lights=value["lights"],
        name=workspace.arguments["name"],
        has_unedited_source=value["has_unedited_source"],
    )


def _mesh(path: Path, value: JsonObject) -> SceneMesh:
    mesh, _ = decode_geometry(path.read_bytes())
    for primitive in mesh.primitives:
        primitive.material = value["materials"].get(primitive.slot)
    return SceneMesh(value["name"], mesh, extras=value["extras"], extensions=value["extensions"] or {})


def _texture(value: JsonObject, image: int) -> SceneTexture:
    names = ("name", "wrapS", "wrapT", "magFilter", "minFilter", "extras")
    kept: dict[str, Any] = {name: value[name] for name in names if name in value}
    return SceneTexture(image=image, **kept, extensions=value.get("extensions") or {})


def _image(workspace: Workspace, sha256: str, textures: list[JsonObject]) -> SceneImage:
    texture = next(texture for texture in textures if texture["image"] == sha256)
    data = workspace.input(sha256).read_bytes()
    return SceneImage(data, texture["mimeType"], texture["width"], texture["height"], texture["name"])


EXPORT = Operation("export", f"{__name__}:run", plan)
