"""Spans of time, counts and the like in words, for what `why` says."""

from __future__ import annotations

from typing import Final

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))
SECOND: Final = 10**9
"""Nanoseconds."""


def span(nanoseconds: float) -> str:
    """How long something took, as people say it: `3.2 s`, `12 ms`, `5 min`."""
    seconds = nanoseconds / SECOND
    for size, unit in _UNITS:
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    if abs(seconds) >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.3g} ms"


def count(number: int, thing: str) -> str:
    """`1 request`, `3 requests`."""
    return f"{number} {thing}" if number == 1 else f"{number:,} {thing}s"


def either(many: bool, number: int, thing: str) -> str:
    """The same where there may be more than were looked at."""
    return f"more than {count(number, thing)}" if many else count(number, thing)
