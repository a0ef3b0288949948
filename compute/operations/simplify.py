"""Fewer triangles on a subset of the positions, all primitives together, seams, creases and material borders kept.

The collapses are meshoptimizer's (quadric error with attributes: Garland and Heckbert 1998, Hoppe 1999), and those of
`collapse` where most vertices of a fine surface without texture coordinates and colours stay; around them:
corners are joined first (`wedges`), so that flat-shaded and unwrapped models reduce like smooth ones; edges that came
out non-manifold are prevented by locking their surroundings and simplifying again; every corner then takes one of the
base's own vertices, so that attributes and position ids are the base's, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute import meshopt
from compute.errors import OperationError
from compute.mesh import Mesh
from compute.operations.transfer import choose_nodes, mesh_of
from compute.operations.wedges import Protection, Wedges, face_vectors, joints, wedges
from compute.quality.distance import Deviation, deviation, distances
from compute.quality.manifold import border_edges, edge_ends, nonmanifold_edges

ROUNDS = 4
"""Times that what went wrong is locked and the level is made again."""
LINE_LIMIT = 0.004
"""Borders, seams and creases may stray by this fraction of the extent before the places that did are locked."""
LINE_SHARE = 8
"""Triangles that a level must have for every point that is locked on a line."""
LINE_POINTS = 50_000
"""Points of those lines that are measured at most."""
TOLERANCE = 1.05
"""A level may have this many times its target before protection is relaxed."""
WEIGHT_SCALE = 0.1
"""Settings' weight 1 in meshoptimizer's terms. At 0.5 · 0.1 the mean error stays within 1 % of positions alone;
with the full weight it is 1.6 times as large at 10 % of 1.1 M triangles."""

FINE = 100_000
"""Triangles from which on the first steps are `collapse`'s. Coarser surfaces are reduced as well by meshoptimizer."""
FINE_STEP = 0.35
"""The least part of the triangles that such a step keeps. Where fewer stay, order matters less than speed."""
FEW_LINES = 0.05
"""The greatest part of the vertices that may lie on lines: `collapse` keeps every one of those."""
EVEN_WEIGHTS = 0.5
"""The greatest weight of normals with which shape alone may decide, as `collapse` has it."""


@dataclass(frozen=True)
class Weights:
    """How much normals, texture coordinates and colours count against shape: 0 … 10, as in `LodSettings`."""

    normal: float = 0.5
    uv: float = 1.0
    color: float = 0.5


@dataclass(frozen=True)
class Target:
    """triangles: how many to aim for. error: greatest allowed error as a fraction of the extent, 1 for no limit."""

    triangles: int
    error: float = 1.0


@dataclass(frozen=True)
class Level:
    """One result. `nonmanifold`: its edges with more than two triangles, as many as the base's or fewer."""

    mesh: Mesh
    triangles: int
    deviation: Deviation
    nonmanifold: int
    protection: Protection


@dataclass(frozen=True)
class _Joined:
    """The base as meshoptimizer sees it under one protection. joint: (n,) of each node."""

    joint: NDArray[np.intp]
    position: NDArray[np.uint32]
    points: NDArray[np.float32]
    attributes: NDArray[np.float32]
    weights: NDArray[np.float32]
    line: NDArray[np.uint32]
    """Joints on the lines to keep: open borders, seams, creases, borders of materials; at most LINE_POINTS."""
    plain: bool
    """Few lines, and no attributes that count but normals: shape alone may decide."""


@dataclass(frozen=True)
class _Attempt:
    """One round's triangles of joints and what is wrong with them, worst first: a smaller `faults` is better."""

    triangles: NDArray[np.uint32]
    limited: bool
    bad: NDArray[np.uint64]
    strayed: NDArray[np.uint32]
    excess: bool

    @property
    def faults(self) -> tuple[int, bool, int]:
        return len(self.bad), self.excess, len(self.strayed)


