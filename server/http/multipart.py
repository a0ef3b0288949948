"""A multipart body straight into the blob store: files are hashed as they stream, form fields kept as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from server.blobs import BlobStore, BlobWriter, StoredBlob
from server.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MAX_FIELD = 1024 * 1024
_MAX_PARTS = 1000
HEAD_BYTES = 512


@dataclass(frozen=True)
class UploadedFile:
    """name: as the client said, with its folders but without a leading path of its own machine."""

    name: str
    blob: StoredBlob
    head: bytes = b""
    """Its first bytes."""


@dataclass
class Upload:
    files: list[UploadedFile] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class _Part:
    """The part that is being read. writer: of a file; text: of a field."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    filename: str | None = None
    writer: BlobWriter | None = None
    head: bytes = b""
    text: bytearray = field(default_factory=bytearray)


async def read_upload(request: Request, blobs: BlobStore, limit: int) -> Upload:
    """Read all parts; `upload_too_large` above `limit` bytes of body, `bad_multipart` for bytes that are none."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    reader = _Reader(_boundary(request), blobs, limit)
    received = 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            if received > limit:
                raise _too_large(limit)
            await reader.feed(chunk)
        return reader.finish()
    except (MultipartParseError, ClientDisconnect) as error:
        raise Malformed("bad_multipart", f"the upload cannot be read: {error or 'it ended early'}") from error


class _Reader:
    """The parser calls back synchronously, storing is asynchronous: callbacks only note events, feed() acts on them."""

    def __init__(self, boundary: bytes, blobs: BlobStore, limit: int) -> None:
        self._blobs = blobs
        self._limit = limit
        self._upload = Upload()
        self._part = _Part()
        self._header = (bytearray(), bytearray())
        self._events: list[tuple[str, bytes]] = []
        self._ended = False
        self._parser = MultipartParser(boundary, self._callbacks())

    async def feed(self, chunk: bytes) -> None:
        self._parser.write(chunk)
        events, self._events = self._events, []
        for event, data in events:
            await self._act(event, data)

    def finish(self) -> Upload:
        self._parser.finalize()
        if not self._ended:
            raise MultipartParseError("it ends before its last boundary")
        return self._upload

    def _callbacks(self) -> MultipartCallbacks:
        def note(event: str) -> Callable[..., None]:
            return lambda data=b"", start=0, end=0: self._events.append((event, data[start:end]))

        names = (
            "part_begin",
            "part_data",
            "part_end",
            "header_field",
            "header_value",
            "header_end",
            "headers_finished",
            "end",
        )
        return cast("MultipartCallbacks", {f"on_{name}": note(name) for name in names})

    async def _act(self, event: str, data: bytes) -> None:
        if event == "part_data":
            await self._data(data)
        elif event == "part_begin":
            self._part = _Part()
        elif event == "header_field":
            self._header[0].extend(data)
        elif event == "header_value":
            self._header[1].extend(data)
        elif event == "header_end":
            self._part.headers[bytes(self._header[0]).lower()] = bytes(self._header[1])
            self._header = (bytearray(), bytearray())
        elif event == "headers_finished":
            self._begin()
        elif event == "part_end":
            await self._end_part()
        else:
            self._ended = True

    def _begin(self) -> None:
        _, options = parse_options_header(self._part.headers.get(b"content-disposition", b""))
        self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            self._part.filename = _file_name(options[b"filename"].decode("utf-8", "replace"))
            self._part.writer = self._blobs.writer(self._limit)
        if len(self._upload.files) + len(self._upload.fields) >= _MAX_PARTS:
            raise Malformed("too_many_parts", f"the upload has more than {_MAX_PARTS} parts", "send one zip")

    async def _data(self, data: bytes) -> None:
        if self._part.writer is not None:
            if len(self._part.head) < HEAD_BYTES:
                self._part.head = (self._part.head + data)[:HEAD_BYTES]
            await self._part.writer.write(data)
            return
        self._part.text.extend(data)
        if len(self._part.text) > _MAX_FIELD:
            raise Malformed(
                "field_too_large", f"the form field {self._part.name[:80]!r} has more than {_MAX_FIELD} bytes"
            )

    async def _end_part(self) -> None:
        part = self._part
        if part.writer is None:
            self._upload.fields[part.name] = part.text.decode("utf-8", "replace")
        else:
            self._upload.files.append(UploadedFile(part.filename or "file", await part.writer.finish(), part.head))


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise Malformed(
            "bad_multipart", f"the content type is {kind.decode('latin-1')!r}", "multipart/form-data with a boundary"
        )
    return options[b"boundary"]


def _file_name(name: str) -> str:
    """The name to show and to resolve references by; no file is ever opened by it. It loses its root and dots."""
    clean = "".join(c for c in name.replace("\\", "/") if c.isprintable())
    parts = [part for part in clean.split("/") if part not in ("", ".", "..") and not part.endswith(":")]
    return "/".join(parts)[-512:] or "file"


def _too_large(limit: int) -> TooLarge:
    return TooLarge("upload_too_large", f"the upload has more than {limit} bytes", "MAQUETTE_MAX_UPLOAD sets the limit")
