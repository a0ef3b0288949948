"""Writes the cases that Python and TypeScript must both pass: `python -m tests.vectors.generate [--check]`.

Each `*_cases.py` says what its file holds; `tests/crdt/test_vectors.py` holds what was worked out by hand against it.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.vectors import (
    canonical_cases,
    move_cases,
    ordering_cases,
    split_cases,
    tree_cases,
    undo_cases,
    validation_cases,
)

FOLDER = Path(__file__).parent
SOURCES = {
    "canonical": canonical_cases.cases,
    "moves": move_cases.cases,
    "ordering": ordering_cases.cases,
    "split": split_cases.cases,
    "tree": tree_cases.cases,
    "undo": undo_cases.cases,
    "validation": validation_cases.cases,
}


def text(cases: Any) -> str:
    """Readable and stable: one line for each item of the outermost lists."""
    if isinstance(cases, list):
        return "[\n" + ",\n".join(map(_line, cases)) + "\n]\n"
    parts = [
        f"{json.dumps(key)}: {text(value).strip() if isinstance(value, list) else _line(value)}"
        for key, value in cases.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def main(arguments: list[str]) -> int:
    stale = []
    for name, cases in SOURCES.items():
        path, content = FOLDER / f"{name}.json", text(cases())
        if "--check" not in arguments:
            path.write_text(content)
        elif not path.exists() or path.read_text() != content:
            stale.append(path.name)
    if stale:
        print(f"stale: {', '.join(stale)}; run python -m tests.vectors.generate", file=sys.stderr)
    return len(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
