"""A chain of five levels against Open3D's quadric decimation, on the bunny subdivided to 1.1 M triangles.

Ours: one chain, each level from the one before, with seams, material borders and manifold edges checked and the error
measured. Open3D: each level from the original, without checks (`decimate`). Errors of both are measured by Open3D's
ray-casting scene, from the same 100,000 positions of the base. Times are of the processor: both run on one core.

    python -m tests.benchmarks lod_chain
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import open3d
from numpy.typing import NDArray

from compute.mesh import Mesh
from compute.operations.lod_chain import lod_chain
from compute.operations.simplify import Target
from compute.quality.manifold import edge_keys, nonmanifold_edges
from tests.benchmarks.report import Table, goal
from tests.support.assets import asset
from tests.support.shapes import smooth

RATIOS = (0.5, 0.25, 0.1, 0.03, 0.01)
POINTS = 100_000
FASTER, WORST_MEAN = 5, 1.15


@dataclass
class Row:
    """One level of one side. Errors in percent of the diagonal."""

    ratio: float
    triangles: int
    seconds: float
    mean: float
    greatest: float
    nonmanifold: int


def bunny(subdivisions: int = 2) -> Mesh:
    """The scan, its triangles cut into four so many times, with ripples that the cuts can show.

    They leave its vertices about as rough, against their edges, as the scan's own (docs/decisions, "The half level").
    """
    positions, triangles = _read_obj()
    for _ in range(subdivisions):
        positions, triangles = _cut(positions, triangles)
    base = smooth(positions, triangles)
    extent = np.linalg.norm(np.ptp(positions, axis=0))
    height = np.zeros(len(positions))
    for waves, amplitude in ((40, 6e-4), (97, 3e-4), (211, 1e-4)):
        height += amplitude * extent * np.sin(positions * (2 * np.pi * waves / extent)).sum(axis=1)
    assert base.normals is not None
    return smooth(positions + base.normals * height[:, None], triangles)


def _read_obj() -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
    lines = [line.split() for line in asset("stanford-bunny.obj").read_text().splitlines()]
    positions = np.array([line[1:4] for line in lines if line[:1] == ["v"]], float)
    faces = np.array([[corner.split("/")[0] for corner in line[1:4]] for line in lines if line[:1] == ["f"]], np.int64)
    used, triangles = np.unique(faces - 1, return_inverse=True)
    return positions[used], triangles.reshape(-1, 3).astype(np.uint32)


def _cut(
    positions: NDArray[np.float64], triangles: NDArray[np.uint32]
) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
    edges, where = np.unique(edge_keys(triangles), return_inverse=True)
    ends = np.stack([edges >> np.uint64(32), edges & np.uint64(0xFFFFFFFF)], axis=1).astype(np.int64)
    x, y, z = (where.reshape(-1, 3) + len(positions)).T
    a, b, c = triangles.T
    cut = [(a, x, z), (x, b, y), (z, y, c), (x, y, z)]
    faces = np.concatenate([np.stack(corners, axis=1) for corners in cut])
    return np.concatenate([positions, positions[ends].mean(axis=1)]), faces.astype(np.uint32)


class Judge:
    """Measures both sides alike."""

    def __init__(self, base: Mesh) -> None:
        chosen = np.random.default_rng(1).choice(len(base.positions), min(POINTS, len(base.positions)), replace=False)
        self._points = base.positions[chosen].astype(np.float32)
        self._extent = float(np.linalg.norm(np.ptp(base.positions, axis=0)))

    def row(self, ratio: float, seconds: float, positions: NDArray[Any], triangles: NDArray[Any]) -> Row:
        scene = open3d.t.geometry.RaycastingScene()
        scene.add_triangles(np.ascontiguousarray(positions, np.float32), np.ascontiguousarray(triangles, np.uint32))
        found = scene.compute_distance(self._points).numpy() / self._extent * 100
        bad = len(nonmanifold_edges(triangles.astype(np.uint32)))
        return Row(ratio, len(triangles), seconds, float(found.mean()), float(found.max()), bad)


def ours(base: Mesh, judge: Judge) -> tuple[list[Row], float]:
    """The levels, and the seconds of the whole chain with everything that it checks."""
    count = base.triangle_count
    marks = [time.process_time()]
    targets = {number: Target(round(count * ratio)) for number, ratio in enumerate(RATIOS, 1)}
    levels = lod_chain(base, targets, progress=lambda *_: marks.append(time.process_time()))
    marks.append(time.process_time())
    seconds = np.diff(marks[1:])
    found = zip(RATIOS, levels.values(), seconds, strict=True)
    rows = [judge.row(r, s, base.positions, level.mesh.position_ids[level.mesh.triangles]) for r, level, s in found]
    return rows, marks[-1] - marks[0]


def theirs(base: Mesh, judge: Judge) -> tuple[list[Row], float]:
    mesh = open3d.geometry.TriangleMesh(
        open3d.utility.Vector3dVector(base.positions),
        open3d.utility.Vector3iVector(base.position_ids[base.triangles].astype(np.int32)),
    )
    rows = []
    for ratio in RATIOS:
        start = time.process_time()
        level = mesh.simplify_quadric_decimation(round(base.triangle_count * ratio))
        seconds = time.process_time() - start
        rows.append(judge.row(ratio, seconds, np.asarray(level.vertices), np.asarray(level.triangles)))
    return rows, sum(row.seconds for row in rows)


def compare(base: Mesh, faster_goal: int) -> Table:
    """Both sides level by level, and what was promised."""
    judge = Judge(base)
    (mine, my_seconds), (other, other_seconds) = ours(base, judge), theirs(base, judge)
    rows = [
        (
            f"{a.ratio:.0%}", a.triangles, a.seconds, b.seconds, a.mean, b.mean, round(a.mean / b.mean, 2),
            a.greatest, b.greatest, a.nonmanifold, b.nonmanifold,
        )
        for a, b in zip(mine, other, strict=True)
    ]  # fmt: skip
    bad = len(nonmanifold_edges(base.triangles))
    means = {row[0]: row[6] for row in rows}
    over = (
        ", ".join(f"{ratio} as large at {level}" for level, ratio in means.items() if ratio > WORST_MEAN) or "nowhere"
    )
    faster, times = other_seconds / my_seconds, f"{my_seconds:.1f} s, Open3D {other_seconds:.1f} s"
    return Table(
        f"Levels of detail: {base.triangle_count:,} triangles",
        "Our chain, each level from the one before, with locking of non-manifold edges and strayed borders and with "
        "measured errors; Open3D's quadric decimation from the original, without checks. Errors in percent of the "
        "diagonal, both measured by Open3D's ray-casting scene.",
        (
            "level", "triangles", "CPU s: ours", "Open3D", "mean: ours", "Open3D", "ours / Open3D",
            "greatest: ours", "Open3D", "non-manifold: ours", "Open3D",
        ),
        rows,
        [
            goal(faster >= faster_goal, f"{times}: {faster:.1f}×, goal {faster_goal}×"),
            goal(over == "nowhere", f"mean error more than {WORST_MEAN}× Open3D's: {over}"),
            goal(all(a.nonmanifold <= bad for a in mine), f"non-manifold edges: no more than the base has ({bad})"),
        ],
    )  # fmt: skip


def run() -> list[Table]:
    return [compare(bunny(0), 1), compare(bunny(2), FASTER)]
