"""How long to wait before a process that died is started again, and when to talk about it."""

from __future__ import annotations

from typing import Final

FIRST_PAUSE: Final = 0.5
"""Seconds until a process that died is started again; doubles with each death in a row."""

LONGEST_PAUSE: Final = 30.0
"""The most seconds that it doubles to."""

RAN_WELL: Final = 60.0
"""Seconds after which a process that dies is not one more death in a row."""

_TELL_AFTER: Final = 3  # deaths in a row


class Backoff:
    """Counts the deaths in a row."""

    def __init__(self) -> None:
        self.deaths = 0
        self._told = False

    def died(self, ran: float) -> float:
        """A process died after so many seconds. Returns the seconds to wait before the next one."""
        if ran >= RAN_WELL:
            self.deaths, self._told = 0, False
        self.deaths += 1
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (self.deaths - 1))

    def is_to_be_told(self) -> bool:
        """Whether the user should hear of it now: once, and not of a single death."""
        if self.deaths < _TELL_AFTER or self._told:
            return False
        self._told = True
        return True
