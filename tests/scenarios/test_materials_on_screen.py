"""Materials by hand: colours, factors and textures; what cannot be a texture is refused with the reason."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL, equal, node_named, select, settled, type_into
from tests.support.files import drop, textured_glb
from tests.support.gltf_builder import png
from tests.support.studio import Studio, studio

pytestmark = pytest.mark.browser

SLOT = "[data-testid=material-baseColorTexture]"
EMISSIVE = "[data-testid=material-emissiveTexture]"


async def with_square(server: Studio) -> tuple[str, str]:
    """A project with a textured square; the ids of project and material."""
    project = await server.create_project("Materials")
    await server.succeeded(project, await server.import_files(project, {"Square.glb": textured_glb("Square")}))
    [material] = (await server.scene(project))["materials"]
    return project, material


async def material(who: Person, id: str) -> dict[str, Any]:
    found: dict[str, Any] = await who.eval("id => window.maquette.project.store.material(id)", id)
    return found


async def pixel_colour(who: Person) -> list[int]:
    """The colour in the middle of the picture, red, green, blue, 0…255."""
    await settled(who)
    found: list[int] = await who.eval(
        """async () => {
          const picture = await createImageBitmap(await window.maquette.view.screenshot(64, 64));
          const context = new OffscreenCanvas(64, 64).getContext("2d");
          context.drawImage(picture, 0, 0);
          return [...context.getImageData(32, 32, 1, 1).data].slice(0, 3);
        }"""
    )
    return found


async def test_colour_and_factors_reach_the_other_and_the_screen(tmp_path: Path) -> None:
    async with (
        studio(tmp_path) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
        person(browser, server.url, "Ben", SMALL) as ben,
    ):
        project, square = await with_square(server)
        for one in (ada, ben):
            await one.open_project(project)
        await select(ada, await node_named(ada, "Square"))
        await ada.page.locator(SLOT).get_by_role("button", name="Remove").click()
        await type_into(ada, "material-baseColor", "#ff0000")
        await type_into(ada, "material-metallicFactor", "1/4")
        await type_into(ada, "material-roughnessFactor", "0.9")
        await equal(ada, ben)
        found = await material(ben, square)
        assert found["baseColorFactor"] == [1, 0, 0, 1]
        assert (found["metallicFactor"], found["roughnessFactor"]) == (0.25, 0.9)
        assert found["baseColorTexture"] is None
        await ben.until("() => window.maquette.view != null")
        await ben.eval("() => window.maquette.view.frame()")
        red, green, blue = await pixel_colour(ben)
        assert red > 1.5 * max(green, blue)

        await ada.page.click("[data-testid=undo]")
        await equal(ada, ben)
        assert (await material(ben, square))["roughnessFactor"] != 0.9


def huge_png(side: int) -> bytes:
    """A valid image of side × side grey pixels, one bit each."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes((side + 7) // 8 + 1) * side)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def test_textures_are_uploaded_or_refused_with_the_reason(tmp_path: Path) -> None:
    async with studio(tmp_path) as server, chromium() as browser, person(browser, server.url, "Ada", SMALL) as ada:
        project, square = await with_square(server)
        await ada.open_project(project)
        await select(ada, await node_named(ada, "Square"))
        before = await ada.canonical()
        for name, data, reason in (
            ("notes.png", b"not an image at all", "is not a PNG, JPEG or WebP image"),
            ("wide.png", huge_png(8193), "8193 × 8193 pixels; textures may have up to 8192 a side"),
            ("torn.png", png(8, 8)[:40], "cannot be decoded"),
        ):
            await drop(ada.page, {name: data}, EMISSIVE)
            await expect(ada.page.get_by_test_id("toast").filter(has_text=name)).to_contain_text(reason)
        assert await ada.canonical() == before

        await drop(ada.page, {"glow.png": png(16, 8)}, EMISSIVE)
        await expect(ada.page.locator(EMISSIVE)).to_contain_text("16 × 8")
        await ada.until_status("saved")
        texture = (await material(ada, square))["emissiveTexture"]["texture"]
        stored = (await server.scene(project))["textures"][texture]
        assert await server.blob(project, stored["image"]) == png(16, 8)
