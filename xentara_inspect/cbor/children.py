"""The children of large arrays and maps: made again from the bytes when they are asked for.

An item takes up to 150 bytes, the least head one. What was read is therefore not all kept: of children that
stand in a row only where they begin is remembered.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Final, TypeVar, overload

from xentara_inspect.cbor.items import Item

T = TypeVar("T")

STRETCH: Final = 4096
"""Bytes of children that are made together."""

_FEW: Final = 8
"""Children of which nothing is gained by making them again."""

Read = Callable[[bytes, int, int], Sequence[Item]]
"""Reads items: the bytes, the offset of the first, how many there are."""


def thinned(children: Sequence[Item], data: bytes, read: Read, held: int = 0) -> Sequence[Item]:
    """The children read so far of an item that may go on, as something that holds less if they are large.

    held: the offset up to which they are held as they are all the same.
    """
    if not isinstance(children, list) or len(children) < _FEW:
        return children
    size = children[-1].end - max(held, children[0].start)
    return children if size <= STRETCH else Children(children, data, read, held)


class Children(Sequence[Item]):
    """Children of an item; a list to whoever goes through them, also while it is read.

    Of stretches of them only the offset is kept, but where one child is large: its own children may be
    such a sequence, and making all of them again at each level would take the square of the time. Nor
    is the last stretch made again, in which the bytes may stop being well-formed.
    """

    __slots__ = ("_data", "_ends", "_kept", "_last", "_made", "_made_of", "_read")

    def __init__(self, children: list[Item], data: bytes, read: Read, held: int) -> None:
        self._data = data
        self._read = read
        self._kept: list[int | Sequence[Item]] = []
        self._ends: list[int] = []  # the number of children up to the end of each
        self._last: list[Item] = []
        self._made: Sequence[Item] = ()
        self._made_of = -1
        number = bisect_right(children, held, key=attrgetter("end"))
        if number:
            self._kept.append(children[:number])
            self._ends.append(number)
        for child in children[number:]:
            self.append(child)

    def append(self, child: Item) -> None:
        """One more, behind the others."""
        last = self._last
        if last and child.start - last[0].start >= STRETCH:
            start, size = last[0].start, last[-1].end - last[0].start
            self._ends.append(self._before_last() + len(last))
            self._kept.append(start if size <= 2 * STRETCH else last)
            last = self._last = []
        last.append(child)

    def __len__(self) -> int:
        return self._before_last() + len(self._last)

    def __iter__(self) -> Iterator[Item]:
        for number in range(len(self._kept)):
            yield from self._stretch(number)
        yield from self._last

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return Made(self, range(len(self))[index], lambda _, child: child)
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        number = bisect_right(self._ends, place)
        return self._stretch(number)[place - (self._ends[number - 1] if number else 0)]

    def _before_last(self) -> int:
        return self._ends[-1] if self._ends else 0

    def _stretch(self, number: int) -> Sequence[Item]:
        if number == len(self._kept):
            return self._last
        kept = self._kept[number]
        if not isinstance(kept, int):
            return kept
        if self._made_of != number:
            count = self._ends[number] - (self._ends[number - 1] if number else 0)
            self._made = self._read(self._data, kept, count)
            self._made_of = number
        return self._made


class Made(Sequence[T]):
    """What is made of some of the children, each time it is asked for.

    places: which of them, one behind the other. make: of the place of a child and the child.
    """

    __slots__ = ("_children", "_make", "_places")

    def __init__(self, children: Sequence[Item], places: range, make: Callable[[int, Item], T]) -> None:
        self._children = children
        self._places = places
        self._make = make

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[T]:
        places = self._places
        if places.step < 0:
            return (self[number] for number in range(len(places)))
        return map(self._make, places, islice(self._children, places.start, None, places.step))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return Made(self._children, self._places[index], self._make)
        place = self._places[index]
        return self._make(place, self._children[place])
