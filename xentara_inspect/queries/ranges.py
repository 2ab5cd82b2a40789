"""What `show` takes for several things at once: `last`, `40-45`, `42p1-42p9`."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import Final

from xentara_inspect.frames import frame_of
from xentara_inspect.queries.databases import Askable, Databases, as_databases
from xentara_inspect.queries.log import log
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.store.addresses import parse_address

LAST: Final = "last"
"""The newest exchange, or the newest malformed message: the last line of `log`."""

_ONE: Final = r"[0-9]+(?:p[0-9]+)?"
_RANGE: Final = re.compile(rf"(?:(.*):)?({_ONE})-(?:\1:)?({_ONE})", re.DOTALL)


def is_range(name: str) -> bool:
    """Whether a name means what lies between two addresses."""
    return _RANGE.fullmatch(name.strip()) is not None


def last(asked: Askable) -> str | None:
    """The name of the last line of the log; None where it is empty. Raises StoreError."""
    newest = next(log(asked, limit=1), None)
    return newest["id"] if newest is not None else None


def within(asked: Askable, name: str) -> Iterator[str]:
    """The names of what lies in a range, both ends included, as they come. Raises StoreError.

    `40-45` are whole messages, `42p1-43p9` packets. Raises QuestionError for a range of both, one that
    ends before it begins, and a name that does not say which of several recordings.
    """
    databases = as_databases(asked)
    match = _RANGE.fullmatch(name.strip())
    if match is None:
        raise QuestionError(f"{name} is no range such as 40-45 or 42p1-42p9")
    label, first, final = match.groups()
    ends = parse_address(first), parse_address(final)
    if ("p" in first) is not ("p" in final) or None in ends:
        raise QuestionError(f"{name} is no range of messages such as 40-45, nor of packets such as 42p1-42p9")
    start, end = ends[0] or 0, ends[1] or 0
    if end < start:
        raise QuestionError(f"{name} ends before it begins")
    prefix = f"{label}:" if label else ""
    return _between(databases, prefix + first, start, end, packets="p" in first)


def _between(databases: Databases, name: str, start: int, end: int, *, packets: bool) -> Iterator[str]:
    recording, _ = databases.located(name)
    for file in recording.files:
        if packets:
            rows = file.tuples("SELECT id FROM packets WHERE id BETWEEN ? AND ? ORDER BY id", (start, end))
        else:
            bounds = frame_of(start), frame_of(end)
            rows = file.tuples("SELECT id << 24 FROM frames WHERE id BETWEEN ? AND ? ORDER BY id", bounds)
        # Read at once, eight bytes each: the reader may stop anywhere, and the file be closed.
        for place in array("q", (row[0] for row in rows)):
            yield file.place_name(place)
