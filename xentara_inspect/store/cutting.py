"""Frames that are not kept whole: too large, or the death of a process that was to write them."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from xentara_inspect.frames import Frame

HEAD: Final = 64 << 10
"""Bytes of such a frame that are kept."""

MOST: Final = 512 << 20
"""Bytes of the largest frame that can be kept whole: SQLite takes a little less than 1 GB in a row."""


class Cut(NamedTuple):
    """What is kept of the rest. length, sha256: of the payload as it was. why: in words."""

    length: int
    sha256: str
    why: str


def cut(frame: Frame, why: str) -> tuple[Frame, Cut]:
    """The beginning of a frame, and what is kept of the rest. Reads all of it: 0.5 to 2 seconds a GB."""
    digest = hashlib.sha256(frame.payload).hexdigest()
    return frame._replace(payload=frame.payload[:HEAD]), Cut(len(frame.payload), digest, why)


def too_large(size: int, most: int) -> str | None:
    """Why a frame of so many bytes is not kept whole; None where it is."""
    return f"larger than {most} bytes" if size > most else None
