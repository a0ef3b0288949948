"""Which codes a package's source raises: the first argument of every error of ours that is made in it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

TOP = Path(__file__).parents[2]
ROOTS = {"MaquetteError", "Refusal", "Refused"}


def codes_of(*packages: str) -> dict[str, list[str]]:
    """Where each code is raised, by code: `server/errors.py:12`."""
    trees = {path: ast.parse(path.read_text()) for name in packages for path in sorted((TOP / name).rglob("*.py"))}
    kinds = _errors(trees.values())
    found: dict[str, list[str]] = {}
    for path, tree in trees.items():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            for code in _codes(call) if _name(call.func) in kinds else ():
                found.setdefault(code, []).append(f"{path.relative_to(TOP)}:{call.lineno}")
    return found


def _errors(trees: Collection[ast.Module]) -> set[str]:
    """The names of our error classes: those below the roots."""
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    known = set(ROOTS)
    while more := {c.name for c in classes if c.name not in known and {_name(base) for base in c.bases} & known}:
        known |= more
    return known


def _codes(call: ast.Call) -> Iterator[str]:
    if call.args:
        for node in ast.walk(call.args[0]):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                yield node.value


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
