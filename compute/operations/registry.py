"""All operations that a peer offers, by name."""

from __future__ import annotations

from collections.abc import Mapping

from compute.operation import Operation
from compute.operations.export_scene import EXPORT
from compute.operations.import_scene import IMPORT
from compute.operations.levels import LOD_CHAIN
from compute.operations.plain import PLAIN
from compute.operations.reduce import SIMPLIFY

OPERATIONS: Mapping[str, Operation] = {one.name: one for one in (IMPORT, EXPORT, LOD_CHAIN, SIMPLIFY, PLAIN)}
