"""Values, times and states as the screens show them. All text from the network is escaped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from xentara_inspect.cli.output import cell_text
from xentara_inspect.escape import safe
from xentara_inspect.queries.watching import Value

DIM: Final = "dim"
_ERROR: Final = "bold red"
_QUALITY_STYLES: Final = {"Good": "green", "Acceptable": "yellow", "Unreliable": "yellow", "Bad": _ERROR}
_AGES: Final = ((86_400, "d"), (3_600, "h"), (60, "m"))
_DIGITS: Final = 7
"""Significant digits of a float where there is little room."""


def cut(text: str, width: int, *, right: bool = False) -> str:
    """A text in exactly so many places, with an ellipsis where it has more."""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    return " " * (width - size) + text if right else text + " " * (width - size)


def value_text(value: Value) -> Text:
    """A value, or the error in its place; exact."""
    if value.kind == "error":
        return Text(safe(value.error or "error"), style=_ERROR)
    if value.value is None:
        return Text(value.kind, style=DIM)
    return Text(safe(cell_text(value.value)))


def short_value(value: Value) -> Text:
    """The same where there is little room."""
    if isinstance(value.value, float):
        return Text(f"{value.value:.{_DIGITS}g}")
    return value_text(value)


def quality_text(quality: str | None) -> Text:
    """A quality in its colour."""
    return Text(quality or "", style=_QUALITY_STYLES.get(quality or "", ""))


def rate_text(rate: float) -> str:
    """Packets a second; empty for none."""
    if not rate:
        return ""
    return f"{rate:.1f}/s" if rate < 100 else f"{rate:.0f}/s"


def age_text(nanoseconds: int) -> str:
    """How long ago, in at most five characters or so."""
    seconds = max(nanoseconds, 0) / 1e9
    for size, unit in _AGES:
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.1f}s" if seconds < 10 else f"{seconds:.0f}s"


def clock_text(nanoseconds: int, *, with_date: bool = False) -> str:
    """The time of day in UTC, with its date or without."""
    moment = datetime.fromtimestamp(nanoseconds // 10**9, UTC)
    date = f"{moment:%Y-%m-%d} " if with_date else ""
    return f"{date}{moment:%H:%M:%S}.{nanoseconds // 10**6 % 1000:03d}Z"


def iso_clock(time: str) -> str:
    """The time of day out of an ISO time, with milliseconds."""
    return time.partition("T")[2][:12]


def name_of(row: Any) -> str:
    """The primary key of an element, else its UUID."""
    return safe(row.name) if row.name else row.uuid
