"""What happens, in memory of the proxy and of the process that writes, which outlives each of them.

Two files in memory are written by turns: while one grows, the other, of which all is settled, is emptied.
A place is how many bytes were written before it, into both. `begins` says at which place each of them
begins. A record is the length of its marshal in 8 bytes, and that; what was cut off by the death of who
wrote it is not read.
"""

from __future__ import annotations

import errno
import marshal
import os
import struct
from collections.abc import MutableSequence, Sequence
from typing import Any, Final

Operation = tuple[Any, ...]
"""See `wire`."""

_LENGTH: Final = struct.Struct("<Q")
_FORMAT: Final = 2  # of marshal: the last one that does not look for objects that occur twice
_TURN: Final = 1 << 20  # bytes of a file from which on it is left for the other
_PIECE: Final = 1 << 18  # bytes that are read at once


class Feed:
    """Writes operations. For the proxy. number, end: how many there are, and the place behind them."""

    def __init__(self, files: Sequence[int], begins: MutableSequence[int]) -> None:
        """files: descriptors."""
        self._files = files
        self._begins = begins
        self._file = 1  # at first both begin at the same place, and the reader takes the second, too
        self.number = self.end = 0

    def append(self, operation: Operation) -> None:
        """Write an operation. Raises OSError where there is no memory; nothing is written then."""
        try:
            body = marshal.dumps(operation, _FORMAT)
        except MemoryError:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)) from None
        size, offset = _LENGTH.size + len(body), self.end - self._begins[self._file]
        if os.pwritev(self._files[self._file], (_LENGTH.pack(len(body)), body), offset) < size:
            os.ftruncate(self._files[self._file], offset)
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        self.number += 1
        self.end += size

    def settle(self, place: int) -> None:
        """Forget what is before a place: nobody will ask for it any more."""
        begin, other = self._begins[self._file], 1 - self._file
        if place < begin:
            return
        os.ftruncate(self._files[other], 0)
        if self.end - begin >= _TURN:
            self._file, self._begins[other] = other, self.end


class FeedReader:
    """Reads operations. number, place: behind those that were read."""

    def __init__(self, files: Sequence[int], begins: Sequence[int], number: int = 0, place: int = 0) -> None:
        """files: descriptors."""
        self._files = files
        self._begins = begins
        self._ahead = b""  # what was read of a file,
        self._at = 0  # and how much of that is behind us
        self.number = number
        self.place = place

    def read(self) -> Operation | None:
        """The next operation; None where there is none yet. Raises MemoryError."""
        size = asked = 0
        while len(self._ahead) - self._at < (size := self._size()):
            if asked >= size:
                return None
            asked = max(_PIECE, size)
            self._ahead, self._at = self._next(asked), 0
        with memoryview(self._ahead) as view:
            body = view[self._at + _LENGTH.size : self._at + size]
            operation: Operation = marshal.loads(body)  # noqa: S302 - our other half wrote it
        self._at += size
        self.number += 1
        self.place += size
        return operation

    def _size(self) -> int:
        """Bytes of the next record; those of its length where not even that is there."""
        if len(self._ahead) - self._at < _LENGTH.size:
            return _LENGTH.size
        return _LENGTH.size + int(_LENGTH.unpack_from(self._ahead, self._at)[0])

    def _next(self, size: int) -> bytes:
        """So many bytes behind the place, or as many as there are."""
        begin, file = max((begin, file) for file, begin in enumerate(self._begins) if begin <= self.place)
        return os.pread(self._files[file], size, self.place - begin)
