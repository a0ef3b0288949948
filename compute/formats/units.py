"""Units and up axes of formats that do not state them: what was said, what was found in a comment, or a guess."""

from __future__ import annotations

import re

import numpy as np

from compute.formats.files import METRES, ReadOptions
from compute.formats.report import Report
from compute.formats.transforms import Z_UP
from compute.scene import Scene, SceneNode

_NAMES = {
    "m": "metre", "metre": "metre", "meter": "metre", "cm": "centimetre", "centimetre": "centimetre",
    "centimeter": "centimetre", "mm": "millimetre", "millimetre": "millimetre", "millimeter": "millimetre",
    "um": "micron", "micron": "micron", "in": "inch", "inch": "inch", "ft": "foot", "foot": "foot",
}  # fmt: skip
SYMBOLS = {"metre": "m", "centimetre": "cm", "millimetre": "mm", "micron": "um", "inch": "in", "foot": "ft"}


def stated(text: str) -> tuple[str | None, str | None]:
    """(unit, up axis) as a header or comment says them: `unit=mm up=Z`."""
    unit = re.search(r"\bunits?\s*[=: ]\s*([a-z]+)", text, re.IGNORECASE)
    up = re.search(r"\bup\s*[=:]\s*([YZ])\b", text, re.IGNORECASE)
    return (_NAMES.get(unit.group(1).lower()) if unit else None, up.group(1).upper() if up else None)


def apply(
    scene: Scene, options: ReadOptions, report: Report, *, comment: str, mm_above: float, habit: str = "Y"
) -> None:
    """Bring a scene of untransformed nodes into metres and +Y up.

    mm_above: extent from which bare numbers are taken for millimetres. habit: the format's usual up axis. Positions are
    scaled; a Z-up model gets a rotation on the nodes at the top and keeps its own axes.
    """
    said_unit, said_up = stated(comment)
    unit = options.unit or said_unit
    if unit is None:
        extent = _extent(scene)
        unit = "millimetre" if extent >= mm_above else "metre"
        text = f"The file states no unit; its largest extent is {extent:.6g}, so it was read as {unit}s."
        report.add("note", "unit", text)
    scene.unit = unit
    if METRES[unit] != 1:
        for mesh in scene.meshes:
            mesh.mesh.positions = mesh.mesh.positions * METRES[unit]
    up = options.up or said_up
    if up is None:
        report.add("note", "up axis", f"The file states no up axis; {habit} was taken, as is usual for its format.")
    if (up or habit) == "Z":
        stand_up(scene, report)


def _extent(scene: Scene) -> float:
    points = [m.mesh.positions for m in scene.meshes if len(m.mesh.positions)]
    if not points:
        return 0.0
    low = np.min([p.min(axis=0) for p in points], axis=0)
    high = np.max([p.max(axis=0) for p in points], axis=0)
    return float((high - low).max())


def stand_up(scene: Scene, report: Report) -> None:
    """Rotate a Z-up scene upright: the node at the top, or a new one above several."""
    tops = [i for i, node in enumerate(scene.nodes) if node.parent is None]
    if (
        len(tops) == 1
        and scene.nodes[tops[0]].rotation == (0.0, 0.0, 0.0, 1.0)
        and not any(scene.nodes[tops[0]].translation)
    ):
        scene.nodes[tops[0]].rotation = Z_UP
    else:
        for node in scene.nodes:
            node.parent = 0 if node.parent is None else node.parent + 1
        scene.nodes.insert(0, SceneNode(name=scene.name, rotation=Z_UP))
    report.add("changed", "up axis", "The file's Z axis points up; a rotation on the top node stands it upright.")
