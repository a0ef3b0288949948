"""The name of a document: `{project}/scene`, `{project}/scene@{branch}` or `{project}/session`."""

import re
from dataclasses import dataclass, field
from typing import Literal, Self

from crdt.document import Document, SceneDocument, SessionDocument
from server.errors import NotFound
from server.permissions import READS, WRITES, Action

_NAME = re.compile(r"([A-Za-z0-9_-]{1,64})/(?:(session)|scene(?:@([A-Za-z0-9_-]{1,64}))?)")


@dataclass(frozen=True, slots=True)
class Branch:
    """name: of the branch of a scene, "" for the main one. key: all of it, as in the addresses."""

    project: str
    kind: Literal["scene", "session"]
    name: str = ""
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Asked for with every update, so put together once.
        key = f"{self.project}/{self.kind}" + (f"@{self.name}" if self.name else "")
        object.__setattr__(self, "key", key)

    @classmethod
    def parse(cls, key: str) -> Self:
        """NotFound where `key` names no document."""
        found = _NAME.fullmatch(key)
        if found is None:
            raise NotFound("no_such_document", f"there is no document {key[:80]!r}", "scene, scene@{branch} or session")
        return cls(found[1], "session" if found[2] else "scene", found[3] or "")

    def __str__(self) -> str:
        return self.key

    @property
    def document(self) -> type[Document]:
        return SceneDocument if self.kind == "scene" else SessionDocument

    @property
    def reads(self) -> Action:
        return READS[self.kind]

    @property
    def writes(self) -> Action:
        return WRITES[self.kind]
