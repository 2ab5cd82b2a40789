"""Where the parts of an archive stand: names follow from content, so that a retry replaces and never doubles.

    frames/v1/site=S/recorder=R/date=D/CHAIN-FIRST-LAST.parquet           the frames
                                       CHAIN-FIRST-LAST.state.ndjson.zst  all else that was seen
                                       CHAIN-FIRST-LAST.json              the manifest, written last

D: the day (UTC) of the first frame. CHAIN: the UUID of the recording, and the number of the file in it.
FIRST, LAST: ids of frames; a part begins where the one before it ended.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

ROOT: Final = "frames/v1"

FRAMES: Final = ".parquet"
STATE: Final = ".state.ndjson.zst"
MANIFEST: Final = ".json"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_STEM: Final = re.compile(
    rf"{ROOT}/site=(?P<site>[^/]+)/recorder=(?P<recorder>[^/]+)/date=(?P<date>\d{{4}}-\d\d-\d\d)"
    r"/(?P<chain>[0-9a-f-]{36})\.(?P<number>\d{6,})-(?P<first>\d{12,})-(?P<last>\d{12,})"
)


class Part(NamedTuple):
    """A file of a recording in an archive.

    chain: UUID of the recording. number: of the file in it, from 1. first, last: ids of its frames; it has
    none where last < first. date: ISO 8601.
    """

    site: str
    recorder: str
    chain: str
    number: int
    first: int
    last: int
    date: str

    @property
    def stem(self) -> str:
        """What the paths of its files begin with, below the archive."""
        folder = f"{ROOT}/site={self.site}/recorder={self.recorder}/date={self.date}"
        return f"{folder}/{self.chain}.{self.number:06}-{self.first:012}-{self.last:012}"


def is_name(text: str) -> bool:
    """Whether something can be the name of a site or recorder: it stands in paths and in URLs."""
    return _NAME.fullmatch(text) is not None


def part_of(path: str) -> tuple[Part, str] | None:
    """The part that a path below the archive belongs to, and how the path ends; None for no such path."""
    match = _STEM.match(path)
    if match is None:
        return None
    found = match.groupdict()
    part = Part(
        found["site"], found["recorder"], found["chain"], int(found["number"]), int(found["first"]),
        int(found["last"]), found["date"],
    )  # fmt: skip
    return part, path[match.end() :]
