"""The shared documents: records in root maps, transactions by origin, and the one way to write (SPEC D, U1).

    scene = SceneDocument()
    with scene.transact() as step:
        scene.set("nodes", node, "name", "Chair")

A Document belongs to one thread. Whoever holds `.doc` may read it; writing goes through here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from pycrdt import Doc, Map
from pydantic import BaseModel

from crdt import schema
from crdt.canonical import dumps, plain
from crdt.errors import InvalidEdit, UnknownRecord, UpdateRefused
from crdt.ids import job_id_maker, new_client_id, new_id
from crdt.node_index import NodeIndex
from crdt.recorder import Recorder
from crdt.steps import ABSENT, Path, Step
from crdt.tree import Tree
from crdt.values import (
    check,
    check_entry,
    check_field,
    containers,
    field_adapters,
    id_adapter,
    read_model,
    read_value,
    value_adapter,
)

__all__ = ["Document", "SceneDocument", "SessionDocument", "job_id_maker", "new_id"]

QUIET_ORIGINS = frozenset({"remote", "system"})
"""Origins whose transactions yield no step."""


class Document:
    """A Yjs document with our roots. Use SceneDocument or SessionDocument."""

    ROOTS: ClassVar[tuple[str, ...]] = ()
    RECORDS: ClassVar[Mapping[str, type[schema.Record]]] = {}
    VALUES: ClassVar[Mapping[str, type[schema.Value]]] = {}

    def __init__(self, doc: Doc[Any] | None = None) -> None:
        self.doc: Doc[Any] = Doc(client_id=new_client_id()) if doc is None else doc
        # Made when they are asked for: each costs 1 KB, and a server's room that only passes updates on needs none.
        self._maps: dict[str, Map[Any]] = {}
        self._step: Step | None = None

    # -- transactions

    @contextmanager
    def transact(self, origin: str = "local", *, label: str = "", merge_key: str | None = None) -> Iterator[Step]:
        """One transaction; the step is filled when it ends. Inside another one, joins it.

        Raises InvalidEdit("schema_too_new") where the document is of a later schema (D10).
        """
        if self._step is not None:
            yield self._step
            return
        if origin != "remote":
            self._refuse_later_schema()
        step = self._step = Step(label=label, merge_key=merge_key)
        recorder = None if origin in QUIET_ORIGINS else Recorder({root: self.map(root) for root in self.ROOTS})
        try:
            with self.doc.transaction(origin):
                yield step
        finally:
            self._step = None
            if recorder is not None:
                recorder.stop()
                step.changes = self._changes(recorder)

    def _changes(self, recorder: Recorder) -> list[dict[str, Any]]:
        return recorder.changes()

    def _refuse_later_schema(self) -> None:
        if self.meta().schema_ > schema.SCHEMA_VERSION:
            raise InvalidEdit(
                "schema_too_new",
                f"The document has schema {self.meta().schema_}, this program knows {schema.SCHEMA_VERSION}.",
                "Update the program; until then the document can only be read.",
            )

    # -- reading

    def map(self, root: str) -> Map[Any]:
        """A root map of this kind of document."""
        found = self._maps.get(root)
        if found is None:
            if root not in self.ROOTS:
                raise InvalidEdit("unknown_root", f"There is no root {root!r}.", f"One of {', '.join(self.ROOTS)}.")
            found = self._maps[root] = self.doc.get(root, type=Map)
        return found

    def record(self, root: str, record_id: str) -> Map[Any] | None:
        """The Y.Map of a record, or None."""
        found = self.map(root).get(record_id)
        return found if isinstance(found, Map) else None

    def need(self, root: str, record_id: str) -> Map[Any]:
        """The Y.Map of a record; raises UnknownRecord."""
        found = self.record(root, record_id)
        if found is None:
            raise UnknownRecord("unknown_record", f"There is no {root}/{record_id}.")
        return found

    def ids(self, root: str) -> list[str]:
        """All keys of a root map, trashed records included, sorted."""
        return sorted(self.map(root).keys())

    def read(self, root: str, record_id: str) -> Any:
        """The record or value as its model; None where there is none (or an atomic value is ill-typed)."""
        if root in self.VALUES:
            value = self.value_at((root, record_id))
            return None if value is ABSENT else read_value(self.VALUES[root], value)
        found = self.record(root, record_id)
        return None if found is None else read_model(self.RECORDS[root], found.to_py() or {})

    def meta(self) -> schema.Meta:
        return read_model(schema.Meta, self.map("meta").to_py() or {})

    def value_at(self, path: Path) -> Any:
        """The plain value under a path (root, id, key, …), or ABSENT."""
        current: Any = self.map(path[0])
        for key in path[1:]:
            if not isinstance(current, Map) or key not in current:
                return ABSENT
            current = current[key]
        return plain(current.to_py() if isinstance(current, Map) else current)

    # -- writing

    def create(self, root: str, record_id: str, values: Mapping[str, Any]) -> str:
        """Writes a record with every container of its type, once (D3). Absent and None values are left out."""
        model = self.RECORDS[root]
        check(id_adapter(), record_id, f"{root} id")
        if record_id in self.map(root):
            raise InvalidEdit("id_taken", f"{root}/{record_id} exists already.", "Ids are random and used once.")
        content = {key: _checked(model, key, value) for key, value in values.items() if value is not None}
        for container in containers(model):
            content.setdefault(container, {})
        with self.transact():
            self.map(root)[record_id] = _prelim(model, content)
            self._touched(root, record_id)
        return record_id

    def put(self, root: str, key: str, value: BaseModel | Mapping[str, Any], *, replace: bool = False) -> str:
        """Writes an atomic entry of a root map (D4)."""
        if key in self.map(root) and not replace:
            raise InvalidEdit("id_taken", f"{root}/{key} exists already.", "It is never changed once written.")
        checked = check(value_adapter(self.VALUES[root]), value, f"{root}/{key}")
        with self.transact():
            self.map(root)[key] = checked
        return key

    def set(self, root: str, record_id: str, key: str, value: Any) -> None:
        """Writes one checked value of a record."""
        record = self.need(root, record_id)
        checked = check_field(self.RECORDS[root], key, value)
        with self.transact():
            record[key] = checked
            self._touched(root, record_id)

    def unset(self, root: str, record_id: str, key: str) -> None:
        """Removes a value, so that it reads as its default; a container stays (D5)."""
        record = self.need(root, record_id)
        if key in containers(self.RECORDS[root]):
            raise InvalidEdit("is_container", f"{root}.{key} is a map of its own and is never removed.")
        with self.transact():
            if key in record:
                del record[key]
            self._touched(root, record_id)

    def container(self, root: str, record_id: str, name: str) -> Map[Any]:
        """The nested map of a record; raises InvalidEdit("no_container") where a foreign writer left it out."""
        found = self.need(root, record_id).get(name)
        if not isinstance(found, Map):
            raise InvalidEdit("no_container", f"{root}/{record_id} was written without its {name}.")
        return found

    def set_entry(self, root: str, record_id: str, container: str, key: str, value: Any) -> None:
        """Writes one checked entry of a container."""
        entries = self.container(root, record_id, container)
        checked = check_entry(self.RECORDS[root], container, key, value)
        with self.transact():
            entries[key] = checked
            self._touched(root, record_id)

    def unset_entry(self, root: str, record_id: str, container: str, key: str) -> None:
        entries = self.container(root, record_id, container)
        with self.transact():
            if key in entries:
                del entries[key]
            self._touched(root, record_id)

    def write_path(self, path: Path, value: Any) -> None:
        """Writes or removes (ABSENT) a value as it stood before: undo's pen. The map that holds it must exist."""
        holder: Any = self.map(path[0])
        for key in path[1:-1]:
            holder = holder[key]
        with self.transact():
            if value is not ABSENT:
                holder[path[-1]] = value
            elif path[-1] in holder:
                del holder[path[-1]]
            if len(path) > 2:
                self._touched(path[0], path[1])

    def set_meta(self, key: str, value: Any) -> None:
        checked = check(field_adapters(schema.Meta)[key], value, f"meta.{key}")
        with self.transact():
            self.map("meta")[key] = checked

    def _touched(self, root: str, record_id: str) -> None:
        """A record was written inside the open transaction."""

    # -- replicas

    def update(self, since: bytes | None = None) -> bytes:
        """The state as one Yjs update, or what is missing at the state vector `since` (all deletes included)."""
        return self.doc.get_update(since)

    def state_vector(self) -> bytes:
        return self.doc.get_state()

    def apply(self, update: bytes, origin: str = "remote") -> None:
        """Merges another replica's update. Raises UpdateRefused where the bytes are none.

        Trusts its source: the server's room judges updates before they come here.
        """
        try:
            with self.doc.transaction(origin):
                self.doc.apply_update(update)
        except (ValueError, RuntimeError) as error:
            raise UpdateRefused("bad_update", f"The update cannot be read: {error}") from error

    def fork(self) -> Self:
        """A detached copy under a client id of its own: `fork.update(before)` is what was done in it."""
        copy = type(self)()
        copy.apply(self.update())
        return copy

    def content(self) -> dict[str, Any]:
        """The non-empty root maps as plain values."""
        with self.doc.transaction():  # one for all reads: pycrdt opens one for each otherwise
            roots = {root: self.map(root).to_py() for root in self.ROOTS}
        return {root: plain(value) for root, value in roots.items() if value}

    def canonical(self) -> str:
        """Canonical JSON of the content (D8)."""
        return dumps(self.content())

    def hash(self) -> str:
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def delete_set(self) -> dict[int, list[tuple[int, int]]]:
        """Client → merged, ascending (clock, length) ranges of what was deleted (D9)."""
        # An update against our own state vector holds no structs, only the delete set.
        return _delete_set(self.doc.get_update(self.doc.get_state()))


