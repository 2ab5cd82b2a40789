"""Whether the times that events carry stand apart from those of the frames that bring them.

An event's time may be that of a value which changed long ago, so that one old event says nothing. A clock
that is wrong is so by the same difference all the time.
"""

from __future__ import annotations

from typing import Final

from xentara_inspect.traffic.memory import Memory
from xentara_inspect.traffic.thresholds import (
    CLOCK_APART,
    CLOCK_EVENTS,
    CLOCK_LOOKS,
    CLOCK_SPAN,
    CLOCK_STEADY,
    SECOND,
)
from xentara_inspect.traffic.validation import Problem

_CLOCK: Final = "clock"
_LIMIT: Final = 1
_KNOWN: Final = -1


class Clocks:
    """What the events of a connection say of the clocks.

    A state is an address, how many events were looked at, and of the latest steady ones the time of the
    first, how many there are, the least and the greatest difference; or an address and `_KNOWN`.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        state = memory.all(_CLOCK).get("")
        self.is_known = state is not None and state[1] == _KNOWN
        """Whether there is nothing to find out any more."""

    def event(self, event_time: int, frame_time: int, place: int) -> Problem | None:
        """An event that says when it was, and what there is to say of that."""
        if self.is_known:
            return None
        apart = frame_time - event_time
        if abs(apart) < CLOCK_APART:
            self._settle(place)
            return None
        looks, first, count, least, greatest = 0, frame_time, 0, apart, apart
        state = self._memory.all(_CLOCK).get("")
        if state is not None:
            looks = state[1]
            least, greatest = min(state[4], apart), max(state[5], apart)
            if greatest - least <= CLOCK_STEADY:
                first, count = state[2:4]
            else:
                least = greatest = apart
        count, looks = count + 1, looks + 1
        if count >= CLOCK_EVENTS and frame_time - first >= CLOCK_SPAN:
            self._settle(place)
            way = "behind" if apart > 0 else "ahead of"
            seconds = f"{abs(apart) / SECOND:.0f} s {way}"
            return "clock-apart", f"the times of {count} events in a row are {seconds} those of their frames"
        if looks >= CLOCK_LOOKS:
            self._settle(place)
        else:
            self._memory.put(_CLOCK, "", (place, looks, first, count, least, greatest), _LIMIT)
        return None

    def _settle(self, place: int) -> None:
        self.is_known = True
        self._memory.put(_CLOCK, "", (place, _KNOWN), _LIMIT)
