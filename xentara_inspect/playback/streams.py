"""Recorded events when they are due again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from xentara_inspect.frames import frame_of
from xentara_inspect.playback.events import NOBODY, Event, Events, Wanted

_SHORTEST_ROUND: Final = 10**9
"""Nanoseconds that a stream which is played again and again takes at least."""


class Pace(NamedTuple):
    """How events are played: so many times as fast as they came, and whether from the start at the end."""

    speed: float = 1.0
    loops: bool = False

    def live(self, nanoseconds: int) -> int:
        """What a recorded duration takes."""
        return round(nanoseconds / self.speed)

    def recorded(self, nanoseconds: int) -> int:
        """What of the recording is played in a time."""
        return round(nanoseconds * self.speed)


class Part(NamedTuple):
    """Which events. owner: the subscription that they served; None for those of any.

    first: place of the first one that may be. begins, ends: ns since 1970 in the recording. wanted: what an
    event is cut down to; None for all that it tells.
    """

    owner: int | None
    first: int
    begins: int
    ends: int
    wanted: Wanted | None = None


class Stream:
    """A part of a connection's events. due: when the next one is, ns since 1970; None for never."""

    def __init__(self, events: Events, part: Part, pace: Pace, now: int) -> None:
        """now: when what begins the part happened again."""
        self.part = part
        self._events = events
        self._pace = pace
        self._began = now
        self._place = self._next(part.first)
        self.due = self._time()

    def position(self, now: int) -> int:
        """Where in the recording the stream is, ns since 1970, also behind its end."""
        return self.part.begins + self._pace.recorded(now - self._began)

    def take(self, until: int) -> Iterator[list[Event]]:
        """The events that are due by a time, those that came in one message together."""
        while self._place is not None and self.due is not None and self.due <= until:
            together = [self._events.event(self._place)]
            self._go_on()
            while (
                self._place is not None
                and self._place
                and frame_of(self._events.ids[self._place]) == frame_of(together[0].id)
                and self._events.ids[self._place] > together[0].id
            ):
                together.append(self._events.event(self._place))
                self._go_on()
            yield together

    def _go_on(self) -> None:
        self._place = self._next((self._place or 0) + 1)
        if self._place is None and self._pace.loops:
            self._began += self._pace.live(max(_SHORTEST_ROUND, self.part.ends - self.part.begins))
            self._place = self._next(self.part.first)
        self.due = self._time()

    def _next(self, place: int) -> int | None:
        owners, times = self._events.owners, self._events.times
        while place < len(owners) and times[place] <= self.part.ends:
            if self.part.owner is None and owners[place] != NOBODY:
                return place
            if owners[place] == self.part.owner:
                return place
            place += 1
        return None

    def _time(self) -> int | None:
        if self._place is None:
            return None
        return self._began + self._pace.live(max(0, self._events.times[self._place] - self.part.begins))
