"""What happens, in memory of the proxy and of the process that writes, which outlives each of them.

Two files in memory are written by turns: while one grows, the other, of which all is settled, is emptied.
A record is the length of its marshal in 8 bytes, and that; a length of 0 says that the other file follows.
What was cut off by the death of who wrote it is not read.
"""

from __future__ import annotations

import contextlib
import errno
import marshal
import os
import struct
import weakref
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

Operation = tuple[Any, ...]
"""See `wire`."""

_LENGTH: Final = struct.Struct("<Q")
_FORMAT: Final = 2  # of marshal: the last one that does not look for objects that occur twice
_TURN: Final = 1 << 20  # bytes of a file from which on it is left for the other
_PIECE: Final = 1 << 18  # bytes that are read at once


def packed(value: Operation) -> tuple[bytes, bytes]:
    """A record in two pieces: its length, and its marshal. Raises MemoryError."""
    body = marshal.dumps(value, _FORMAT)
    return _LENGTH.pack(len(body)), body


def size_at(data: bytes | bytearray, start: int) -> int:
    """Bytes of the record that begins there; those of its length where not even that is there."""
    if len(data) - start < _LENGTH.size:
        return _LENGTH.size
    return _LENGTH.size + int(_LENGTH.unpack_from(data, start)[0])


def value_at(data: bytes | bytearray, start: int, size: int) -> Operation:
    """What the record of so many bytes says. Both ends run the same interpreter."""
    with memoryview(data) as view:
        value: Operation = marshal.loads(view[start + _LENGTH.size : start + size])  # noqa: S302 - our other half wrote it
    return value


def memory(name: str, owner: object) -> int:
    """A descriptor of a file in memory, closed with its owner. Raises OSError."""
    descriptor = os.memfd_create(name)
    weakref.finalize(owner, os.close, descriptor)
    return descriptor


class Place(NamedTuple):
    """A place between two operations. number: how many are before it. size: their bytes.

    file, offset: where the next one is.
    """

    number: int = 0
    size: int = 0
    file: int = 0
    offset: int = 0

    def behind(self, size: int) -> Place:
        """The place behind an operation of so many bytes, its length included."""
        return Place(self.number + 1, self.size + size, self.file, self.offset + size)

    def turned(self) -> Place:
        """The same place, at the beginning of the other file."""
        return self._replace(file=1 - self.file, offset=0)


BEGINNING: Final = Place()


class Feed:
    """Writes operations. For the proxy.

    files: descriptors. end: the place behind all. settled: the place up to which nobody will ask any more.
    """

    def __init__(self) -> None:
        self.files = [memory("xentara-feed", self) for _ in range(2)]
        self.end = self.settled = BEGINNING

    def append(self, operation: Operation) -> None:
        """Write an operation. Raises OSError where there is no memory; nothing is written then."""
        try:
            record = packed(operation)
        except MemoryError:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)) from None
        self._write(*record)
        self.end = self.end.behind(sum(map(len, record)))

    def settle(self, place: Place) -> None:
        """Forget what is before a place."""
        self.settled = place
        if place.file != self.end.file:
            return
        os.ftruncate(self.files[1 - place.file], 0)
        if self.end.offset >= _TURN:
            with contextlib.suppress(OSError):  # it is full
                self._write(_LENGTH.pack(0))
                self.end = self.end.turned()

    def _write(self, *parts: bytes) -> None:
        file, offset = self.files[self.end.file], self.end.offset
        if os.pwritev(file, parts, offset) < sum(map(len, parts)):
            os.ftruncate(file, offset)
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


class FeedReader:
    """Reads operations. place: behind those that were read."""

    def __init__(self, files: Sequence[int], place: Place) -> None:
        """files: descriptors."""
        self._files = files
        self._ahead = b""  # what was read of the file,
        self._at = 0  # and how much of that is behind us
        self.place = place

    def read(self) -> Operation | None:
        """The next operation; None where there is none yet."""
        while (size := self._size()) == _LENGTH.size:
            self.place, self._ahead, self._at = self.place.turned(), b"", 0
        if not size:
            return None
        operation = value_at(self._ahead, self._at, size)
        self._at += size
        self.place = self.place.behind(size)
        return operation

    def _size(self) -> int:
        """Bytes of the next record; 0 as long as it is not there as a whole."""
        asked = 0
        while len(self._ahead) - self._at < (size := size_at(self._ahead, self._at)):
            if asked >= size:
                return 0
            asked = max(_PIECE, size)
            self._ahead = os.pread(self._files[self.place.file], asked, self.place.offset)
            self._at = 0
        return size
