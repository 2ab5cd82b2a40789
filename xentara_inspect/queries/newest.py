"""Lists in the order of time: the newest rows of one, and those of several as one."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Final

from xentara_inspect.queries.values import Row

Keyed = tuple[tuple[int, int, int], Row]
"""((time in nanoseconds, index of the recording, address or another id that grows), row)"""

OLDEST_FIRST: Final = ""
NEWEST_FIRST: Final = " DESC"

InDirection = Callable[[str], Iterator[Keyed]]
"""A list, oldest or newest first: given the word of SQL that says so. Reads no more than is taken."""


def newest(rows: InDirection, limit: int) -> Iterator[Keyed]:
    """The newest `limit` rows of a list, oldest first; 0 for all, which are not held in memory."""
    if not limit:
        yield from rows(OLDEST_FIRST)
        return
    taken = list(islice(rows(NEWEST_FIRST), limit))
    yield from reversed(taken)


def merged(lists: Sequence[Iterator[Keyed]], limit: int = 0) -> Iterator[Row]:
    """The rows of lists that are each in order, oldest first: the newest `limit`, 0 for all.

    Holds no more than `limit` rows, or one of each list.
    """
    rows: Iterable[Keyed] = lists[0] if len(lists) == 1 else heapq.merge(*lists, key=itemgetter(0))
    if limit:
        rows = deque(rows, maxlen=limit)
    for _, row in rows:
        yield row
