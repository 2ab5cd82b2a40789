"""Axes of drawings: which steps people count in, and where the ticks are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

_MILLISECOND: Final = 10**6
_SECOND: Final = 10**9
_DAY: Final = 86_400 * _SECOND
STEPS: Final = (
    *(count * _MILLISECOND for count in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *(count * _SECOND for count in (1, 2, 5, 10, 15, 30)),
    *(count * 60 * _SECOND for count in (1, 2, 5, 10, 15, 30)),
    *(count * 3600 * _SECOND for count in (1, 2, 3, 6, 12)),
    *(count * _DAY for count in (1, 2, 7, 14, 28, 91, 182, 364, 3640)),
)
"""Nanoseconds that people count in."""


class Tick(NamedTuple):
    """A place on an axis, from 0 to 1, and what stands there."""

    place: float
    label: str


class TimeAxis(NamedTuple):
    """A stretch of time that drawings share. first, last: nanoseconds since 1970, last behind first."""

    first: int
    last: int
    ticks: Sequence[Tick] = ()

    def place(self, time: float) -> float:
        """Where a time is: 0 at the first, 1 at the last; those outside at the nearer end."""
        return min(1.0, max(0.0, (time - self.first) / (self.last - self.first)))


def step_for(length: float, most: int) -> int:
    """The shortest of `STEPS` of which a length has at most so many; the longest where all are too short."""
    return next((step for step in STEPS if length <= step * most), STEPS[-1])


def time_axis(
    first: int, last: int, most: int, label: Callable[[int, int], str], offset: int = 0
) -> TimeAxis:
    """An axis with ticks at round times, at most so many and one.

    label: makes a text of a time and the step. offset: nanoseconds from UTC to the time that is shown.
    """
    last = max(last, first + _MILLISECOND)
    step = step_for(last - first, most)
    axis = TimeAxis(first, last)
    start = -((-first - offset) // step) * step - offset
    ticks = [Tick(axis.place(time), label(time, step)) for time in range(start, last + 1, step)]
    return axis._replace(ticks=ticks)


def top_of(value: float) -> float:
    """The end of an axis that begins at 0: the next round number."""
    if value <= 0:
        return 1
    unit = 10 ** math.floor(math.log10(value))
    return next(float(unit * count) for count in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if value <= unit * count)
