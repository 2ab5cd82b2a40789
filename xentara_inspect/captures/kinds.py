"""What kind of capture a file is, told by how it begins."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Final

from xentara_inspect.captures.flows import CaptureError


class Kind(Enum):
    """A kind of capture that can be read, by what people call it."""

    FLOWS = "mitmproxy flows"
    HAR = "HAR"
    PACKETS = "packet captures (pcapng, pcap)"


_BEGINNINGS: Final[tuple[tuple[re.Pattern[bytes], Kind], ...]] = (
    (re.compile(rb"[0-9]{1,12}:"), Kind.FLOWS),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*\{"), Kind.HAR),
    (
        re.compile(rb"\x0a\x0d\x0d\x0a|\xa1\xb2[\xc3\x3c][\xd4\x4d]|[\xd4\x4d][\xc3\x3c]\xb2\xa1"),
        Kind.PACKETS,
    ),
)
_DATABASE: Final = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat2.html, section 1.3
_LOOKED_AT: Final = 4096


def kind_of(path: Path) -> Kind:
    """The kind of a file. Raises CaptureError where it is of none, or cannot be read."""
    try:
        start = _start(path)
    except OSError as error:
        raise CaptureError(f"{path}: {error.strerror or error}") from error
    for beginning, kind in _BEGINNINGS:
        if beginning.match(start):
            return kind
    if start.startswith(_DATABASE):
        raise CaptureError(f"{path}: a database: ask it with `-d`")
    what = "empty" if not start else "of no known kind"
    raise CaptureError(f"{path}: {what}; what can be read is {', '.join(kind.value for kind in Kind)}")


def is_capture(path: Path) -> bool:
    """Whether a file is anything but a database, or an empty one. Raises OSError."""
    start = _start(path)
    return bool(start) and not start.startswith(_DATABASE)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LOOKED_AT)
