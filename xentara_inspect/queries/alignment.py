"""Which places of one sequence belong to which of another: the longest common subsequence, and what moved.

rapidfuzz finds it with the bits of machine words: 10,000 places against 10,000 take 10 ms, whatever stands
there. Its memory grows with their product, so that what is longer is first cut where the shortest way of
editing one into the other, which needs no such memory, leaves something as it is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from rapidfuzz.distance import LCSseq, Levenshtein, Opcode

WINDOW: Final = 16_384
"""Places whose longest common subsequence is looked for together; 32 MB."""
LARGEST: Final = 262_144
"""Places that are cut together; 5 s."""

Pairs = list[tuple[int, int]]
"""Places that belong together, in the order of both."""


def aligned(a: Sequence[int], b: Sequence[int]) -> Pairs:
    """The pairs of equal numbers, as many as there may be in the order of both.

    Numbers from 0 below 2^60. The same pairs whichever sequence comes first. Of more than `WINDOW` numbers
    perhaps not quite as many, unless one sequence is the other without some; of more than `LARGEST` perhaps
    even then.
    """
    first, second = list(a), list(b)
    if (len(first), first) <= (len(second), second):
        return list(_in_parts(first, second))
    return [(place, other) for other, place in _in_parts(second, first)]


class _Block(NamedTuple):
    """Stretches that are equal: where they begin, and how long they are."""

    a: int
    b: int
    size: int

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Its places."""
        return zip(range(self.a, self.a + self.size), range(self.b, self.b + self.size), strict=True)

    def moved(self, a: int, b: int) -> _Block:
        """The same, counted from elsewhere."""
        return _Block(self.a + a, self.b + b, self.size)


def _in_parts(a: list[int], b: list[int]) -> Iterator[tuple[int, int]]:
    """Of each part the first half counts, as far as it is not the last."""
    start_a = start_b = 0
    while start_a < len(a) and start_b < len(b):
        part_a, part_b = a[start_a : start_a + LARGEST], b[start_b : start_b + LARGEST]
        is_last = start_a + LARGEST >= len(a) and start_b + LARGEST >= len(b)
        sure = LARGEST if is_last else LARGEST // 2
        past_a, past_b = min(sure, len(part_a)), min(sure, len(part_b))
        for block in _blocks(part_a, part_b):
            size = max(0, min(block.size, sure - block.a, sure - block.b))
            yield from block._replace(size=size).moved(start_a, start_b).pairs()
            if size < block.size:  # here the next part begins
                past_a, past_b = block.a + size, block.b + size
                break
        start_a, start_b = start_a + past_a, start_b + past_b


def _blocks(a: list[int], b: list[int]) -> Iterator[_Block]:
    """What is equal, in order."""
    if max(len(a), len(b)) <= WINDOW:
        yield from _equal(LCSseq.opcodes(a, b))
        return
    begun = _Block(0, 0, 0)
    waiting: list[_Block] = []
    for block in (*_equal(Levenshtein.opcodes(a, b)), _Block(len(a), len(b), 0)):
        is_whole = max(block.a + block.size - begun.a, block.b + block.size - begun.b) <= WINDOW
        if not is_whole or not block.size:
            yield from _better(a, b, begun, block, waiting)
            begun, waiting = block, []
        if block.size > WINDOW:
            yield block
            begun = _Block(block.a + block.size, block.b + block.size, 0)
        else:
            waiting.append(block)


def _better(a: list[int], b: list[int], begun: _Block, end: _Block, known: list[_Block]) -> Iterator[_Block]:
    """What is equal between two places; what is known of it where they are too far apart."""
    if max(end.a - begun.a, end.b - begun.b) > WINDOW:
        yield from known
        return
    for block in _equal(LCSseq.opcodes(a[begun.a : end.a], b[begun.b : end.b])):
        yield block.moved(begun.a, begun.b)


def _equal(opcodes: Iterable[Opcode]) -> Iterator[_Block]:
    for code in opcodes:
        if code.tag == "equal":
            yield _Block(code.src_start, code.dest_start, code.src_end - code.src_start)


class Match(NamedTuple):
    """Places that belong together; None where there is no other.

    is_moved: whether they are out of order, and comes_later: whether it then is later in the second.
    """

    a: int | None
    b: int | None
    is_moved: bool = False
    comes_later: bool = False


def matches(
    a: Sequence[int], b: Sequence[int], alike_a: Sequence[int], alike_b: Sequence[int]
) -> list[Match]:
    """All places of two sequences, in their order.

    What is equal belongs together, in order as far as may be, then wherever it stands; then, between the same
    neighbours, what is alike. alike_a, alike_b: numbers that are equal for what is alike.
    """
    anchors = aligned(a, b)
    anchors_a, anchors_b = [place for place, _ in anchors], [place for _, place in anchors]
    left_a, left_b = _without(len(a), anchors_a), _without(len(b), anchors_b)
    found = [((gap, 2, 0), Match(*pair)) for gap, pair in enumerate(anchors)]
    moved = _moved(a, b, left_a, left_b)
    for place, other in moved:
        gap = bisect_left(anchors_a, place)
        later = (bisect_left(anchors_b, other), other) > (gap, place)
        found.append(((gap, 0, place), Match(place, other, True, later)))
    left_a, left_b = (
        _less(left_a, {place for place, _ in moved}),
        _less(left_b, {place for _, place in moved}),
    )
    changed = list(_in_gaps(_by_gap(left_a, anchors_a), _by_gap(left_b, anchors_b), alike_a, alike_b))
    found += [((bisect_left(anchors_a, pair[0]), 0, pair[0]), Match(*pair)) for pair in changed]
    for place in _less(left_a, {place for place, _ in changed}):
        found.append(((bisect_left(anchors_a, place), 0, place), Match(place, None)))
    for place in _less(left_b, {place for _, place in changed}):
        found.append(((bisect_left(anchors_b, place), 1, place), Match(None, place)))
    found.sort(key=lambda entry: entry[0])
    return [match for _, match in found]


def _without(length: int, places: Sequence[int]) -> list[int]:
    return _less(range(length), set(places))


def _less(places: Sequence[int], taken: set[int]) -> list[int]:
    return [place for place in places if place not in taken]


def _moved(a: Sequence[int], b: Sequence[int], left_a: list[int], left_b: list[int]) -> Pairs:
    """Of what is left over the n-th of a number here and the n-th there."""
    waiting: defaultdict[int, list[int]] = defaultdict(list)
    for place in reversed(left_b):
        waiting[b[place]].append(place)
    return [(place, waiting[a[place]].pop()) for place in left_a if waiting.get(a[place])]


def _by_gap(places: Sequence[int], anchors: Sequence[int]) -> dict[int, list[int]]:
    gaps: defaultdict[int, list[int]] = defaultdict(list)
    for place in places:
        gaps[bisect_left(anchors, place)].append(place)
    return gaps


def _in_gaps(
    gaps_a: dict[int, list[int]], gaps_b: dict[int, list[int]], alike_a: Sequence[int], alike_b: Sequence[int]
) -> Iterator[tuple[int, int]]:
    for gap in sorted(gaps_a.keys() & gaps_b.keys()):
        here, there = gaps_a[gap], gaps_b[gap]
        for place, other in aligned([alike_a[at] for at in here], [alike_b[at] for at in there]):
            yield here[place], there[other]
