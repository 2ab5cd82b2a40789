"""The newest lines of `log`, and those that come: for as many as look on, read once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from xentara_inspect.queries.log import log
from xentara_inspect.queries.tail import Tail
from xentara_inspect.queries.values import Row

KEPT: Final = 200
"""Lines that who comes sees; the page forgets older ones too."""
_FORGOTTEN: Final = 10.0
"""Seconds nobody looked, behind which it begins anew: what came meanwhile may be millions."""


class News(NamedTuple):
    """Rows of `log`, newest first. number: of the last; is_anew: whether they replace those seen before."""

    number: int
    rows: list[Row]
    is_anew: bool


class Course:
    """The lines of `log`, numbered in the order in which they came."""

    def __init__(self, patterns: Sequence[str], *, with_events: bool) -> None:
        self._patterns = patterns
        self._with_events = with_events
        self._lock = threading.Lock()
        self._tail: Tail | None = None
        self._lines: deque[tuple[int, Row]] = deque(maxlen=KEPT)
        self._number = self._begun = 0
        self._asked_at = 0.0

    def close(self) -> None:
        """Close the databases."""
        with self._lock:
            self._forget()

    def rest(self) -> None:
        """Close the databases if nobody looks on any more: the disk of one that is deleted is free then."""
        with self._lock:
            if time.monotonic() > self._asked_at + _FORGOTTEN:
                self._forget()

    async def behind(self, number: int) -> News:
        """The lines behind a number. Raises StoreError where the databases are gone, QuestionError."""
        return await asyncio.to_thread(self._behind, number)

    def _behind(self, number: int) -> News:
        self.rest()
        with self._lock:
            self._asked_at = time.monotonic()
            try:
                self._add(self._news())
            except BaseException:
                self._forget()
                raise
            is_anew = not self._begun <= number <= self._number
            rows = [row for place, row in reversed(self._lines) if is_anew or place > number]
            return News(self._number, rows, is_anew)

    def _news(self) -> list[Row]:
        if self._tail is not None:
            return self._tail.news()
        filters: dict[str, Any] = {"with_events": self._with_events, "ended": True}
        self._tail = Tail(self._patterns, log, limit=KEPT, **filters)
        self._lines.clear()
        self._begun = self._number
        return list(self._tail.newest())

    def _add(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._number += 1
            self._lines.append((self._number, row))

    def _forget(self) -> None:
        if self._tail is not None:
            self._tail.close()
            self._tail = None
