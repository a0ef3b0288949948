"""Effective scenes as JSON (docs/api.md)."""

from __future__ import annotations

import gzip
import json

from crdt.document import SceneDocument
from crdt.effective import effective_scene

_LEVEL = 5


def scene_json(project: str, seq: int, state: bytes) -> bytes:
    """Gzipped JSON of the effective scene of a document that is given as one update. Slow for large ones."""
    scene = SceneDocument()
    scene.apply(state)
    answer = {"project": project, "seq": seq, **effective_scene(scene)}
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), _LEVEL, mtime=0)
