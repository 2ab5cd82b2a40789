"""The newest of many rows: in order, and in little memory."""

from __future__ import annotations

import tracemalloc
from collections import deque
from collections.abc import Iterator

import pytest

from xentara_inspect.queries.newest import NEWEST_FIRST, Keyed, last, merged
from xentara_inspect.queries.values import Row

MANY = 20_000


def row(number: int) -> Row:
    return {
        "id": f"{number}p1",
        "time": "2026-03-01T12:00:00.000000000Z",
        "summary": f"Tank {number}: Value = 1",
    }


def numbered(direction: str) -> Iterator[Keyed]:
    numbers = range(MANY)
    for number in reversed(numbers) if direction == NEWEST_FIRST else numbers:
        yield (number, 0, number), row(number)


LIMITS = [0, 1, 511, 512, 513, 1024, 3000, MANY - 1, MANY, MANY + 1]


@pytest.mark.parametrize("limit", LIMITS)
def test_the_newest_come_oldest_first_however_many(limit: int) -> None:
    expected = [row(number) for number in range(MANY)][-limit:]
    assert list(merged([numbered], limit)) == expected
    assert list(last((row(number) for number in range(MANY)), limit)) == expected


@pytest.mark.parametrize("way", ["merged", "last"])
def test_the_newest_of_very_many_are_held_in_little_memory(way: str) -> None:
    tracemalloc.start()
    try:
        if way == "merged":
            rows = merged([numbered], MANY)
        else:
            rows = last((row(number) for number in range(MANY)), MANY)
        deque(rows, 0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * MANY  # as dicts they take more than 400 bytes each
