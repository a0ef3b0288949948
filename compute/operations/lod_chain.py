"""`lod.chain`: the levels of detail of one revision, each made from the one before.

On 1.1 M triangles a chain of five by meshoptimizer takes 1.4 s of collapses, each level from the base 4 s; the mean
errors differ by less than 2 %. The first steps of fine surfaces are made by `collapse`: 5.2 s, for
about half the error of the finest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from compute.mesh import Mesh
from compute.operations.simplify import Level, Simplifier, Target, Weights


@dataclass(frozen=True)
class ChainSettings:
    """`crdt.schema.LodSettings` without what only readers need."""

    weights: Weights = field(default_factory=Weights)
    lock_borders: bool = False


def lod_chain(
    mesh: Mesh,
    targets: dict[int, Target],
    settings: ChainSettings | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> dict[int, Level]:
    """Levels of `mesh` under the numbers of `targets`, made from the finest to the coarsest.

    Their position ids are the base's; `mesh` is left as it is. Raises OperationError("empty_mesh").
    """
    settings = settings or ChainSettings()
    simplifier = Simplifier(mesh, settings.weights, settings.lock_borders)
    ordered = sorted(targets.items(), key=lambda item: (-item[1].triangles, item[0]))
    work = [mesh.triangle_count, *(target.triangles for _, target in ordered)][: len(ordered)]
    levels: dict[int, Level] = {}
    for index, (number, target) in enumerate(ordered):
        if progress:
            progress(sum(work[:index]) / max(sum(work), 1), f"level {number}: {target.triangles:,} triangles")
        levels[number] = simplifier.next(target)
    return dict(sorted(levels.items()))