class Simplifier:
    """Makes level after level of one base, each from the one before.

    >>> simplifier = Simplifier(mesh)
    >>> half = simplifier.next(Target(mesh.triangle_count // 2))
    """

    def __init__(self, mesh: Mesh, weights: Weights | None = None, lock_borders: bool = False) -> None:
        self._wedges = wedges(mesh)
        if not len(self._wedges.triangles):
            raise OperationError(
                "empty_mesh", "the mesh has no triangle with an area", "a mesh with triangles is needed"
            )
        self._weights = weights or Weights()
        self._options = meshopt.LOCK_BORDER if lock_borders else 0
        self._protection = Protection.CREASES
        self._joined = _join(self._wedges, self._protection, self._weights)
        self._nodes = self._wedges.triangles
        self._allowed = nonmanifold_edges(self._wedges.position[self._nodes])

    def next(self, target: Target) -> Level:
        """The next level; protection of creases, then of seams, is given up only where the target cannot be met."""
        while True:
            best = self._reduce(target)
            if not best.excess or best.limited or not self._relax():
                break
        if len(best.bad):
            best = self._finer(target)
        self._nodes = choose_nodes(self._wedges, self._joined.joint, best.triangles, self._protection)
        return self._level()

    def _finer(self, target: Target) -> _Attempt:
        """A level without new non-manifold edges, finer than asked: shapes with many tunnels do not get any smaller."""
        present = len(self._nodes)
        for share in (1 / 3, 2 / 3):
            between = round(target.triangles ** (1 - share) * present**share)
            found = self._reduce(replace(target, triangles=between))
            if not len(found.bad):
                return found
        return self._attempt(self._source(), replace(target, triangles=present), None)

    def _source(self) -> NDArray[np.uint32]:
        """The present level in joints."""
        return self._joined.joint[self._nodes].astype(np.uint32)

    def _relax(self) -> bool:
        """Give up one kind of protection that joins more nodes; False when none does."""
        while self._protection > Protection.MATERIALS:
            self._protection = Protection(self._protection - 1)
            before = len(self._joined.position)
            self._joined = _join(self._wedges, self._protection, self._weights)
            if len(self._joined.position) < before:
                return True
        return False

    def _reduce(self, target: Target) -> _Attempt:
        """The best of a few rounds, each with more joints locked around what went wrong in the one before."""
        joined = self._joined
        source = self._source()
        locked = np.zeros(len(joined.points), np.bool_)
        best = attempt = self._attempt(source, target, locked)
        for ring in range(ROUNDS):
            if not len(attempt.bad) and not len(attempt.strayed):
                return attempt
            before = int(locked.sum())
            near = _around(
                edge_ends(attempt.bad), joined.position[source], 1 + ring // 2, len(self._wedges.mesh.positions)
            )
            locked |= near[joined.position]
            locked[attempt.strayed] = True
            if int(locked.sum()) == before:
                return best
            attempt = self._attempt(source, target, locked)
            best = min(best, attempt, key=lambda one: one.faults)
        return best

    def _attempt(self, source: NDArray[np.uint32], target: Target, locked: NDArray[np.bool_] | None) -> _Attempt:
        joined = self._joined
        triangles, reached = self._greedy(source, target, locked)
        if not _meets(triangles, target):
            triangles, reached = meshopt.simplify(
                source, joined.points, target.triangles, error=target.error, options=self._options,
                attributes=joined.attributes, weights=joined.weights, locked=locked,
            )  # fmt: skip
        return _Attempt(
            triangles=triangles,
            limited=target.error < 1.0 and reached >= target.error * 0.9,
            bad=self._bad_edges(joined.position[triangles]),
            strayed=_strayed(joined, triangles, target.triangles),
            excess=not _meets(triangles, target),
        )

    def _greedy(
        self, source: NDArray[np.uint32], target: Target, locked: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.uint32], float]:
        """The cheapest collapses of all, where they pay; else `source` as it is."""
        fine = len(source) >= FINE and target.triangles >= FINE_STEP * len(source)
        if not fine or not self._joined.plain or target.error < 1.0:
            return source, 0.0
        from compute.operations.collapse import collapse  # noqa: PLC0415 - numba takes a second to load

        return collapse(source, self._joined.points, target.triangles, locked), 0.0

    def _bad_edges(self, triangles: NDArray[np.uint32]) -> NDArray[np.uint64]:
        """Non-manifold edges that the base had not, where there are more than it had. triangles: of position ids."""
        found = nonmanifold_edges(triangles)
        if len(found) <= len(self._allowed):
            return found[:0]
        return np.setdiff1d(found, self._allowed, assume_unique=True)

    def _level(self) -> Level:
        base = self._wedges
        triangles = base.position[self._nodes]
        used = np.flatnonzero(np.bincount(base.position))
        measured = deviation(base.mesh.positions[used], base.mesh.positions, triangles)
        return Level(
            mesh=mesh_of(base, self._nodes),
            triangles=len(triangles),
            deviation=measured,
            nonmanifold=len(nonmanifold_edges(triangles)),
            protection=self._protection,
        )


def simplify(mesh: Mesh, target: Target, weights: Weights | None = None, lock_borders: bool = False) -> Level:
    """One level of `mesh`, which is left as it is. Raises OperationError("empty_mesh")."""
    return Simplifier(mesh, weights, lock_borders).next(target)


def compacted(mesh: Mesh) -> Mesh:
    """The same mesh with position ids 0 … P−1 of its own, in ascending order of the old ones."""
    used, ids = np.unique(mesh.position_ids, return_inverse=True)
    return replace(mesh, positions=mesh.positions[used], position_ids=ids.astype(np.uint32).reshape(-1))


