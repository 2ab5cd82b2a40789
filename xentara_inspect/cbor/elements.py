"""A message read element by element: what is too large to have all of its items in memory at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar, overload

from xentara_inspect.cbor.decoder import WIDTHS, decode_one
from xentara_inspect.cbor.items import (
    ARRAY,
    INDEFINITE,
    PREFERRED_FROM,
    Document,
    Item,
    LongHeads,
    Malformed,
)

T = TypeVar("T")

_BREAK: Final = b"\xff"
_HEADS: Final = frozenset({*range(24), *WIDTHS, INDEFINITE})
"""Additional information that the head of an array may have."""


class Anew(Sequence[T]):
    """A sequence whose entries are made each time somebody goes through it, and kept by nobody."""

    def __init__(self, length: int, make: Callable[[], Iterator[T]]) -> None:
        self._length = length
        self._make = make

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return self._make()

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        """As in any sequence; but what is far behind takes as long as all that is before."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self._length))]
        number = index + self._length if index < 0 else index
        if not 0 <= number < self._length:
            raise IndexError(index)
        return next(islice(self._make(), number, None))


def begins_with_array(data: bytes) -> bool:
    """Whether the first item is an array, as far as its head tells."""
    return bool(data) and data[0] >> 5 == ARRAY and data[0] & 31 in _HEADS


def read_elements(data: bytes) -> Document:
    """What `decode` gives of data that `begins_with_array`, in memory for one element at a time.

    The array's elements are decoded anew whenever they are asked for, those before an error only. Of
    what comes behind it there is one item, the last one. Never raises.
    """
    reader = _Reader(data)
    length = sum(1 for _ in reader)
    array = Item(
        ARRAY, reader.announced, data[0] & 31, 0, reader.end, Anew(length, lambda: iter(_Reader(data)))
    )
    items = [array]
    end, error = reader.end, reader.error
    while error is None and end < len(data):
        item, end, error = decode_one(data, end, reader.long_heads)
        items[1:] = [item]
    return Document(items, error, reader.long_heads)


class _Reader:
    """Goes through the elements of an array once.

    announced: how many there should be, None for an indefinite length. end: behind the array, once
    it was gone through; error: what was wrong with it then. long_heads: those met so far.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.long_heads = LongHeads()
        self.error: Malformed | None = None
        self.announced: int | None = None
        self.end = 1
        info = data[0] & 31
        if info != INDEFINITE:
            self.end += WIDTHS.get(info, 0)
            self.announced = int.from_bytes(data[1 : self.end], "big") if info in WIDTHS else info
            if self.announced < PREFERRED_FROM.get(info, 0):
                self.long_heads.add(0)

    def __iter__(self) -> Iterator[Item]:
        count = 0
        while count != self.announced:
            if self.announced is None and self._data.startswith(_BREAK, self.end):
                self.end += 1
                return
            place = self.announced, count
            item, self.end, self.error = decode_one(self._data, self.end, self.long_heads, place)
            if self.error is not None:
                return
            yield item
            count += 1
