"""What may be uploaded as a model, by its name and its first bytes. The peer that reads it judges the rest."""

from __future__ import annotations

from collections.abc import Iterable

from server.errors import Unprocessable
from server.http.multipart import UploadedFile

MODELS = frozenset({"glb", "gltf", "obj", "stl", "ply", "3mf", "zip"})
BESIDE = frozenset(
    {"bin", "mtl", "png", "jpg", "jpeg", "webp", "bmp", "tga", "ppm", "gif", "tif", "tiff", "ktx2", "hdr", "exr", "txt",
     "md", "json", "license"}
)  # fmt: skip
EXPLAINED = frozenset(
    {"fbx", "dae", "usd", "usda", "usdc", "usdz", "step", "stp", "iges", "blend", "3ds", "x3d", "off"}
)
"""Models that are not read: the peer says what to do instead."""
_FOREIGN = (
    (b"\x7fELF", "a program"), (b"MZ", "a program"), (b"\xca\xfe\xba\xbe", "a program"), (b"#!/", "a script"),
    (b"%PDF", "a PDF"), (b"Rar!", "a RAR archive"), (b"7z\xbc\xaf", "a 7-Zip archive"), (b"\x1f\x8b", "a gzip file"),
    (b"<!doctype html", "a web page"), (b"<html", "a web page"), (b"<script", "a web page"), (b"<svg", "an SVG image"),
)  # fmt: skip
_SIGNED = {
    "glb": (b"glTF",), "png": (b"\x89PNG",), "jpg": (b"\xff\xd8\xff",), "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF8",), "webp": (b"RIFF",), "zip": (b"PK",), "3mf": (b"PK",),
}  # fmt: skip
_READ_BY_CONTENT = (b"glTF", b"PK", b"ply", b"solid", b"{", b"v ", b"#", b"o ", b"mtllib")
"""How files begin that are read whatever their name says."""


def check_files(files: Iterable[UploadedFile]) -> None:
    """Refuse what is no model and no part of one: `file_type_not_allowed`, `file_is_not_what_it_says`."""
    for file in files:
        _check(file.name, file.head)


def _check(name: str, head: bytes) -> None:
    extension = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if extension and extension not in MODELS | BESIDE | EXPLAINED:
        raise Unprocessable(
            "file_type_not_allowed", f"“{name[-80:]}” is no kind of file that a model is made of",
            f"one of {', '.join(sorted(MODELS))}, with its textures",
        )  # fmt: skip
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    foreign = next((what for magic, what in _FOREIGN if head.startswith(magic) or start.startswith(magic)), None)
    if foreign is not None:
        raise Unprocessable("file_type_not_allowed", f"“{name[-80:]}” is {foreign}", "send the model itself")
    signed = _SIGNED.get(extension)
    if head and signed is not None and not head.startswith(signed) and not head.startswith(_READ_BY_CONTENT):
        raise Unprocessable(
            "file_is_not_what_it_says", f"“{name[-80:]}” does not begin as a .{extension} file does",
            "it may be damaged, or have the wrong name",
        )  # fmt: skip
