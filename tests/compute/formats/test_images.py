"""Images by their headers, against what Pillow writes."""

import io

import pytest
from PIL import Image

from compute.errors import FileRefused
from compute.formats.files import ReadOptions
from compute.formats.images import is_grey, read_image


def encoded(format: str, mode: str = "RGB", **options) -> bytes:
    target = io.BytesIO()
    Image.new(mode, (37, 53)).save(target, format, **options)
    return target.getvalue()


KEPT = [
    ("PNG", "RGBA", {}, "image/png"), ("JPEG", "RGB", {}, "image/jpeg"),
    ("JPEG", "L", {"progressive": True}, "image/jpeg"),
    ("WEBP", "RGB", {}, "image/webp"), ("WEBP", "RGB", {"lossless": True}, "image/webp"),
    ("WEBP", "RGBA", {}, "image/webp"),
]  # fmt: skip


@pytest.mark.parametrize(("format", "mode", "options", "mime"), KEPT)
def test_what_browsers_show_stays_as_it_is(format, mode, options, mime):
    data = encoded(format, mode, **options)
    image = read_image(data, "a", ReadOptions())
    assert (image.mime, image.width, image.height) == (mime, 37, 53)
    assert image.data == data
    assert is_grey(image) == (mode == "L")


@pytest.mark.parametrize("format", ["BMP", "TGA", "PPM", "GIF", "TIFF"])
def test_other_formats_become_png(format):
    image = read_image(encoded(format), "a", ReadOptions())
    assert (image.mime, image.width, image.height) == ("image/png", 37, 53)
    assert Image.open(io.BytesIO(image.data)).size == (37, 53)


@pytest.mark.parametrize(("format", "mode", "options", "mime"), KEPT)
def test_a_header_that_is_cut_off_is_refused(format, mode, options, mime):  # noqa: ARG001
    with pytest.raises(FileRefused) as caught:
        read_image(encoded(format, mode, **options)[:18], "a", ReadOptions())
    assert caught.value.code == "not_an_image"


def test_the_limit_of_the_side_is_exact():
    read_image(encoded("PNG"), "a", ReadOptions(max_image_side=53))
    with pytest.raises(FileRefused) as caught:
        read_image(encoded("PNG"), "a", ReadOptions(max_image_side=52))
    assert caught.value.code == "image_too_large"
