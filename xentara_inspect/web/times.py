"""Times as a page shows them: in UTC or local time, without what is alike for all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

SECOND: Final = 10**9
MILLISECOND: Final = 10**6
MINUTE: Final = 60 * SECOND
_DAY: Final = 24 * 60 * MINUTE
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(text: str) -> int:
    """Nanoseconds since 1970 of a time in ISO 8601 with Z and nine digits, as rows have it."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    since = datetime.fromisoformat(f"{whole}+00:00") - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + int(fraction or 0)


class Clock:
    """Shows times (nanoseconds since 1970) of a period. local: whether in local time."""

    def __init__(self, first: int, last: int, *, local: bool = False) -> None:
        self._is_local = local
        self.zone = "local time" if local else "UTC"
        self.is_one_day = self.day(first) == self.day(last)
        """Whether the period lies in one day, which then is said once and not with each time."""

    def offset(self, time: int) -> int:
        """Nanoseconds from UTC to the time that is shown."""
        there = self._moment(time).utcoffset() or timedelta()
        return int(there.total_seconds()) * SECOND

    def day(self, time: int) -> str:
        """The day: `2026-03-01`."""
        return f"{self._moment(time):%Y-%m-%d}"

    def second(self, time: int) -> str:
        """The day and the time of day, to the second."""
        return f"{self._moment(time):%Y-%m-%d %H:%M:%S}"

    def short(self, time: int) -> str:
        """To the millisecond; with the day where there are several."""
        text = f"{self._moment(time):%Y-%m-%d %H:%M:%S}.{time % SECOND // MILLISECOND:03}"
        return text[11:] if self.is_one_day else text

    def exact(self, time: int) -> str:
        """With all digits."""
        return f"{self.second(time)}.{time % SECOND:09} {self.zone}"

    def tick(self, time: int, step: int) -> str:
        """On an axis whose ticks are so many nanoseconds apart."""
        moment = self._moment(time)
        if step >= _DAY:
            return f"{moment:%d %b}"
        if step >= MINUTE:
            is_midnight = not (moment.hour or moment.minute) and not self.is_one_day
            return f"{moment:%d %b}" if is_midnight else f"{moment:%H:%M}"
        if step >= SECOND:
            return f"{moment:%H:%M:%S}"
        return f"{moment:%H:%M:%S}.{time % SECOND // MILLISECOND:03}"

    def _moment(self, time: int) -> datetime:
        whole = _EPOCH + timedelta(seconds=time // SECOND)
        return whole.astimezone() if self._is_local else whole
