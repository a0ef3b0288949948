"""Images by their headers: what they are and how large, without decoding; a few other formats become PNG.

Sources: PNG (W3C), JPEG (ITU T.81), WebP container (RFC 9649).
"""

from __future__ import annotations

import io
import struct
import warnings

from PIL import Image, UnidentifiedImageError

from compute.formats.files import ReadOptions, refuse
from compute.scene import SceneImage

CONVERTED = ("BMP", "TGA", "PPM", "GIF", "TIFF")
"""Formats that Pillow turns into PNG."""
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def read_image(data: bytes, name: str, options: ReadOptions) -> SceneImage:
    """The image as it stands, or as PNG. Refuses what is no image, is damaged at its head, or is too large."""
    if not data:
        refuse("not_an_image", f"The image “{name}” is empty.")
    found = _header(data, name)
    if found is None:
        return _converted(data, name, options)
    mime, width, height = found
    _check_size(name, width, height, options)
    return SceneImage(data, mime, width, height, name)


def _check_size(name: str, width: int, height: int, options: ReadOptions) -> None:
    if width < 1 or height < 1:
        refuse("not_an_image", f"The image “{name}” says it is {width} × {height} pixels.")
    if max(width, height) > options.max_image_side:
        refuse(
            "image_too_large",
            f"The image “{name}” is {width} × {height} pixels; at most {options.max_image_side} a side are read.",
        )


def _header(data: bytes, name: str) -> tuple[str, int, int] | None:
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return "image/png", *struct.unpack_from(">II", data, 16)
        if data.startswith(b"\xff\xd8\xff"):
            return "image/jpeg", *_jpeg_size(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return "image/webp", *_webp_size(data)
    except (struct.error, IndexError):
        refuse("not_an_image", f"The image “{name}” ends inside its header.")
    return None


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        marker = data[at + 1]
        if data[at] != 0xFF:
            raise IndexError("no marker")
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 if 0xD0 <= marker <= 0xD9 or marker == 1 else 2 + struct.unpack_from(">H", data, at + 2)[0]


def _webp_size(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[i : i + 3], "little") + 1 for i in (24, 27))
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (v & 0x3FFF for v in struct.unpack_from("<HH", data, 26))
    else:
        raise IndexError("no WebP chunk")
    if len(data) < 30 and kind != b"VP8L":
        raise IndexError("cut off")
    return width, height


def _converted(data: bytes, name: str, options: ReadOptions) -> SceneImage:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=CONVERTED)
        _check_size(name, *image.size, options)
        alpha = "A" in image.getbands() or "transparency" in image.info
        target = io.BytesIO()
        image.convert("RGBA" if alpha else "RGB").save(target, "PNG")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        refuse("image_too_large", f"The image “{name}” is larger than {options.max_image_side} pixels a side.")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, struct.error):
        refuse(
            "not_an_image",
            f"“{name}” is no image that is read here.",
            "PNG, JPEG, WebP, BMP, TGA, PPM, GIF or TIFF was expected.",
        )
    return SceneImage(target.getvalue(), "image/png", *image.size, name)


def is_grey(image: SceneImage) -> bool:
    """Whether the header says that there are no colours."""
    if image.mime == "image/png":
        return len(image.data) > 25 and image.data[25] in (0, 4)
    if image.mime != "image/jpeg":
        return False
    with Image.open(io.BytesIO(image.data)) as opened:
        return opened.mode == "L"
