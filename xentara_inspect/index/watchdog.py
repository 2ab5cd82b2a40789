"""A decoder that never returns is found by the processor time that it takes.

Time on the wall says nothing of it: an indexer has the lowest priority, and machines sleep.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final, TypeVar

_Any = TypeVar("_Any")

LONGEST: Final = 120.0
"""Seconds of processor time for what is decoded between two looks at the clock.

That is milliseconds, but a packet is never divided. What takes longest for its size takes 3.4 µs a byte
with its notation, 14 seconds for `USUAL` (benchmarks/README.md); some machines are much slower.
"""

USUAL: Final = 4 << 20
"""Bytes of a frame from which it gets more time than that, in proportion."""

_SECOND_CALL: Final = 1.25


def limit(size: int) -> float:
    """Seconds of processor time that a frame of so many bytes may take, and whatever is smaller."""
    return LONGEST * max(1.0, size / USUAL)


def die_after(seconds: float) -> None:
    """End this process once it has taken so much processor time. 0: never, as before."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)


class Watchdog:
    """Interrupts a decoder that takes too long, and ends the process where it does not listen.

    Python hears a signal between two of its own steps; a call into C that never returns hears nothing.
    Such a frame is found out by the indexer that comes next, as any other that is the death of one.
    Signals interrupt the main thread of a process alone: in others nothing is watched.
    """

    def __init__(self) -> None:
        self._limit = LONGEST
        self._is_decoding = False
        self._watches = False
        self._before: Any = signal.SIG_DFL

    def start(self) -> None:
        """Watch from now on."""
        self._watches = threading.current_thread() is threading.main_thread()
        if self._watches:
            self._before = signal.signal(signal.SIGPROF, self._interrupt)
            self._allow(limit(0))

    def stop(self) -> None:
        """Watch no more."""
        if self._watches:
            self._allow(0)
            signal.signal(signal.SIGPROF, self._before)

    def next_of(self, portions: Iterator[_Any], size: int) -> _Any:
        """What a decoder yields next, of a frame of so many bytes. Raises TimeoutError."""
        if self._watches and size > USUAL:
            self._allow(limit(size))
        self._is_decoding = True
        try:
            return next(portions)
        finally:
            self._is_decoding = False

    def _allow(self, seconds: float) -> None:
        self._limit = seconds
        signal.setitimer(signal.ITIMER_PROF, seconds)
        die_after(seconds * _SECOND_CALL)

    def _interrupt(self, _number: int, _at: FrameType | None) -> None:
        if self._is_decoding:
            raise TimeoutError(f"not done after {self._limit:.0f} seconds of processor time")
