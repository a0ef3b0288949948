"""Model files that tests make themselves, as bytes, and dropping files onto a page."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import numpy as np
from playwright.async_api import Page

from tests.support.gltf_builder import GltfBuilder
from tests.support.shapes import sphere

DROP = """files => {
  const transfer = new DataTransfer();
  for (const [name, base64] of Object.entries(files)) {
    const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  return transfer;
}"""


async def drop(page: Page, files: Mapping[str, bytes], target: str = "[data-testid=viewport]") -> None:
    """Drops files onto an element as a person would: enter, over, drop."""
    encoded = {name: base64.b64encode(data).decode() for name, data in files.items()}
    transfer = await page.evaluate_handle(DROP, encoded)
    for event in ("dragenter", "dragover", "drop"):
        await page.dispatch_event(target, event, {"dataTransfer": transfer})


def obj_sphere(rings: int = 24, sectors: int = 48, radius: float = 1.0) -> bytes:
    """A smooth closed sphere as OBJ."""
    positions, triangles = sphere(rings, sectors, radius)
    lines = ["o Sphere"]
    lines += [f"v {x:.7g} {y:.7g} {z:.7g}" for x, y, z in positions]
    lines += [f"f {a} {b} {c}" for a, b, c in triangles.astype(int) + 1]
    return "\n".join(lines).encode()


def textured_glb(name: str) -> bytes:
    """A textured square under a node of that name, as GLB."""
    builder = GltfBuilder()
    texture = builder.add("textures", {"source": builder.image(8, 8)})
    material = builder.add(
        "materials", {"name": name, "pbrMetallicRoughness": {"baseColorTexture": {"index": texture}}}
    )
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
    uvs = [(0, 1), (1, 1), (1, 0), (0, 0)]
    square = builder.primitive(corners, [0, 1, 2, 0, 2, 3], TEXCOORD_0=uvs)
    mesh = builder.mesh({**square, "material": material}, name=name)
    builder.node(name=name, mesh=mesh)
    return builder.glb()


def stl_heightfield(cells: int, size: float = 1.0) -> bytes:
    """A wavy square of 2·cells² triangles as binary STL, made without Python loops."""
    axis = np.linspace(0, size, cells + 1, dtype=np.float32)
    x, z = np.meshgrid(axis, axis, indexing="ij")
    y = (0.05 * size * np.sin(x * 9) * np.cos(z * 7)).astype(np.float32)
    points = np.stack([x, y, z], axis=-1)
    low = np.stack([points[:-1, :-1], points[1:, 1:], points[1:, :-1]], axis=2)
    high = np.stack([points[:-1, :-1], points[:-1, 1:], points[1:, 1:]], axis=2)
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attributes", "<u2")])
    soup = np.zeros(2 * cells * cells, record)
    soup["corners"] = np.concatenate([low.reshape(-1, 3, 3), high.reshape(-1, 3, 3)])
    return b"\0" * 80 + np.uint32(len(soup)).tobytes() + soup.tobytes()
