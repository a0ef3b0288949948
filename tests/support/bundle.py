"""Scripts of the tests bundled with the web client's own packages, for pages that are not the product."""

from __future__ import annotations

import subprocess
from pathlib import Path

WEB = Path(__file__).parents[2] / "web"


def bundle(source: Path, folder: Path) -> str:
    """`source` (an ES module) and what it imports, as one classic script."""
    out = folder / f"{source.stem}.js"
    entry = WEB / f".{source.name}"  # beside node_modules, so that packages are found
    entry.write_text(source.read_text())
    try:
        command = [WEB / "node_modules/.bin/rolldown", entry, "--file", out, "--format", "iife", "--minify"]
        subprocess.run([str(part) for part in command], cwd=WEB, check=True, capture_output=True)
    finally:
        entry.unlink()
    return out.read_text()
