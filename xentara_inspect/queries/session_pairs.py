"""Which connection of one recording is compared with which of another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from xentara_inspect.queries.conversations import Conversation

_MOST_COMPARED: Final = 10_000
"""Of more pairs than so many, those that are not the same are paired in their order."""

Pair = tuple[Conversation | None, Conversation | None]


def paired(a: Sequence[Conversation], b: Sequence[Conversation]) -> Iterator[Pair]:
    """Connections that belong together, in the order of the first; None where there is no other.

    First those on which the same was asked, then those that have most in common, then what is left in its
    order: so that a connection that is missing, or opened at another time, does not shift all others.
    """
    partners: dict[int, int] = {}
    _pair_same(a, b, partners)
    _pair_alike(a, b, partners)
    taken = set(partners.values())
    left = [place for place in range(len(b)) if place not in taken]
    alone = [place for place in range(len(a)) if place not in partners]
    partners.update(zip(alone, left, strict=False))
    for place, one in enumerate(a):
        yield one, b[partners[place]] if place in partners else None
    for place in left[len(alone) :]:
        yield None, b[place]


def _pair_same(a: Sequence[Conversation], b: Sequence[Conversation], partners: dict[int, int]) -> None:
    waiting: defaultdict[bytes, list[int]] = defaultdict(list)
    for place in reversed(range(len(b))):
        waiting[b[place].requests.whole.tobytes()].append(place)
    for place, one in enumerate(a):
        same = waiting.get(one.requests.whole.tobytes())
        if same:
            partners[place] = same.pop()


def _pair_alike(a: Sequence[Conversation], b: Sequence[Conversation], partners: dict[int, int]) -> None:
    taken = set(partners.values())
    here = {place: Counter(one.requests.asked) for place, one in enumerate(a) if place not in partners}
    there = {place: Counter(one.requests.asked) for place, one in enumerate(b) if place not in taken}
    if len(here) * len(there) > _MOST_COMPARED:
        return
    alike = [(-_likeness(here[place], there[other]), place, other) for place in here for other in there]
    for unlikeness, place, other in sorted(alike):
        if unlikeness and place not in partners and other not in taken:
            partners[place] = other
            taken.add(other)


def _likeness(one: Counter[int], other: Counter[int]) -> float:
    """The share of what both have, from 0 to 1 (the coefficient of Dice)."""
    return 2 * (one & other).total() / max(1, one.total() + other.total())