def _meets(triangles: NDArray[np.uint32], target: Target) -> bool:
    return len(triangles) <= target.triangles * TOLERANCE + 4


def _around(ends: NDArray[np.uint32], triangles: NDArray[np.uint32], rings: int, positions: int) -> NDArray[np.bool_]:
    """(positions,) bool by position id: the ends and everything within so many rings of triangles."""
    near = np.zeros(positions, np.bool_)
    near[ends] = True
    for _ in range(rings):
        near[triangles[near[triangles].any(axis=1)]] = True
    return near


def _join(of: Wedges, protection: Protection, weights: Weights) -> _Joined:
    joint, count = joints(of, protection)
    member = np.empty(count, np.intp)
    member[joint] = np.arange(len(joint))
    position = of.position[member]
    columns, factors = _attributes(of, joint, member, protection, weights)
    line = np.unique(edge_ends(border_edges(joint[of.triangles].astype(np.uint32))))
    plain = len(line) <= FEW_LINES * count and _shape_decides(of.mesh, weights)
    line = line[:: max(1, -(-len(line) // LINE_POINTS))]
    return _Joined(joint, position, _scaled(of.mesh.positions)[position], columns, factors, line, plain)


def _shape_decides(mesh: Mesh, weights: Weights) -> bool:
    coloured = weights.color > 0 and mesh.colors is not None
    charted = weights.uv > 0 and bool(mesh.texcoords)
    return not coloured and not charted and weights.normal <= EVEN_WEIGHTS


def _strayed(joined: _Joined, triangles: NDArray[np.uint32], target: int) -> NDArray[np.uint32]:
    """Joints of the base's lines, a few of those that lie farther than LINE_LIMIT from the lines of `triangles`.

    Of neighbours only the farthest, as one locked point holds the line on both sides. None where that would take more
    than a part of the triangles that the level may have: it is too coarse to follow the lines.
    """
    ends = edge_ends(border_edges(triangles)) if len(joined.line) else joined.line.reshape(0, 2)
    if not len(ends):
        return joined.line[:0]
    segments = np.stack([ends[:, 0], ends[:, 1], ends[:, 1]], axis=1)
    points = joined.points.astype(np.float64)
    away = distances(points[joined.line], points, segments)
    far = np.argsort(-away)[: int((away > LINE_LIMIT).sum())]
    cells = np.floor(points[joined.line[far]] / (4 * LINE_LIMIT)).astype(np.int64)
    kept = joined.line[far[np.unique(cells, axis=0, return_index=True)[1]]]
    return kept if len(kept) * LINE_SHARE <= target else kept[:0]


def _scaled(positions: NDArray[np.float64]) -> NDArray[np.float32]:
    """Positions around zero in units of the extent: float32 keeps them apart also at 500 km. Errors are relative."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    extent = float((high - low).max()) or 1.0
    return ((positions - (low + high) / 2) / extent).astype(np.float32)


def _attributes(
    of: Wedges, joint: NDArray[np.intp], member: NDArray[np.intp], protection: Protection, weights: Weights
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Columns and weights for meshoptimizer; attributes that jump inside a joint are left out."""
    vertex = of.vertex[member]
    columns: list[NDArray[np.float32]] = []
    factors: list[float] = []
    if weights.normal > 0 and of.mesh.normals is not None:
        columns.append(_joint_normals(of, joint, len(member)))
        factors += [weights.normal * WEIGHT_SCALE] * 3
    if weights.uv > 0 and protection >= Protection.SEAMS:
        for texcoord in of.mesh.texcoords[:4]:
            columns.append(texcoord[vertex] / max(float(np.ptp(texcoord, axis=0).max()), 1e-12))
            factors += [weights.uv * WEIGHT_SCALE] * 2
    if weights.color > 0 and of.mesh.colors is not None:
        columns.append(of.mesh.colors[vertex])
        factors += [weights.color * WEIGHT_SCALE] * 4
    joined = np.concatenate(columns, axis=1) if columns else np.zeros((len(member), 0), np.float32)
    return np.ascontiguousarray(joined, np.float32), np.array(factors, np.float32)


def _joint_normals(of: Wedges, joint: NDArray[np.intp], count: int) -> NDArray[np.float32]:
    """(count, 3) float32 unit: area-weighted over the triangles of each joint, also where the mesh is shaded flat."""
    vectors = face_vectors(of.mesh.positions, of.position[of.triangles])
    corners = joint[of.triangles]
    total = np.zeros((count, 3))
    for axis in range(3):
        for corner in range(3):
            total[:, axis] += np.bincount(corners[:, corner], vectors[:, axis], count)
    length = np.sqrt(np.einsum("ij,ij->i", total, total))
    return (total / np.where(length > 0, length, 1.0)[:, None]).astype(np.float32)
