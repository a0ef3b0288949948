"""The arrows of the layout: server → crdt ← compute, web/editor → web/core ← mobile_ar; no cycle anywhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
ALLOWED = {"crdt": {"crdt"}, "server": {"server", "crdt"}, "compute": {"compute", "crdt"}}
FOREIGN_TO_CRDT = {
    "starlette",
    "fastapi",
    "uvicorn",
    "sqlalchemy",
    "alembic",
    "redis",
    "aiosqlite",
    "asyncpg",
    "obstore",
}
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["']([^"']+)["']""")


def python_files(package: str) -> list[Path]:
    return sorted((TOP / package).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(TOP).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path) -> set[str]:
    """Absolute names that the file imports at run time, `from a import b` giving both a and a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_python_arrows(package: str) -> None:
    for path in python_files(package):
        tops = {name.split(".")[0] for name in imported_modules(path)}
        against = (tops & set(ALLOWED)) - ALLOWED[package]
        assert not against, f"{path.relative_to(TOP)} imports {sorted(against)}"


def test_crdt_knows_no_web_framework_database_or_bus() -> None:
    for path in python_files("crdt"):
        tops = {name.split(".")[0] for name in imported_modules(path)}
        assert not tops & FOREIGN_TO_CRDT, f"{path.relative_to(TOP)} imports {sorted(tops & FOREIGN_TO_CRDT)}"


def cycle_in(graph: dict[str, set[str]]) -> list[str] | None:
    """One cycle of a directed graph, or None (depth first, iterative)."""
    done: set[str] = set()
    for start in sorted(graph):
        stack, on_path = [(start, iter(sorted(graph[start])))], [start]
        if start in done:
            continue
        while stack:
            node, following = stack[-1]
            step = next((n for n in following if n not in done), None)
            if step is None:
                done.add(node)
                stack.pop()
                on_path.pop()
            elif step in on_path:
                return [*on_path[on_path.index(step) :], step]
            else:
                stack.append((step, iter(sorted(graph[step]))))
                on_path.append(step)
    return None


def test_python_has_no_import_cycle() -> None:
    modules = {module_name(path): path for package in ALLOWED for path in python_files(package)}
    graph = {
        name: {n for n in imported_modules(path) if n in modules and n != name and modules[n].name != "__init__.py"}
        for name, path in modules.items()
        if path.name != "__init__.py"
    }
    assert cycle_in(graph) is None


def typescript_files(*folders: str) -> list[Path]:
    return sorted(
        p for f in folders for ext in ("*.ts", "*.tsx") for p in (TOP / f).rglob(ext) if "node_modules" not in p.parts
    )


def typescript_target(path: Path, specifier: str) -> Path | None:
    """The file in this repository that an import means; None for packages."""
    specifier = specifier.split("?")[0]
    if specifier.startswith("@core/"):
        base = TOP / "web/core" / specifier.removeprefix("@core/")
    elif specifier.startswith("@editor/"):
        base = TOP / "web/editor" / specifier.removeprefix("@editor/")
    elif specifier.startswith("."):
        base = (path.parent / specifier).resolve()
    else:
        return None
    candidates = [base, base.with_name(base.name + ".ts"), base.with_name(base.name + ".tsx"), base / "index.ts"]
    return next((c for c in candidates if c.is_file()), None)


def typescript_graph(*folders: str) -> dict[Path, set[Path]]:
    return {
        path: {t for spec in IMPORT.findall(path.read_text()) if (t := typescript_target(path, spec)) and t != path}
        for path in typescript_files(*folders)
    }


def test_web_arrows() -> None:
    core, view, editor, ar = TOP / "web/core", TOP / "web/core/view", TOP / "web/editor", TOP / "mobile_ar"
    for path, targets in typescript_graph("web/core", "web/editor", "mobile_ar").items():
        for target in targets:
            arrow = f"{path.relative_to(TOP)} imports {target.relative_to(TOP)}"
            if path.is_relative_to(view):
                assert target.is_relative_to(core), arrow
            elif path.is_relative_to(core):
                assert target.is_relative_to(core), arrow
                assert not target.is_relative_to(view), arrow
            elif path.is_relative_to(ar):
                assert not target.is_relative_to(editor), arrow


def test_core_knows_neither_react_nor_three() -> None:
    for path in typescript_files("web/core"):
        packages = {spec.split("/")[0] for spec in IMPORT.findall(path.read_text())}
        assert not packages & {"react", "react-dom", "zustand", "radix-ui"}, path
        if not path.is_relative_to(TOP / "web/core/view"):
            assert not packages & {"three", "three-mesh-bvh"}, path


def test_web_has_no_import_cycle() -> None:
    type_only = re.compile(r"import type [^;]+;")
    graph: dict[str, set[str]] = {}
    for path in typescript_files("web/core", "web/editor", "mobile_ar"):
        text = type_only.sub("", path.read_text())
        targets = {typescript_target(path, spec) for spec in IMPORT.findall(text)}
        graph[str(path.relative_to(TOP))] = {
            str(t.relative_to(TOP)) for t in targets if t and t != path and t.suffix != ".json"
        }
    assert cycle_in({k: {t for t in v if t in graph} for k, v in graph.items()}) is None
