"""Latencies of a row of `stats`: percentiles, and how they went over time."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from typing import Final

EXACT: Final = 1_000_000
"""So many latencies, of all rows together, are kept as they are."""

SLOTS: Final = 20
"""Into so many parts the time of a row is divided."""

PRECISION: Final = "within 0.2 %"
_DIGITS: Final = 9
"""Binary digits that a rounded latency keeps: it is at most 1/512 from the real one."""


class Latencies:
    """Nanoseconds from requests to responses. longest: the greatest, with what had it."""

    __slots__ = ("_counts", "_kept", "_rounded", "_sums", "longest", "slowest")

    def __init__(self) -> None:
        self._kept = array("q")
        self._rounded: Counter[int] = Counter()
        self._sums = [0] * SLOTS
        self._counts = [0] * SLOTS
        self.longest: int | None = None
        self.slowest: int | None = None

    def add(self, latency: int, slot: int, place: int) -> None:
        """One latency. slot: in which part of the time, below SLOTS; place: the address of its exchange."""
        self._kept.append(latency)
        self._sums[slot] += latency
        self._counts[slot] += 1
        if self.longest is None or latency > self.longest:
            self.longest, self.slowest = latency, place

    @property
    def are_exact(self) -> bool:
        """Whether percentiles are latencies that occurred."""
        return not self._rounded

    def round(self) -> None:
        """Keep those that came so far rounded, which needs the same room however many there are."""
        self._rounded.update(map(_rounded, self._kept))
        self._kept = array("q")

    def percentiles(self, *shares: int) -> list[int | None]:
        """The least latency, each, that `share` percent do not exceed (nearest rank); None without any."""
        if not self.are_exact:
            self.round()
            return [self._rounded_percentile(share) for share in shares]
        ordered = sorted(self._kept)
        return [ordered[_rank(len(ordered), share)] if ordered else None for share in shares]

    def over_time(self) -> list[float | None]:
        """The mean in each part of the time, in nanoseconds; None where there was none."""
        return [
            total / count if count else None for total, count in zip(self._sums, self._counts, strict=True)
        ]

    def _rounded_percentile(self, share: int) -> int:
        left = _rank(self._rounded.total(), share)
        for latency, count in sorted(self._rounded.items()):
            if left < count:
                return min(latency, self.longest or latency)
            left -= count
        raise AssertionError("a rank lies below the count")


def _rank(count: int, share: int) -> int:
    return max(0, math.ceil(count * share / 100) - 1)


def _rounded(latency: int) -> int:
    """The middle of the numbers that begin with the same binary digits."""
    lost = max(0, latency.bit_length() - _DIGITS)
    return (latency >> lost << lost) + (1 << lost >> 1)
