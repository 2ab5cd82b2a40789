"""Alignment: pairs are equal and in order, as many as there can be, and the same from both sides."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentara_inspect.queries import alignment
from xentara_inspect.queries.alignment import Match, aligned, matches

sequences = st.lists(st.integers(0, 5) | st.just((1 << 60) - 1), max_size=30)


def longest(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of the longest common subsequence, by the table of every textbook."""
    above = [0] * (len(b) + 1)
    for one in a:
        row = [0]
        for place, other in enumerate(b):
            row.append(above[place] + 1 if one == other else max(above[place + 1], row[place]))
        above = row
    return above[-1]


@given(a=sequences, b=sequences)
def test_pairs_are_equal_in_order_and_as_many_as_can_be(a: list[int], b: list[int]) -> None:
    pairs = aligned(a, b)
    assert are_pairs(pairs, a, b)
    assert len(pairs) == longest(a, b)


@given(a=sequences, b=sequences)
def test_the_same_places_belong_together_from_both_sides(a: list[int], b: list[int]) -> None:
    assert aligned(b, a) == [(other, one) for one, other in aligned(a, b)]


@given(a=sequences, b=sequences)
def test_every_place_is_matched_once(a: list[int], b: list[int]) -> None:
    found = matches(a, b, [0] * len(a), [0] * len(b))
    assert sorted(match.a for match in found if match.a is not None) == [*range(len(a))]
    assert sorted(match.b for match in found if match.b is not None) == [*range(len(b))]


def test_what_moved_is_found_wherever_it_stands() -> None:
    assert matches([1, 2, 3, 4], [2, 3, 4, 1], [0] * 4, [0] * 4) == [
        Match(0, 3, is_moved=True, comes_later=True),
        Match(1, 0),
        Match(2, 1),
        Match(3, 2),
    ]


def test_what_is_alike_belongs_together_only_between_the_same_neighbours() -> None:
    assert matches([7, 1, 9], [7, 2, 9], [7, 5, 9], [7, 5, 9])[1] == Match(1, 1)
    assert matches([7, 1, 9], [7, 9, 2], [7, 5, 9], [7, 9, 5]) == [
        Match(0, 0),
        Match(1, None),
        Match(2, 1),
        Match(None, 2),
    ]


@pytest.fixture(params=[(64, 10_000), (64, 256), (64, 64)], ids=["one part", "parts", "parts of a window"])
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """What is long, made short; whether all is cut together."""
    window, largest = request.param
    monkeypatch.setattr(alignment, "WINDOW", window)
    monkeypatch.setattr(alignment, "LARGEST", largest)
    return bool(largest >= 10_000)


def are_pairs(pairs: Sequence[tuple[int, int]], a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether pairs are equal and in order."""
    in_order = all(here[0] < there[0] and here[1] < there[1] for here, there in pairwise(pairs))
    return in_order and all(a[one] == b[other] for one, other in pairs)


@pytest.mark.parametrize("kinds", [1, 3, 50, 100_000], ids=lambda kinds: f"{kinds} kinds")
@pytest.mark.parametrize("left", [1.0, 0.9, 0.5, 0.01])
def test_what_is_long_is_aligned_all_the_same(kinds: int, left: float, small: bool) -> None:
    chance = random.Random(kinds)
    a = [chance.randrange(kinds) for _ in range(1000)]
    b = [a[place] for place in sorted(chance.sample(range(len(a)), int(left * len(a))))]
    pairs = aligned(a, b)
    assert are_pairs(pairs, a, b)
    if small or left == 1:
        assert len(pairs) == len(b)


@given(a=st.lists(st.integers(0, 3), max_size=200), b=st.lists(st.integers(0, 3), max_size=200))
def test_pairs_of_long_sequences_are_equal_and_in_order(a: list[int], b: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "WINDOW", 16)
        for largest in (16, 40, 1000):
            patch.setattr(alignment, "LARGEST", largest)
            pairs = aligned(a, b)
            assert are_pairs(pairs, a, b)
            assert aligned(b, a) == [(other, one) for one, other in pairs]


@pytest.mark.usefixtures("small")
def test_a_place_that_changed_in_something_long_moves_nothing_else() -> None:
    a = [place % 100 for place in range(1000)]
    b = [*a[:500], 7777, *a[501:]]
    assert aligned(a, b) == [(place, place) for place in range(1000) if place != 500]


@pytest.mark.usefixtures("small")
def test_long_stretches_without_anything_in_common_are_passed() -> None:
    assert aligned([*range(1000), 5000], [*range(2000, 3000), 5000]) == [(1000, 1000)]
