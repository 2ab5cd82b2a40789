"""Rows of several lists as one list."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from xentara_inspect.queries.values import Row

Keyed = tuple[tuple[int, int, int], Row]
"""((time in nanoseconds, index of the database, id that grows in it), row)"""


def merged(lists: Sequence[Iterator[Keyed]], limit: int = 0) -> Iterator[Row]:
    """The rows of lists that are each in order, oldest first: the newest `limit`, 0 for all.

    Holds no more than `limit` rows, or one of each list.
    """
    rows: Iterable[Keyed] = lists[0] if len(lists) == 1 else heapq.merge(*lists, key=itemgetter(0))
    if limit:
        rows = deque(rows, maxlen=limit)
    for _, row in rows:
        yield row
