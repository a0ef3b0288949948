"""Fewer triangles by the cheapest collapse of all each time: vertices onto neighbours, in compiled code.

Greedy half-edge collapse with quadrics (Garland and Heckbert 1997) that are weighted by area and summed: the order is
that of error times area. A vertex goes onto a neighbour, so what is kept keeps its place and its attributes. What
meshoptimizer does in passes, with errors divided by area, is faster and leaves more error while most vertices stay.
Ties go to the lower index: the same triangles give the same result, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

TURN = 0.25
"""Cosine of the greatest angle by which one collapse may turn a triangle."""
MOST = 64
"""Triangles around a vertex with more of which neither it nor its neighbours go: walks around it stay short."""
EVEN = 1e-6
"""Weight of the fourth power of a collapse's length in its error: decides only where the surface is flat."""
_NONE = np.int32(-1)
_NEVER = np.inf


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled at the first call, and kept on disk for other processes where there is a folder to write to."""
    try:
        return njit(cache=True)(function)
    except RuntimeError:  # numba's word for: neither beside this file nor in the user's cache folder
        return njit(function)


def collapse(
    triangles: NDArray[np.uint32], points: NDArray[np.float32], target: int, locked: NDArray[np.bool_] | None = None
) -> NDArray[np.uint32]:
    """(k, 3) uint32 with k ≥ about `target`: fewer of `triangles`, in their order, on a subset of their vertices.

    triangles: (t, 3) uint32, each of three different vertices. points: (n, 3) around zero, in units of the extent.
    locked: (n,) bool, vertices that stay. Vertices that are not surrounded by one closed fan of triangles stay too.
    Ends early where no collapse is left that keeps the surface manifold and turns no triangle over.
    """
    corners = np.ascontiguousarray(triangles, np.int32).reshape(-1).copy()
    fixed = np.zeros(len(points), np.bool_) if locked is None else locked.copy()
    if len(corners):
        _collapse(corners, np.ascontiguousarray(points, np.float64), int(target), fixed)
    found = corners.reshape(-1, 3)
    return found[found[:, 0] >= 0].astype(np.uint32)


@_compiled
def _collapse(corners, points, target, fixed):
    """Collapses in place: triangles that are gone have −1 at their first corner."""
    n = len(points)
    head, following = _fans(corners, n)
    _fix_open(corners, head, following, fixed)
    quadrics = _quadrics(corners, points)
    goal = np.full(n, _NONE, np.int32)
    keys = np.full(n, _NEVER)
    for u in range(n):
        if not fixed[u]:
            _evaluate(u, False, corners, head, following, points, quadrics, goal, keys)
    heap, place = _heap(keys, fixed)
    left = len(corners) // 3
    while left > target and len(heap) and keys[heap[0]] < _NEVER:
        u = heap[0]
        _evaluate(u, True, corners, head, following, points, quadrics, goal, keys)
        _down(heap, place, keys, 0)
        if heap[0] != u or goal[u] < 0:
            continue
        left -= _merge(u, goal[u], corners, head, following)
        quadrics[goal[u]] += quadrics[u]
        keys[u] = _NEVER
        _down(heap, place, keys, 0)
        _refresh(goal[u], corners, head, following, points, quadrics, goal, keys, fixed, heap, place)


@_compiled
def _refresh(v, corners, head, following, points, quadrics, goal, keys, fixed, heap, place):
    """Evaluate v and its neighbours again: what they cost has changed; what is allowed is seen in turn."""
    c = head[v]
    if not fixed[v]:
        _again(v, corners, head, following, points, quadrics, goal, keys, heap, place)
    while c >= 0:
        w = corners[_next(c)]
        if not fixed[w]:
            _again(w, corners, head, following, points, quadrics, goal, keys, heap, place)
        w = corners[_next(_next(c))]
        if fixed[v] and not fixed[w]:  # an open fan's last neighbour follows no corner
            _again(w, corners, head, following, points, quadrics, goal, keys, heap, place)
        c = following[c]


@_compiled
def _again(w, corners, head, following, points, quadrics, goal, keys, heap, place):
    _evaluate(w, False, corners, head, following, points, quadrics, goal, keys)
    _down(heap, place, keys, _up(heap, place, keys, place[w]))


@_compiled
def _fans(corners, n):
    """head: (n,) first corner of each vertex; following: (3·t,) the next corner at the same vertex; −1 ends."""
    head = np.full(n, _NONE, np.int32)
    following = np.empty(len(corners), np.int32)
    for c in range(len(corners) - 1, -1, -1):
        following[c] = head[corners[c]]
        head[corners[c]] = c
    return head, following


@_compiled
def _fix_open(corners, head, following, fixed):
    """Fix what has not exactly one closed fan: as many steps around it as it has triangles."""
    for u in range(len(head)):
        count, c = 0, head[u]
        while c >= 0 and count <= MOST:
            count += 1
            c = following[c]
        if fixed[u] or count < 3 or count > MOST:
            fixed[u] = True
            continue
        first = corners[_next(head[u])]
        at, steps = first, 0
        while steps < count:
            onward, ways = _NONE, 0
            c = head[u]
            while c >= 0:
                if corners[_next(c)] == at:
                    onward = corners[_next(_next(c))]
                    ways += 1
                c = following[c]
            if ways != 1:
                steps = count + 1
                break
            at = onward
            steps += 1
            if at == first:
                break
        fixed[u] = steps != count or at != first


@_compiled
def _next(c):
    return c - 2 if c % 3 == 2 else c + 1


@_compiled
def _quadrics(corners, points):
    """(n, 10): of each vertex, the sum of the squared distances to its triangles' planes, each times its area."""
    quadrics = np.zeros((len(points), 10))
    for t in range(0, len(corners), 3):
        a, b, c = corners[t], corners[t + 1], corners[t + 2]
        x, y, z = _normal(points, a, b, c)
        length = np.sqrt(x * x + y * y + z * z)
        if length == 0.0:
            continue
        area = length * 0.5
        x, y, z = x / length, y / length, z / length
        d = -(x * points[a, 0] + y * points[a, 1] + z * points[a, 2])
        for k in range(3):
            q = quadrics[corners[t + k]]
            q[0] += area * x * x
            q[1] += area * y * y
            q[2] += area * z * z
            q[3] += area * x * y
            q[4] += area * x * z
            q[5] += area * y * z
            q[6] += area * x * d
            q[7] += area * y * d
            q[8] += area * z * d
            q[9] += area * d * d
    return quadrics