class SceneDocument(Document):
    """What is versioned: nodes, meshes, materials and the rest of the scene."""

    ROOTS = schema.SCENE_ROOTS
    RECORDS = schema.SCENE_RECORDS
    VALUES = schema.SCENE_VALUES

    def __init__(self, doc: Doc[Any] | None = None) -> None:
        super().__init__(doc)
        self._index: NodeIndex | None = None

    @property
    def index(self) -> NodeIndex:
        """Edges and trash marks of all nodes; made when first asked for."""
        if self._index is None:
            self._index = NodeIndex(self.map("nodes"))
        return self._index

    def tree(self) -> Tree:
        """The effective tree (crdt.tree)."""
        return self.index.tree()

    def _touched(self, root: str, record_id: str) -> None:
        if root == "nodes" and self._index is not None:
            self._index.touch(record_id)

    def _changes(self, recorder: Recorder) -> list[dict[str, Any]]:
        return recorder.changes(self.index if recorder.moved else None)


class SessionDocument(Document):
    """The conversation around a project: jobs and chat."""

    ROOTS = schema.SESSION_ROOTS
    RECORDS = schema.SESSION_RECORDS
    VALUES = schema.SESSION_VALUES


def _checked(model: type[BaseModel], key: str, value: Any) -> Any:
    if key not in containers(model):
        return check_field(model, key, value)
    if not isinstance(value, Mapping):
        raise InvalidEdit("bad_value", f"{model.__name__.lower()}.{key} is an object, found {value!r}.")
    return {entry: check_entry(model, key, entry, item) for entry, item in value.items()}


def _prelim(model: type[BaseModel], content: Mapping[str, Any]) -> Map[Any]:
    nested = containers(model)
    return Map({key: Map(value) if key in nested else value for key, value in content.items()})


def _delete_set(data: bytes) -> dict[int, list[tuple[int, int]]]:
    numbers = _var_uints(data)
    if next(numbers):
        raise AssertionError("an update against the own state vector holds structs")
    result: dict[int, list[tuple[int, int]]] = {}
    for _ in range(next(numbers)):
        client, count = next(numbers), next(numbers)
        result[client] = _merged(sorted((next(numbers), next(numbers)) for _ in range(count)))
    return dict(sorted(result.items()))


def _var_uints(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for clock, length in ranges:
        if merged and merged[-1][0] + merged[-1][1] >= clock:
            start = merged[-1][0]
            merged[-1] = (start, max(sum(merged[-1]), clock + length) - start)
        else:
            merged.append((clock, length))
    return merged
