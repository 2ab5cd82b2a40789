"""What is to be blanked where, and what follows from that for heads and for runs of items."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from xentara_inspect.cbor import BYTES, TEXT
from xentara_inspect.traffic.heads import SIZES, SMALL, UUIDS

MIXED: Final = 16
"""Items in each piece of what `mixed_items` matches."""

SHORTEST_TOLD: Final = 4
"""Bytes of the shortest string that is shown to who looks at strings."""

_NEVER: Final = 9  # no argument has so many bytes
_NESTED: Final = (
    (4, 2),
    (4, 2),
)  # most items of an array, most pairs of a map: of those inside, of those around


class Mode(NamedTuple):
    """What is blanked.

    strings: all of them. number, tag: arguments of numbers and tags, from so many bytes on. watch:
    whether tags and byte strings are shown to `tagged` and `suspicious`. value: whether this is where
    a command takes any value. told: whether strings are shown to `told`, but for very short ones.
    """

    strings: bool = False
    number: int = _NEVER
    tag: int = _NEVER
    watch: bool = False
    value: bool = False
    told: bool = False


@lru_cache(maxsize=16)
def steps_of(mode: Mode) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """By initial byte: how many bytes to go on, and how many more items are to come then.

    Bytes below 0 where all but the head is to be blanked, 0 where more is to be done or the head does
    not tell.
    """
    grows = tuple(SMALL.get(initial, 0) - 1 for initial in range(256))
    return tuple(1 if initial in SMALL else _step(initial, mode) for initial in range(256)), grows


def _step(initial: int, mode: Mode) -> int:
    """Of an item that its initial byte tells the size of."""
    size, major = SIZES[initial], initial >> 5
    if size <= 1:
        return size
    if major not in (BYTES, TEXT):
        return -size if size > mode.number else size
    if mode.told and size > SHORTEST_TOLD:
        return 0
    if mode.strings:
        return -size
    return 0 if mode.watch and major == BYTES else size


@lru_cache(maxsize=16)
def mixed_items(mode: Mode) -> re.Pattern[bytes]:
    """`MIXED` items in which there is nothing to blank, whatever their heads, small containers included.

    Made when somebody sends so many: that takes a while.
    """
    sizes: dict[int, bytes] = {}
    for initial in range(256):
        if (size := _step(initial, mode)) > 0:
            sizes[size] = sizes.get(size, b"") + rb"\x%02x" % initial
    kinds = [rb"[%s].{%d}" % (heads, size - 1) for size, heads in sorted(sizes.items())]
    if not (mode.strings or mode.told):
        kinds.append(UUIDS.pattern.removesuffix(b"++"))
    item = scalar = b"|".join(kinds)
    for array, pairs in _NESTED:
        heads = [(0x80 + count, count) for count in range(1, array + 1)]
        heads += [(0xA0 + count, 2 * count) for count in range(1, pairs + 1)]
        containers = [rb"\x%02x(?:%s){%d}" % (initial, item, count) for initial, count in heads]
        item = b"|".join((scalar, *containers))
    return re.compile(rb"(?>%s){%d}" % (item, MIXED), re.DOTALL)
