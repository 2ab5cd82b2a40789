"""Asking the databases for what is to be shown, and no more often than need be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from xentara_inspect.queries.values import Row
from xentara_inspect.queries.watching import Element, Picture, Watching

INTERVAL: Final = 1.0
"""Seconds from one picture of now to the next."""


class Answer(NamedTuple):
    """What was found: a picture, and what is shown in detail. moment: None for now."""

    moment: int | None
    picture: Picture
    element: Element | None
    name: str | None
    packet: Row | None


class Looking:
    """Knows its last answer. Runs in a thread, knows no widget."""

    def __init__(self, watching: Watching, clock: Callable[[], int]) -> None:
        """clock: nanoseconds since 1970."""
        self._watching = watching
        self._clock = clock
        self._before: Answer | None = None
        self._next = 0.0

    @property
    def patience(self) -> float:
        """Seconds until there is something new to be seen of now."""
        return max(self._next - time.monotonic(), 0.0)

    def look(self, moment: int | None, selected: str, name: str | None) -> Answer:
        """The picture of a moment, None for now, and details. Raises StoreError, QuestionError.

        selected: UUID of the element to be shown in detail. name: of the packet, where it is not the
        element's last.
        """
        before = self._before
        picture = self._picture(moment)
        element = picture.elements.get(selected) if name is None else None
        newest = element.newest if element is not None else None
        name = newest.packet if newest is not None else name
        if before is not None and name == before.name:
            packet = before.packet
        else:
            packet = self._watching.details(name) if name is not None else None
        self._before = Answer(moment, picture, element, name, packet)
        return self._before

    def _picture(self, moment: int | None) -> Picture:
        before = self._before
        if before is not None and moment == before.moment and (moment is not None or self.patience):
            return before.picture
        if moment is not None:
            return self._watching.at(moment)
        try:
            return self._watching.now(self._clock())
        finally:
            # Not from its beginning: what takes long is to leave time for the screen, too.
            self._next = time.monotonic() + INTERVAL
