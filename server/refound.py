"""A scene founded anew: the same values in a fresh document, under one client id, without history and trash."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pycrdt import Map

from crdt.canonical import plain
from crdt.document import SceneDocument


def refound(state: bytes, generation: int, *, with_trash: bool = False) -> bytes:
    """One update that founds the scene of `state` as of this generation. Slow for large scenes: use a thread.

    Left out, unless with_trash: trashed records, and nodes below a trashed one. All else, unknown keys included, is
    copied by value.
    """
    source, target = SceneDocument(), SceneDocument()
    source.apply(state)
    hidden: Collection[str] = () if with_trash else source.tree().hidden
    with target.doc.transaction():
        for root in source.ROOTS:
            entries, copies = source.map(root), target.map(root)
            for key in sorted(entries.keys()):
                if (root == "nodes" and key in hidden) or (_is_trashed(entries[key]) and not with_trash):
                    continue
                copies[key] = _copy(entries[key])
        target.map("meta")["generation"] = generation
    return target.update()


def _is_trashed(value: Any) -> bool:
    return isinstance(value, Map) and value.get("trashed") is not None


def _copy(value: Any) -> Any:
    """A value to be written: nested maps stay maps, everything else is atomic."""
    if isinstance(value, Map):
        return Map({key: _copy(item) for key, item in value.items()})
    return plain(value)
