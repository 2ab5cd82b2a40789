"""Stretches of a few thousand packets, and which elements occur in each.

An index entry for each event would cost a tenth of the database. Servers push the same elements over
and over, so it is enough to know the stretches that one occurs in, and look through these.
"""

from __future__ import annotations

import sqlite3
from typing import Final

STRETCH: Final = 4000
"""Packets from which a stretch ends, with the frame that reaches them."""


class Stretches:
    """The stretch being filled, and what of it is not written yet."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        last = connection.execute(
            "SELECT first_frame, packets FROM stretches ORDER BY first_frame DESC LIMIT 1"
        ).fetchone()
        self._first: int
        self._packets: int
        self._first, self._packets = last if last is not None else (0, STRETCH)
        self._there: set[int] = set()
        self._new: list[tuple[int, int]] = []
        self._counts: dict[int, int] = {}

    def add(self, frame_id: int, packets: int, elements: set[int], *, begins: bool) -> None:
        """So many packets of a frame, about these elements. begins: whether it is the frame's first ones."""
        if begins and self._packets >= STRETCH:
            self._first, self._packets = frame_id, 0
            self._there = set()
        self._packets += packets
        self._counts[self._first] = self._packets
        if not elements <= self._there:
            self._new += [(element, self._first) for element in sorted(elements - self._there)]
            self._there |= elements

    def write(self, connection: sqlite3.Connection) -> None:
        """Write what is new; `written` once the transaction is committed."""
        connection.executemany(
            "INSERT INTO stretches VALUES (?, ?) ON CONFLICT DO UPDATE SET packets = excluded.packets",
            self._counts.items(),
        )
        connection.executemany("INSERT OR IGNORE INTO element_stretches VALUES (?, ?)", self._new)

    def written(self) -> None:
        """What was new is in the database."""
        self._counts.clear()
        self._new.clear()
