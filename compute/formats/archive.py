"""Zip archives, unpacked in memory under limits of count, ratio and total; names that escape are refused."""

from __future__ import annotations

import io
import zipfile
import zlib

from compute.formats.files import NamedFile, ReadOptions, escapes, refuse

_CHUNK = 1 << 20
_FREE = 1 << 20
"""Bytes of an entry to which the ratio does not apply: small texts may pack very well."""


def unpack(data: bytes, name: str, options: ReadOptions) -> list[NamedFile]:
    """Every file of an archive. Sizes are counted while unpacking: what the directory says is not believed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            _check_directory(entries, name, options)
            left = options.max_unpacked
            files = []
            for entry in entries:
                content = _entry(archive, entry, left, options)
                left -= len(content)
                files.append(NamedFile(entry.filename, content))
            return files
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        return refuse("invalid_zip", f"“{name}” cannot be unpacked: {error}.", "The archive is damaged.")


def _check_directory(entries: list[zipfile.ZipInfo], name: str, options: ReadOptions) -> None:
    if len(entries) > options.max_files:
        refuse("too_many_files", f"“{name}” holds {len(entries):,} files; at most {options.max_files:,} are read.")
    for entry in entries:
        if escapes(entry.filename):
            refuse("escaping_path", f"“{name}” holds a file named “{entry.filename[:80]}”, outside of the archive.")
        if entry.flag_bits & 1:
            refuse("encrypted_zip", f"“{entry.filename[:80]}” in “{name}” is encrypted.", "Unpack it first.")
    _check_sum(sum(e.file_size for e in entries), options)


def _check_sum(total: int, options: ReadOptions) -> None:
    if total > options.max_unpacked:
        refuse("zip_bomb", f"The archive unpacks to {total:,} bytes; at most {options.max_unpacked:,} are read.")


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, options: ReadOptions) -> bytes:
    allowed = max(_FREE, entry.compress_size * options.max_ratio)
    parts, size = [], 0
    with archive.open(entry) as stream:
        while part := stream.read(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > allowed:
                refuse(
                    "zip_bomb",
                    f"“{entry.filename[:80]}” unpacks to more than {options.max_ratio} times its packed size.",
                )
            if size > left:
                _check_sum(options.max_unpacked + 1, options)
    return b"".join(parts)
