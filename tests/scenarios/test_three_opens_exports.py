"""three.js opens what is exported as GLB, plain and compressed, and finds the same in both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.support.assets import FOLDER
from tests.support.browser import chromium
from tests.support.bundle import bundle
from tests.support.files import obj_sphere, textured_glb
from tests.support.studio import Studio, studio

pytestmark = pytest.mark.browser


def models() -> dict[str, bytes]:
    duck = FOLDER / "Duck.glb"
    return {"Duck.glb": duck.read_bytes() if duck.exists() else textured_glb("Duck"), "ball.obj": obj_sphere()}


async def opened(page: Page, server: Studio, project: str, compression: str) -> dict[str, Any]:
    result = await server.succeeded(project, await server.export(project, "glb", compression=compression))
    data = await server.blob(project, result["blob"])
    return dict(await page.evaluate("bytes => window.open_glb(bytes)", list(data)))


async def test_three_opens_plain_and_compressed(tmp_path: Path) -> None:
    async with studio(tmp_path / "data") as server, chromium() as browser:
        project = await server.create_project("Exports")
        await server.succeeded(project, await server.import_files(project, models()))
        page = await browser.new_page()
        await page.add_script_tag(content=bundle(Path(__file__).with_name("three_loader.mjs"), tmp_path))
        plain = await opened(page, server, project, "none")
        stats = (await server.scene(project))["stats"]
        assert plain["triangles"] == stats["triangles"]
        assert plain["textures"] == 1
        compressed = await opened(page, server, project, "meshopt")
        assert {k: plain[k] for k in plain if k not in ("min", "max")} == {
            k: compressed[k] for k in compressed if k not in ("min", "max")
        }
        for corner in ("min", "max"):
            assert compressed[corner] == pytest.approx(plain[corner], rel=1e-6, abs=1e-6)
