"""The shared folder of real models, which a plain clone does not have."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "assets"


def asset(name: str) -> Path:
    """The path of a real model; skips the test, saying so, where the folder is absent."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the model {name} is not beside this checkout")
    return path
