"""What a person does in the editor, and what a test waits for: states, never times."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.support.browser import Person

Vec3 = Sequence[float]

SMALL = (1100, 600)
"""A window that still shows both panels, with a canvas that a software renderer draws quickly."""
VERTICAL_FOV = np.radians(45)
GIZMO_UNIT = 92
"""Pixels of one unit of the gizmo (web/core/view/gizmo.ts)."""

IDENTITY = """([name, color]) => {
  const me = JSON.parse(localStorage.getItem("maquette.identity") ?? "null");
  if (me?.name === name) return;
  const id = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(12))))
    .replaceAll("+", "-").replaceAll("/", "_");
  localStorage.setItem("maquette.identity", JSON.stringify({ id, name, color, kind: "person" }));
}"""
LOOK = """() => {
  const { position, target } = window.maquette.view.camera;
  const box = document.querySelector("[data-testid=viewport]").getBoundingClientRect();
  return { position, target, x: box.x, y: box.y, width: box.width, height: box.height };
}"""
SETTLED = """() => {
  const canvas = document.querySelector("[data-testid=viewport]");
  const store = window.maquette?.project.store;
  return canvas?.dataset.settled === "true" && canvas.dataset.revision === String(store?.version);
}"""
NODE_NAMED = """name => {
  const store = window.maquette?.project.store;
  return store?.nodeIds().find(id => store.node(id).name === name && !store.node(id).hidden) ?? null;
}"""


async def identity(who: Person, name: str, color: str) -> None:
    """Gives the browser's person a name and a colour; before its first page."""
    await who.page.add_init_script(f"({IDENTITY})({json.dumps([name, color])})")


async def settled(who: Person) -> None:
    """Until the canvas shows the newest revision and nothing is still to come."""
    await who.until(SETTLED, timeout=60_000)


async def node_named(who: Person, name: str) -> str:
    """Waits for a live node of that name; its id."""
    await who.until(NODE_NAMED, name, timeout=90_000)
    return str(await who.eval(NODE_NAMED, name))


async def select(who: Person, node: str) -> None:
    """Clicks the node's row in the outliner, and waits for the inspector."""
    await who.page.click(f"[data-testid=outliner-row][data-node-id='{node}']")
    await who.until(
        "id => window.maquette.project.presence.local.selection.join() === id"
        " && document.querySelector('[data-testid=field-translation-x]') !== null",
        node,
    )


async def type_into(who: Person, field: str, text: str) -> None:
    box = who.page.locator(f"[data-testid={field}]")
    await box.fill(text)
    await box.press("Enter")


async def shown(who: Person, field: str) -> float:
    """The number that a field shows."""
    return float((await who.page.locator(f"[data-testid={field}]").input_value()).replace("\u2212", "-"))


async def node(who: Person, node_id: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = await who.eval(
        """id => {
          const { translation, rotation, scale } = window.maquette.project.store.node(id);
          return { translation, rotation, scale };
        }""",
        node_id,
    )
    return found


async def equal(*people: Person) -> None:
    """Until everything is saved and all replicas hold the same."""
    for one in people:
        await one.until_status("saved")
    first = await people[0].canonical()
    for other in people[1:]:
        await other.until("expected => window.maquette.project.scene.canonical() === expected", first)


@dataclass(frozen=True)
class Look:
    """The camera of a window and the rectangle of its canvas: from world metres to pixels of the page."""

    position: NDArray[np.float64]
    target: NDArray[np.float64]
    box: tuple[float, float, float, float]

    @property
    def pixel_size(self) -> float:
        """Tangent of the angle of one pixel."""
        return float(2 * np.tan(VERTICAL_FOV / 2) / self.box[3])

    def pixel(self, point: Vec3 | NDArray[np.float64]) -> tuple[float, float]:
        forward = self.target - self.position
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0, 1, 0])
        right /= np.linalg.norm(right)
        ray = np.asarray(point, float) - self.position
        scale = 1 / (ray @ forward * self.pixel_size)
        left, top, width, height = self.box
        across, down = ray @ right * scale, -(ray @ np.cross(right, forward)) * scale
        return float(left + width / 2 + across), float(top + height / 2 + down)

    def gizmo_unit(self, pivot: Vec3) -> float:
        """Metres of one unit of a gizmo that stands there."""
        return float(GIZMO_UNIT * self.pixel_size * np.linalg.norm(np.asarray(pivot, float) - self.position))


async def look(who: Person) -> Look:
    found = await who.eval(LOOK)
    box = (found["x"], found["y"], found["width"], found["height"])
    return Look(np.array(found["position"], float), np.array(found["target"], float), box)


async def look_at(who: Person, position: Vec3, target: Vec3 = (0, 0, 0)) -> None:
    """Puts the camera there."""
    await who.until("() => window.maquette?.view != null")
    await who.eval("pose => { window.maquette.view.camera = pose; }", {"position": position, "target": target})


async def look_from(who: Person, position: Vec3, target: Vec3 = (0, 0, 0)) -> Look:
    """Puts the camera there, and waits for the picture."""
    await look_at(who, position, target)
    await settled(who)
    return await look(who)


async def grab(who: Person, at: tuple[float, float]) -> None:
    await who.page.mouse.move(*at)
    await who.page.mouse.down()


async def drag(who: Person, start: tuple[float, float], end: tuple[float, float], steps: int = 8) -> None:
    await grab(who, start)
    await who.page.mouse.move(*end, steps=steps)
    await who.page.mouse.up()
