"""What the programs and their tests import is declared: an installation from pyproject.toml has all of it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

TOP = Path(__file__).parents[3]
OURS = {"crdt", "server", "compute", "tests"}


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def declared() -> set[str]:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return {normal(found[0]) for line in lines if (found := re.match(r"[\w.-]+", line))}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_import_is_declared() -> None:
    names = {name.partition(".")[0] for top in OURS for file in (TOP / top).rglob("*.py") for name in imported(file)}
    known, distributions = declared(), packages_distributions()
    foreign = names - OURS - set(sys.stdlib_module_names)
    undeclared = {name for name in foreign if not is_known(name, known, distributions)}
    assert undeclared == set()


def is_known(name: str, known: set[str], distributions: Mapping[str, list[str]]) -> bool:
    """The benchmarks' packages need not be installed: open3d is then known by open3d-cpu."""
    if name in distributions:
        return not known.isdisjoint(normal(found) for found in distributions[name])
    return any(one == normal(name) or one.startswith(f"{normal(name)}-") for one in known)
