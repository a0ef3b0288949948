"""Several scenes as one: each below a node of its own name."""

from __future__ import annotations

from typing import Any

from compute.formats.gltf.materials import map_textures
from compute.mesh import JsonObject
from compute.scene import Scene, SceneNode

_TEXTURES = ("baseColorTexture", "metallicRoughnessTexture", "normalTexture", "occlusionTexture", "emissiveTexture")


def join(scenes: list[Scene]) -> Scene:
    """The only scene as it is; several under one node each. References are renumbered; the scenes are used up."""
    if len(scenes) == 1:
        return scenes[0]
    result = Scene(name=scenes[0].name, generator=scenes[0].generator, unit=scenes[0].unit)
    for scene in scenes:
        _append(result, scene)
    return result


def _append(result: Scene, scene: Scene) -> None:
    at = {key: len(getattr(result, key)) for key in ("meshes", "materials", "textures", "images", "cameras", "lights")}
    top = len(result.nodes)
    result.nodes.append(SceneNode(name=scene.name))
    for node in scene.nodes:
        node.parent = top if node.parent is None else node.parent + top + 1
        node.mesh = None if node.mesh is None else node.mesh + at["meshes"]
        node.camera = None if node.camera is None else node.camera + at["cameras"]
        node.light = None if node.light is None else node.light + at["lights"]
        result.nodes.append(node)
    for mesh in scene.meshes:
        for primitive in mesh.mesh.primitives:
            primitive.material = None if primitive.material is None else primitive.material + at["materials"]
    for texture in scene.textures:
        texture.image += at["images"]
    result.meshes += scene.meshes
    result.materials += [_renumbered(m, at["textures"]) for m in scene.materials]
    for key in ("textures", "images", "cameras", "lights", "report"):
        getattr(result, key).extend(getattr(scene, key))
    result.has_unedited_source |= scene.has_unedited_source


def _renumbered(material: JsonObject, offset: int) -> JsonObject:
    def moved(info: JsonObject) -> JsonObject:
        return {**info, "texture": info["texture"] + offset}

    result: dict[str, Any] = {k: moved(v) if k in _TEXTURES and v else v for k, v in material.items()}
    if result.get("extensions"):
        result["extensions"] = map_textures(result["extensions"], "texture", moved)
    return result
