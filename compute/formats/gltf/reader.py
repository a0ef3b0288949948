"""glTF 2.0, as GLB or JSON, to a Scene."""

from __future__ import annotations

import copy
import re

from compute.formats.files import FileSet, ReadOptions, refuse
from compute.formats.gltf import checked, container
from compute.formats.gltf.accessors import Source
from compute.formats.gltf.materials import MaterialReader
from compute.formats.gltf.meshes import MeshReader, count_triangles
from compute.formats.gltf.nodes import LIGHTS, NodeReader
from compute.formats.gltf.resources import Resources, read_textures
from compute.formats.report import Report
from compute.mesh import JsonObject
from compute.scene import Scene

KNOWN = {
    "EXT_meshopt_compression", "KHR_meshopt_compression", "KHR_mesh_quantization", "KHR_texture_transform",
    "KHR_lights_punctual", "EXT_mesh_gpu_instancing", "EXT_texture_webp", "KHR_xmp_json_ld", "KHR_animation_pointer",
    "KHR_node_visibility",
}  # fmt: skip
"""Extensions that a file may require. Of KHR_materials_* the core part is drawn and the rest kept as data."""
_NOT_MATERIALS = re.compile(r"^KHR_materials_[a-z_A-Z]+$")
_LISTS = ("nodes", "meshes", "materials", "textures", "images", "cameras", "accessors", "bufferViews", "buffers")


def read_glb(data: bytes, files: FileSet, name: str, options: ReadOptions) -> Scene:
    document, binary = container.read_glb(data)
    return read_document(document, binary, files, name, options)


def read_gltf(data: bytes, files: FileSet, name: str, options: ReadOptions) -> Scene:
    return read_document(container.parse_json(data), memoryview(b""), files, name, options)


def read_document(document: JsonObject, binary: memoryview, files: FileSet, name: str, options: ReadOptions) -> Scene:
    """The scene of a parsed document. files: what came along; name: the glTF's own name among them."""
    asset = _check_asset(document)
    _check_extensions(document)
    _check_counts(document, options)
    checked.index(document, "scene", "", len(checked.objects(document, "scenes")))
    count_triangles(document, options)
    resources, report = Resources(files, name, options), Report()
    source = Source(document, resources.buffers(document, binary))
    scene = Scene(generator=checked.text(asset, "generator", "asset")[:256])
    scene.images = resources.images(document, source)
    scene.textures, numbers = read_textures(document, len(scene.images), report)
    materials = MaterialReader(numbers, report)
    scene.materials = [
        materials.read(m, f"materials[{i}]") for i, m in enumerate(checked.objects(document, "materials"))
    ]
    scene.cameras = [_camera(c, f"cameras[{i}]") for i, c in enumerate(checked.objects(document, "cameras"))]
    scene.lights = _lights(document)
    meshes = _meshes(document, source, scene, report, options)
    NodeReader(document, source, scene, meshes, report, options).read()
    _note_unedited(document, scene, report)
    scene.report = report.entries
    return scene


def _check_asset(document: JsonObject) -> JsonObject:
    asset = checked.obj(document, "asset", "")
    version = asset.get("version")
    if not isinstance(version, str) or not version.startswith("2."):
        refuse("gltf_version", f"`asset.version` is {version!r}; glTF 2.x is read.", "Convert the file to glTF 2.0.")
    return asset


def _check_extensions(document: JsonObject) -> None:
    required = checked.items(document, "extensionsRequired")
    unknown = sorted({str(e)[:80] for e in required if e not in KNOWN and not _NOT_MATERIALS.match(str(e))})
    if unknown:
        refuse(
            "extension_required",
            f"The file cannot be read without {', '.join(unknown)}, which is not supported.",
            "Export it without this extension.",
        )


def _check_counts(document: JsonObject, options: ReadOptions) -> None:
    for key in _LISTS:
        count = len(checked.objects(document, key))
        if count > options.max_objects:
            refuse("too_many_objects", f"The file lists {count:,} {key}; at most {options.max_objects:,} are read.")


def _meshes(
    document: JsonObject, source: Source, scene: Scene, report: Report, options: ReadOptions
) -> list[int | None]:
    reader = MeshReader(source, len(scene.materials), report, options)
    numbers: list[int | None] = []
    for i, mesh in enumerate(checked.objects(document, "meshes")):
        found = reader.read(mesh, f"meshes[{i}]")
        numbers.append(None if found is None else len(scene.meshes))
        if found is not None:
            scene.meshes.append(found)
    scene.has_unedited_source |= reader.unedited
    return numbers


def _camera(camera: JsonObject, where: str) -> JsonObject:
    kind = checked.choice(camera, "type", where, ("perspective", "orthographic"), "")
    inner = checked.obj(camera, kind, where)
    result: JsonObject = {"name": checked.name(camera, where), "type": kind}
    if kind == "perspective":
        result["yfov"] = checked.number(inner, "yfov", where, 0.8, 1e-6)
        result["znear"] = checked.number(inner, "znear", where, 0.1, 0)
        optional = ("aspectRatio", "zfar")
    else:
        result["xmag"] = checked.number(inner, "xmag", where, 1.0)
        result["ymag"] = checked.number(inner, "ymag", where, 1.0)
        result["znear"] = checked.number(inner, "znear", where, 0.0, 0)
        optional = ("zfar",)
    for key in optional:
        if checked.number(inner, key, where, 0.0) > 0:
            result[key] = checked.number(inner, key, where, 0.0)
    return _data(result, camera, where)


def _lights(document: JsonObject) -> list[JsonObject]:
    extension = checked.obj(checked.obj(document, "extensions", ""), LIGHTS, "extensions")
    return [_light(v, f"lights[{i}]") for i, v in enumerate(checked.objects(extension, "lights", LIGHTS))]


def _light(light: JsonObject, where: str) -> JsonObject:
    result: JsonObject = {
        "name": checked.name(light, where),
        "type": checked.choice(light, "type", where, ("directional", "point", "spot"), ""),
        "color": checked.numbers(light, "color", where, (1.0, 1.0, 1.0), 0, 1),
        "intensity": checked.number(light, "intensity", where, 1.0, 0),
    }
    if checked.number(light, "range", where, 0.0) > 0:
        result["range"] = checked.number(light, "range", where, 0.0)
    if result["type"] == "spot":
        spot = checked.obj(light, "spot", where)
        result["innerConeAngle"] = checked.number(spot, "innerConeAngle", where, 0.0, 0)
        result["outerConeAngle"] = checked.number(spot, "outerConeAngle", where, 0.7853981633974483, 0)
    return _data(result, light, where)


def _data(result: JsonObject, source: JsonObject, where: str) -> JsonObject:
    if source.get("extras") is not None:
        result["extras"] = source["extras"]
    if source.get("extensions"):
        result["extensions"] = copy.deepcopy(checked.obj(source, "extensions", where))
    return result


def _note_unedited(document: JsonObject, scene: Scene, report: Report) -> None:
    for key, what in (("skins", "skin"), ("animations", "animation")):
        count = len(checked.objects(document, key))
        if count:
            scene.has_unedited_source = True
            text = f"{key.capitalize()} stay with the source file; they are not edited here."
            report.add("kept", what, text, count)
