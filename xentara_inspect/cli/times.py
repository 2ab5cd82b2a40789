"""Times and durations on the command line, and times in rows as people at their place read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final

import click

_LATEST: Final = (1 << 63) - 1  # nanoseconds that a column can hold, in the year 2262
_DAYS: Final = ("today", "yesterday", "tomorrow")
"""Words that mean the midnight before, as with journalctl, and not this time of that day."""
_AMBIGUOUS: Final = re.compile(r"[-+.\d\s]+|.*(?<!\d)\d{1,2}[./-]\d{1,2}(?!\d).*", re.DOTALL)
"""Numbers without a unit, and dates of which nobody knows whether the day or the month comes first."""
_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ns|us|µs|ms|s|m|min|h|d)")
_UNITS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "min": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86_400 * 10**9,
}

if TYPE_CHECKING:
    _ParamType = click.ParamType[int]
else:
    _ParamType = click.ParamType  # generic only in the newest versions of click


class _Time(_ParamType):
    """A moment in local time unless it says otherwise; becomes nanoseconds since 1970 UTC.

    ISO 8601, a time of today, or words: `-10m`, `yesterday 5pm`, `last monday`.
    """

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            moment = _iso(value) or _clock(value) or _human(value)
            whole = moment.astimezone(UTC) if moment is not None else None
        except (ValueError, OverflowError):
            whole = None
        if whole is None:
            self.fail(f"{value!r} is no time such as 2026-03-01T14:03:00Z, 14:03 or -10m", param, ctx)
        since = whole - datetime(1970, 1, 1, tzinfo=UTC)
        time = (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
        return max(-_LATEST, min(time, _LATEST))


class _Duration(_ParamType):
    """How long something takes, such as `50ms`; becomes nanoseconds, at least one."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = _DURATION.fullmatch(value.strip())
        length = int(float(match[1]) * _UNITS[match[2]]) if match is not None else 0
        if not 0 < length <= _LATEST:
            self.fail(f"{value!r} is no duration such as 50ms, 1.5s, 5m, 1h or 1d", param, ctx)
        return length


TIME = _Time()
DURATION = _Duration()


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _clock(text: str) -> datetime | None:
    """A time of today."""
    try:
        return datetime.combine(datetime.now(), time.fromisoformat(text)) if ":" in text else None
    except ValueError:
        return None


def _human(text: str) -> datetime | None:
    words = text.strip().lower()
    if _AMBIGUOUS.fullmatch(words):
        return None
    import dateparser  # three quarters of a second, for those who need it

    now = datetime.now()
    if words in _DAYS:
        now = datetime.combine(now, time())
    return dateparser.parse(text, languages=["en"], settings={"RELATIVE_BASE": now})


def with_local_times(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its times in local time, with all digits and the offset from UTC."""
    return {
        key: local_time(value) if key in _TIMES and value is not None else value for key, value in row.items()
    }


_TIMES: Final = ("time", "source_time", "opened", "closed")
"""Keys of rows that hold times."""


def local_time(text: str) -> str:
    """A time in ISO 8601 with Z as local time; as it is where there is no such local time."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    try:
        moment = datetime.fromisoformat(f"{whole}+00:00").astimezone()
    except (ValueError, OverflowError):
        return text
    said = moment.isoformat()
    return f"{said[:19]}.{fraction}{said[19:]}"


def short_time(text: str) -> str:
    """An ISO time with milliseconds instead of nanoseconds; one without Z without its zone, too."""
    head, dot, fraction = text.partition(".")
    zone = "Z" if text.endswith("Z") else ""
    return f"{head}{dot}{fraction[:3]}{zone}" if dot else text
