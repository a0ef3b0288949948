"""What a file is, by its content first and its name second: a lying extension is no obstacle."""

from __future__ import annotations

import re
from typing import Literal

from compute.formats import stl
from compute.formats.files import refuse

Kind = Literal["glb", "gltf", "obj", "stl", "ply", "3mf", "zip", "mtl", "image", "other"]
EXTENSIONS: dict[str, Kind] = {
    "glb": "glb", "gltf": "gltf", "obj": "obj", "stl": "stl", "ply": "ply", "3mf": "3mf", "zip": "zip", "mtl": "mtl",
    "png": "image", "jpg": "image", "jpeg": "image", "webp": "image", "bmp": "image", "tga": "image", "ppm": "image",
    "gif": "image", "tif": "image", "tiff": "image",
}  # fmt: skip
MODELS = ("glb", "gltf", "obj", "stl", "ply", "3mf")
_FOREIGN = [
    (b"Kaydara FBX Binary", "FBX"), (b"; FBX", "FBX"), (b"BLENDER", "Blender"), (b"PXR-USDC", "USD"), (b"#usda", "USD"),
    (b"ISO-10303-21", "STEP"), (b"\x4d\x4d", "3DS"), (b"%PDF", "PDF"), (b"\x7fELF", "program"), (b"MZ", "program"),
    (b"AC10", "DWG"), (b"solid\0", "STL"), (b"OFF\n", "OFF"), (b"g3drem", "G3D"), (b"xof ", "DirectX"),
    (b"Rar!", "RAR"), (b"7z\xbc\xaf", "7-Zip"), (b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "Zstandard"),
]  # fmt: skip


def extension(name: str) -> str:
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""


def by_content(data: bytes) -> Kind | None:
    """What the bytes say; None where they could be anything."""
    head = data[:4096]
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"glTF"):
        return "glb"
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return "3mf" if b"3D/3dmodel.model" in data[:65536] or b"3D/3dmodel.model" in data[-65536:] else "zip"
    if re.match(rb"ply\s", head):
        return "ply"
    if text.startswith(b"{") and b'"asset"' in data:
        return "gltf"
    if _is_image(head):
        return "image"
    if stl.is_ascii(data):
        return "stl"
    if stl.count_in_header(data[:84], len(data)) is not None:
        return "stl"
    if b"\0" not in head and re.search(rb"(?m)^\s*(v\s+[-+.\d]+\s+[-+.\d]|f\s+-?\d)", data[:65536]):
        return "obj"
    return None


def _is_image(head: bytes) -> bool:
    return head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM")) or (
        head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    )


def kind_of(name: str, data: bytes) -> Kind:
    """What to read a file as. `other` is for files that only accompany a model (`.bin`, textures, notes)."""
    found, said = by_content(data), EXTENSIONS.get(extension(name))
    if found == "obj" and said not in (None, "obj") and said in ("mtl",):
        return said
    if found is not None:
        return found
    return said or "other"


def refuse_unknown(name: str, data: bytes) -> None:
    """Say what a file is that is not read."""
    if not data:
        refuse("empty_file", f"“{name}” has 0 bytes.")
    foreign = next((what for magic, what in _FOREIGN if data.startswith(magic)), None)
    foreign = foreign or {"fbx": "FBX", "dae": "COLLADA", "usdz": "USD", "step": "STEP", "blend": "Blender"}.get(
        extension(name)
    )
    if foreign == "FBX":
        refuse(
            "fbx_needs_blender", f"“{name}” is an FBX file, which is not read here.", "Convert it to GLB with Blender."
        )
    if foreign is not None:
        refuse(
            "format_not_supported",
            f"“{name}” is a {foreign} file.",
            f"What is read: {', '.join(MODELS)}, or a zip of these.",
        )
    refuse(
        "unknown_format",
        f"“{name}” is no model that can be recognised.",
        f"What is read: {', '.join(MODELS)}, or a zip of these.",
    )
