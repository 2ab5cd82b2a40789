"""The manifest of a part: that it is there as a whole, what is in it, and which part came before."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from xentara_inspect.archive.errors import ArchiveError
from xentara_inspect.archive.layout import MANIFEST, Part
from xentara_inspect.archive.place import Place

VERSION: Final = 1


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
        return _text(content | {"sha256": hashlib.sha256(_text(content)).hexdigest()})

    @property
    def sha256(self) -> str:
        """What the manifest of the next part says of this one."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


def load_manifest(place: Place, path: str) -> Manifest:
    """The manifest at a path. Raises ArchiveError, also where a byte of it is not as it was written."""
    stored = place.read(path)
    try:
        content = json.loads(stored)
        del content["version"], content["sha256"]
        part = Part._make(content.pop(field) for field in Part._fields)
        files = tuple(FileEntry(**entry) for entry in content.pop("files"))
        manifest = Manifest(**content, part=part, files=files)
        is_whole = manifest.to_bytes() == stored and manifest.path == path
    except (ValueError, TypeError, KeyError, AttributeError):
        is_whole = False
    if not is_whole:
        raise ArchiveError(f"{path}: not the manifest that was written")
    return manifest


def _text(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()
