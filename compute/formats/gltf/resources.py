"""What a glTF refers to by URI or buffer view: buffers, images, textures. Nothing is looked up on a disk."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote

from compute.formats import images
from compute.formats.files import FileSet, ReadOptions, escapes, is_remote, refuse
from compute.formats.gltf import checked
from compute.formats.gltf.accessors import MESHOPT, Source
from compute.formats.report import Report
from compute.mesh import JsonObject
from compute.scene import SceneImage, SceneTexture

WRAPS = {33071: "CLAMP_TO_EDGE", 33648: "MIRRORED_REPEAT", 10497: "REPEAT"}
FILTERS = {
    9728: "NEAREST", 9729: "LINEAR", 9984: "NEAREST_MIPMAP_NEAREST", 9985: "LINEAR_MIPMAP_NEAREST",
    9986: "NEAREST_MIPMAP_LINEAR", 9987: "LINEAR_MIPMAP_LINEAR",
}  # fmt: skip
WEBP = "EXT_texture_webp"


@dataclass
class Resources:
    """Resolves URIs among the files that came together. base: the name of the glTF file itself."""

    files: FileSet
    base: str
    options: ReadOptions

    def uri(self, uri: str, where: str) -> bytes:
        """The bytes behind a data URI or the name of an accompanying file."""
        if uri.startswith("data:"):
            return _data_uri(uri, where)
        shown = uri if len(uri) <= 80 else uri[:77] + "…"
        if is_remote(uri):
            refuse(
                "remote_file", f"`{where}` points to “{shown}”; nothing is fetched.", "Put the file beside the glTF."
            )
        if escapes(uri):
            refuse("escaping_path", f"`{where}` points to “{shown}”, outside of the model's folder.")
        found = self.files.find(unquote(uri), self.base)
        if found is None:
            refuse(
                "missing_file", f"`{where}` needs the file “{shown}”, which did not come along.", "Add it, or zip both."
            )
        return found.read()

    def buffers(self, document: JsonObject, binary: memoryview) -> list[memoryview | None]:
        """The buffers of a document; None for those that only stand in for compressed data."""
        result: list[memoryview | None] = []
        for i, buffer in enumerate(checked.objects(document, "buffers")):
            where, length = f"buffers[{i}]", checked.integer(buffer, "byteLength", f"buffers[{i}]")
            data = self._buffer(buffer, i, where, binary)
            if data is not None and len(data) < length:
                refuse("truncated_file", f"`{where}` has {len(data):,} bytes, {length:,} are named.", "It is cut off.")
            result.append(data)
        return result

    def _buffer(self, buffer: JsonObject, number: int, where: str, binary: memoryview) -> memoryview | None:
        if "uri" in buffer:
            return memoryview(self.uri(checked.text(buffer, "uri", where), where))
        extensions = checked.obj(buffer, "extensions", where)
        if any(checked.obj(extensions, name, where).get("fallback") for name in MESHOPT):
            return None
        if number == 0 and len(binary):
            return binary
        return refuse("missing_file", f"`{where}` has neither a URI nor a binary chunk.")

    def images(self, document: JsonObject, source: Source) -> list[SceneImage]:
        """Every image of a document."""
        result = []
        for i, image in enumerate(checked.objects(document, "images")):
            where = f"images[{i}]"
            name = checked.name(image, where) or where
            if "uri" in image:
                data = self.uri(checked.text(image, "uri", where), where)
            else:
                data = bytes(source.view(checked.integer(image, "bufferView", where)))
            found = images.read_image(data, name, self.options)
            found.name = checked.name(image, where)
            result.append(found)
        return result


def _data_uri(uri: str, where: str) -> bytes:
    match = re.match(r"data:[^,]*?(;base64)?,", uri[:512])
    if match is None:
        refuse("bad_data_uri", f"`{where}` starts like a data URI but has no data.")
    body = uri[match.end() :]
    if match.group(1) is None:
        return unquote(body).encode("latin-1", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        return refuse("bad_data_uri", f"`{where}` is not base64: {error}.")


def read_textures(
    document: JsonObject, image_count: int, report: Report
) -> tuple[list[SceneTexture], list[int | None]]:
    """The textures that have an image we can hold, and for each texture of the file its number among them, or None."""
    samplers = checked.objects(document, "samplers")
    textures: list[SceneTexture] = []
    numbers: list[int | None] = []
    for i, texture in enumerate(checked.objects(document, "textures")):
        where = f"textures[{i}]"
        extensions = dict(checked.obj(texture, "extensions", where))
        webp = checked.obj(extensions, WEBP, where)
        extensions.pop(WEBP, None)
        image = checked.index(webp or texture, "source", where, image_count)
        if image is None:
            report.add("dropped", "texture", "Textures without an image in PNG, JPEG or WebP were dropped.")
            numbers.append(None)
            continue
        sampler = checked.index(texture, "sampler", where, len(samplers))
        numbers.append(len(textures))
        textures.append(
            SceneTexture(
                image, checked.name(texture, where), extras=texture.get("extras"), extensions=extensions,
                **({} if sampler is None else _sampler(samplers[sampler], f"samplers[{sampler}]")),
            )
        )  # fmt: skip
    return textures, numbers


def _sampler(sampler: JsonObject, where: str) -> dict[str, str | None]:
    """An unknown value reads as the default: it changes the look, not the model."""
    wraps = {key: WRAPS.get(checked.integer(sampler, key, where, 10497), "REPEAT") for key in ("wrapS", "wrapT")}
    magnify = FILTERS.get(checked.integer(sampler, "magFilter", where, 0))
    minify = FILTERS.get(checked.integer(sampler, "minFilter", where, 0))
    return {**wraps, "magFilter": magnify if magnify in ("NEAREST", "LINEAR") else None, "minFilter": minify}
