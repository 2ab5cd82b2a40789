"""Items in very many others, read without a tree: an item takes 150 bytes, the head of an array one.

Whoever nests a million arrays would otherwise have us hold a million items at the same time.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from xentara_inspect.cbor.items import (
    ARRAY,
    BROKEN,
    INDEFINITE,
    MAP,
    PREFERRED_FROM,
    TAG,
    WIDTHS,
    Item,
    LongHeads,
    Malformed,
)
from xentara_inspect.cbor.malformed import wanted_deep

Read = Callable[[bytes, int, int, LongHeads], tuple[Sequence[Item], int, Malformed | None]]
"""Reads items: the bytes, the offset of the first, how many. Returns them, where they end, what was wrong."""

_BREAK: Final = b"\xff"
_ENDLESS: Final = -2  # even, as the number of items of a map is
_MOST: Final = 1 << 62  # likewise; there are never so many bytes
CLOSERS: Final = {ARRAY: "]", MAP: "}", TAG: ")"}
"""What stands behind the children, by the kind of their item."""
_SOME: Final = (Item(BROKEN, None, 0, 0, 0, ()),)


class Nested:
    """Goes through an array, map or tag in wire order. Takes nine bytes of memory for each level.

    long_heads: gets those in it; whoever found it has seen its own.

    Gives an item for the head of each array, map and tag, with a child that means nothing where there are
    some; what stands between items and closes them, as notation; and all other items as they are.

    end: the offset behind it, once that is known. error: what was wrong there.
    """

    def __init__(self, data: bytes, start: int, read: Read, long_heads: LongHeads) -> None:
        self.end = start
        self.error: Malformed | None = None
        self._start = start
        self._data = data
        self._read = read
        self._long_heads = long_heads

    def __iter__(self) -> Iterator[Item | str]:
        data, size = self._data, len(self._data)
        kind, missing, is_first = TAG, 1, True  # as if it stood in a tag
        kinds, missings = bytearray(), array("q")  # of what is around that
        while True:
            awaits_value = kind == MAP and missing & 1
            if missing < 0 and not awaits_value and data.startswith(_BREAK, self.end):
                self.end += 1
                missing = 0
            if not missing:
                if not kinds:
                    return
                yield CLOSERS[kind]
                kind, missing, is_first = kinds.pop(), missings.pop(), False
                continue
            if not is_first:
                yield ": " if awaits_value else ", "
            missing -= 1
            if self.end == size:
                self.error = Malformed(size, size, "the end of the data", wanted_deep(kind))
                return
            head = self._head()
            if head is not None:
                kinds.append(kind)
                missings.append(missing)
                yield head
                kind, missing, is_first = head.kind, _items_in(head), True
                continue
            found, self.end, self.error = self._read(data, self.end, 1, self._long_heads)
            yield found[0]
            if self.error is not None:
                return
            is_first = False

    def _head(self) -> Item | None:
        """The head of an array, map or tag, which is passed; None for anything else."""
        data, start = self._data, self.end
        kind, info = data[start] >> 5, data[start] & 31
        end = start + 1 + WIDTHS.get(info, 0)
        if not ARRAY <= kind <= TAG or end > len(data):
            return None
        if info == INDEFINITE and kind != TAG:
            value, has_some = None, not data.startswith(_BREAK, end)
        elif info < 28:
            value = info if info < 24 else int.from_bytes(data[start + 1 : end], "big")
            has_some = value > 0
            if info >= 24 and value < PREFERRED_FROM[info] and start > self._start:
                self._long_heads.add(start)
        else:
            return None
        self.end = end
        return Item(kind, value, info, start, end, _SOME if has_some else ())


def _items_in(head: Item) -> int:
    if head.kind == TAG:
        return 1
    return _ENDLESS if head.value is None else min(head.value << (head.kind == MAP), _MOST)
