"""Whether an archive is what was put into it: every byte, and every part of a recording."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final, NamedTuple

import pyarrow as pa
from pyarrow import parquet

from xentara_inspect.archive.content import check
from xentara_inspect.archive.errors import ArchiveError
from xentara_inspect.archive.layout import FRAMES, Part
from xentara_inspect.archive.manifest import FileEntry, Manifest
from xentara_inspect.archive.parts import Parts
from xentara_inspect.archive.place import Place

_CHUNK: Final = 1 << 20


class Verified(NamedTuple):
    """A part, and what is wrong with it, a clear line each."""

    part: Part
    manifest: Manifest | None
    faults: list[str]


def verify(place: Place, parts: Parts) -> Iterator[Verified]:
    """Each part of an archive, recording after recording. Raises ArchiveError where it cannot be reached."""
    for chain in parts.chains.values():
        before: Manifest | None = None
        for part in chain:
            try:
                manifest = parts.manifest(part)
            except ArchiveError as error:
                yield Verified(part, None, [str(error)])
                before = None
                continue
            altered = [*faults_of(place, manifest)] or [*_unreadable(place, manifest)]
            yield Verified(part, manifest, [*_order(manifest, before, part is chain[0]), *altered])
            before = manifest


def _order(manifest: Manifest, before: Manifest | None, is_first: bool) -> Iterator[str]:
    """What is wrong with the place of a part behind the one before it."""
    path = manifest.path
    expected = before.part.number if before is not None else manifest.follows
    if (is_first and manifest.previous is not None) or manifest.follows != expected:
        yield f"{path}: part {manifest.follows} before it is missing"
    elif before is not None and manifest.previous != before.sha256:
        yield f"{path}: follows another part than {before.path}"


def _unreadable(place: Place, manifest: Manifest) -> Iterator[str]:
    """Why nobody can read what is in the files of a part, though it is what was put there."""
    try:
        check(place, manifest)
    except ArchiveError as error:
        yield str(error)


def faults_of(place: Place, manifest: Manifest) -> Iterator[str]:
    """What is wrong with the files of a part, a clear line each."""
    folder = manifest.path.rpartition("/")[0]
    for entry in manifest.files:
        path = f"{folder}/{entry.name}"
        try:
            if not place.is_there(path):
                yield f"{path}: is missing"
            elif (fault := _content(place, path, entry)) is not None:
                yield f"{path}: {fault}"
        except (ArchiveError, pa.ArrowException) as error:
            yield f"{path}: cannot be read ({error})"


def _content(place: Place, path: str, entry: FileEntry) -> str | None:
    digest = hashlib.sha256()
    with place.reading(path) as file:
        size = file.size()
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
        if size != entry.bytes:
            return f"has {size} bytes instead of {entry.bytes}"
        if digest.hexdigest() != entry.sha256:
            return "its bytes are not those that were written"
        if path.endswith(FRAMES):
            file.seek(0)
            rows = parquet.read_metadata(file).num_rows
            if rows != entry.rows:
                return f"has {rows} frames instead of {entry.rows}"
    return None