@_compiled
def _normal(points, a, b, c):
    ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@_compiled
def _error(q, x, y, z):
    return (
        q[0] * x * x + q[1] * y * y + q[2] * z * z + q[9]
        + 2.0 * (q[3] * x * y + q[4] * x * z + q[5] * y * z + q[6] * x + q[7] * y + q[8] * z)
    )  # fmt: skip


@_compiled
def _evaluate(u, check, corners, head, following, points, quadrics, goal, keys):
    """Set the neighbour that u goes to at the least cost, and the cost; with `check` only where that is allowed."""
    best, to = _NEVER, _NONE
    c = head[u]
    while c >= 0:
        v = corners[_next(c)]
        x, y, z = points[v, 0], points[v, 1], points[v, 2]
        length = (x - points[u, 0]) ** 2 + (y - points[u, 1]) ** 2 + (z - points[u, 2]) ** 2
        cost = max(_error(quadrics[u], x, y, z) + _error(quadrics[v], x, y, z), 0.0) + EVEN * length * length
        if (cost < best or (cost == best and v < to)) and (
            not check or _allowed(u, v, corners, head, following, points)
        ):
            best, to = cost, v
        c = following[c]
    goal[u], keys[u] = to, best


@_compiled
def _allowed(u, v, corners, head, following, points):
    """Whether u → v keeps the surface manifold (u and v share exactly two neighbours) and turns no triangle over."""
    c = head[u]
    while c >= 0:
        a, b = corners[_next(c)], corners[_next(_next(c))]
        if a != v and b != v:
            x, y, z = _normal(points, u, a, b)
            i, j, k = _normal(points, v, a, b)
            long = (x * x + y * y + z * z) * (i * i + j * j + k * k)
            along = x * i + y * j + z * k
            if along <= 0.0 or along * along < TURN * TURN * long:
                return False
        c = following[c]
    return _shared(u, v, corners, head, following) == 2


@_compiled
def _shared(u, v, corners, head, following):
    """How many neighbours u and v have in common; −1 where a fan is long or would be left with two triangles."""
    common, around = 0, head[u]
    while around >= 0:
        w = corners[_next(around)]
        faces, beside, c = 0, False, head[w]
        while c >= 0 and faces <= MOST:
            faces += 1
            beside |= corners[_next(c)] == v or corners[_next(_next(c))] == v
            c = following[c]
        if faces > MOST or (w != v and beside and faces <= 3):
            return -1
        common += w != v and beside
        around = following[around]
    return common


@_compiled
def _merge(u, v, corners, head, following):
    """Replace u by v; the number of triangles that are gone."""
    gone, c = 0, head[u]
    while c >= 0:
        after = following[c]
        t = c - c % 3
        if corners[t] == v or corners[t + 1] == v or corners[t + 2] == v:
            gone += 1
            for k in range(3):
                if t + k != c:
                    _unlink(corners[t + k], t + k, head, following)
            corners[t] = _NONE
        else:
            corners[c] = v
            following[c] = head[v]
            head[v] = c
        c = after
    head[u] = _NONE
    return gone


@_compiled
def _unlink(w, corner, head, following):
    if head[w] == corner:
        head[w] = following[corner]
        return
    c = head[w]
    while following[c] != corner:
        c = following[c]
    following[c] = following[corner]


@_compiled
def _heap(keys, fixed):
    """heap: all that is not fixed, the cheapest first. place: (n,) where each is in it."""
    heap = np.flatnonzero(~fixed).astype(np.int32)
    place = np.full(len(keys), _NONE, np.int32)
    for i in range(len(heap)):
        place[heap[i]] = i
    for i in range(len(heap) // 2 - 1, -1, -1):
        _down(heap, place, keys, i)
    return heap, place


@_compiled
def _before(a, b, keys):
    return keys[a] < keys[b] or (keys[a] == keys[b] and a < b)


@_compiled
def _down(heap, place, keys, i):
    u, size = heap[i], len(heap)
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and _before(heap[child + 1], heap[child], keys):
            child += 1
        if not _before(heap[child], u, keys):
            break
        heap[i] = heap[child]
        place[heap[i]] = i
        i = child
    heap[i] = u
    place[u] = i


@_compiled
def _up(heap, place, keys, i):
    u = heap[i]
    while i > 0:
        parent = (i - 1) // 2
        if not _before(u, heap[parent], keys):
            break
        heap[i] = heap[parent]
        place[heap[i]] = i
        i = parent
    heap[i] = u
    place[u] = i
    return i
