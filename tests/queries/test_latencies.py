"""Latencies: exact as long as there are few, near enough beyond."""

from __future__ import annotations

import random

import pytest

from xentara_inspect.queries.latencies import SLOTS, Latencies


def filled(*values: int) -> Latencies:
    latencies = Latencies()
    for place, value in enumerate(values):
        latencies.add(value, place % SLOTS, place)
    return latencies


def test_percentiles_are_by_nearest_rank() -> None:
    values = random.Random(1).sample(range(1, 1001), 1000)
    assert filled(*values).percentiles(50, 95, 99, 100) == [500, 950, 990, 1000]
    assert filled(7).percentiles(50, 99) == [7, 7]
    assert filled().percentiles(50, 99) == [None, None]


@pytest.mark.parametrize("rounded_at", [1, 500, 1000])
def test_rounded_ones_are_within_what_is_said(rounded_at: int) -> None:
    values = [int(random.Random(number).expovariate(1e-7)) for number in range(1000)]
    exact, rounded = filled(*values), filled(*values[:rounded_at])
    rounded.round()
    for place, value in enumerate(values[rounded_at:], rounded_at):
        rounded.add(value, place % SLOTS, place)
    assert (exact.are_exact, rounded.are_exact) == (True, False)
    shares = (1, 50, 95, 99, 100)
    assert rounded.percentiles(*shares) == pytest.approx(exact.percentiles(*shares), rel=0.002, abs=0)
    assert (rounded.longest, rounded.slowest) == (max(values), values.index(max(values)))


def test_means_over_time_are_none_where_nothing_was_answered() -> None:
    latencies = filled(1, 3)
    latencies.add(5, 0, 9)
    assert latencies.over_time() == [3.0, 3.0, *[None] * (SLOTS - 2)]
