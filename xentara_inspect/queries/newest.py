"""Lists in the order of time: those of several files as one, and the newest rows of it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Final

from xentara_inspect.queries.packed import PackedRows
from xentara_inspect.queries.values import Row

Keyed = tuple[tuple[int, int, int], Row]
"""((time in nanoseconds, index of the recording, address or another id that grows), row)"""

OLDEST_FIRST: Final = ""
NEWEST_FIRST: Final = " DESC"

InDirection = Callable[[str], Iterator[Keyed]]
"""A list in order, oldest or newest first: given the word of SQL that says so. Read no further than taken."""


def merged(lists: Sequence[InDirection], limit: int = 0) -> Iterator[Row]:
    """The rows of several lists, oldest first: the newest `limit`, 0 for all.

    Holds no more than `limit` rows, packed, or one of each list, and reads hardly more than these.
    """
    if not limit:
        yield from map(itemgetter(1), _in_order(lists, OLDEST_FIRST))
        return
    newest = PackedRows()
    for _, row in islice(_in_order(lists, NEWEST_FIRST), limit):
        newest.add(row)
    yield from newest.backwards()


def timed(lists: Sequence[InDirection]) -> Iterator[tuple[int, Row]]:
    """(time in nanoseconds, row) of several lists, oldest first."""
    for (time, _, _), row in _in_order(lists, OLDEST_FIRST):
        yield time, row


def last(rows: Iterator[Row], limit: int) -> Iterator[Row]:
    """The last `limit` of rows that can only be told oldest first, 0 for all; holds hardly more, packed."""
    if not limit:
        yield from rows
        return
    kept = PackedRows()
    for row in rows:
        kept.add(row)
        kept.keep(limit)
    yield from islice(kept.forwards(), max(0, len(kept) - limit), None)


def _in_order(lists: Sequence[InDirection], direction: str) -> Iterator[Keyed]:
    if len(lists) == 1:
        return lists[0](direction)
    started = [rows(direction) for rows in lists]
    return heapq.merge(*started, key=itemgetter(0), reverse=direction == NEWEST_FIRST)


def in_direction(rows: Sequence[Keyed]) -> InDirection:
    """A list of rows that are there already, in any order."""
    return lambda direction: iter(sorted(rows, key=itemgetter(0), reverse=direction == NEWEST_FIRST))
