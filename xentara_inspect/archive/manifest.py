"""The manifest of a part: that it is there as a whole, what is in it, and which part came before."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from xentara_inspect.archive.errors import ArchiveError
from xentara_inspect.archive.layout import FRAMES, MANIFEST, STATE, Part
from xentara_inspect.archive.place import Place

VERSION: Final = 1

_NUMBER: Final = (int,)
_TEXT: Final = (str,)
_NOTHING: Final = type(None)
_FILE_KEYS: Final[dict[str, tuple[type, ...]]] = {
    "name": _TEXT,
    "bytes": _NUMBER,
    "sha256": _TEXT,
    "rows": _NUMBER,
}
_KEYS: Final[dict[str, tuple[type, ...]]] = {
    "version": _NUMBER,
    "schema": _NUMBER,
    "site": _TEXT,
    "recorder": _TEXT,
    "chain": _TEXT,
    "number": _NUMBER,
    "first": _NUMBER,
    "last": _NUMBER,
    "date": _TEXT,
    "begins": (int, _NOTHING),
    "ends": (int, _NOTHING),
    "sessions": _NUMBER,
    "redacted": _NUMBER,
    "carried": (bool, int),  # SQLite has no truth values
    "follows": (int, _NOTHING),
    "previous": (str, _NOTHING),
    "files": (list,),
    "sha256": _TEXT,
}
"""Keys, and what their values can be: anybody can sign anything, and the rest of the code relies on it."""
_TIMES: Final = ("begins", "ends")
"""Numbers that can be negative."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of a part. rows: frames, or rows of other tables."""

    name: str
    bytes: int
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a part has. Written last: a part without it is not there.

    schema: of the database. begins, ends: times of its frames in ns since 1970 UTC, None where it has none.
    redacted: frames in which secrets were blanked. carried: whether it says what is needed of the parts
    before to decode it alone. follows: number of the part before, None for the beginning of a recording.
    previous: SHA-256 of the manifest of that part, None where it is not in the archive.
    """

    schema: int
    part: Part
    begins: int | None
    ends: int | None
    sessions: int
    redacted: int
    carried: bool
    follows: int | None
    previous: str | None
    files: tuple[FileEntry, ...]

    @property
    def path(self) -> str:
        """Its path below the archive."""
        return self.part.stem + MANIFEST

    @property
    def frames(self) -> FileEntry:
        """The file of its frames."""
        return self.files[0]

    @property
    def state(self) -> FileEntry:
        """The file of all else that was seen."""
        return self.files[1]

    @property
    def has_its_files(self) -> bool:
        """Whether it names the files that every part has, and no others."""
        stem = self.part.stem.rpartition("/")[2]
        return [entry.name for entry in self.files] == [stem + FRAMES, stem + STATE]

    def is_between(self, since: int | None, until: int | None) -> bool:
        """Whether it has frames of that time, in ns since 1970 UTC, end exclusive; None for no bound."""
        if since is None and until is None:
            return True
        if self.begins is None or self.ends is None:
            return False
        return (since is None or self.ends >= since) and (until is None or self.begins < until)

    def to_bytes(self) -> bytes:
        """As it is stored: JSON, with the SHA-256 of the rest at its end, so that no byte changes unseen."""
        rest = dataclasses.asdict(self)
        schema, part = rest.pop("schema"), self.part._asdict()
        del rest["part"]
        content = {"version": VERSION, "schema": schema, **part, **rest}
        return _bytes(content | {"sha256": hashlib.sha256(_bytes(content)).hexdigest()})

    @property
    def sha256(self) -> str:
        """What the manifest of the next part says of this one."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


def load_manifest(place: Place, path: str) -> Manifest:
    """The manifest at a path. Raises ArchiveError, also where a byte of it is not as it was written."""
    stored = place.read(path)
    try:
        manifest = _manifest(json.loads(stored))
        is_whole = manifest.to_bytes() == stored and manifest.path == path and manifest.has_its_files
    except (ValueError, RecursionError):
        is_whole = False
    if not is_whole:
        raise ArchiveError(f"{path}: not the manifest that was written")
    return manifest


def _manifest(content: Any) -> Manifest:
    """A manifest out of JSON. Raises ValueError where a key is missing, or has no such value."""
    if not _has(content, _KEYS) or not all(_has(entry, _FILE_KEYS) for entry in content["files"]):
        raise ValueError("no manifest")
    del content["version"], content["sha256"]
    part = Part._make(content.pop(field) for field in Part._fields)
    files = tuple(FileEntry(**entry) for entry in content.pop("files"))
    return Manifest(**content, part=part, files=files)


def _has(entry: Any, keys: Mapping[str, tuple[type, ...]]) -> bool:
    """Whether something has these keys alone, each with a value that it can have."""
    return (
        isinstance(entry, dict)
        and entry.keys() == keys.keys()
        and all(type(entry[key]) in types for key, types in keys.items())
        and all(value >= 0 for key, value in entry.items() if type(value) is int and key not in _TIMES)
    )


def _bytes(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()
