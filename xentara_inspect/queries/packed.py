"""Many rows held in little memory, as a list of the newest must until it knows the oldest of them."""

from __future__ import annotations

import pickle
import zlib
from collections import deque
from collections.abc import Iterator
from typing import Final

from xentara_inspect.queries.values import Row

_TOGETHER: Final = 512
"""Rows that are packed as one: rows are much alike, and take some 30 bytes each instead of 1,000."""


class PackedRows:
    """Rows in the order in which they came; all but the newest few are compressed."""

    def __init__(self) -> None:
        self._packs: deque[bytes] = deque()
        self._few: list[Row] = []

    def __len__(self) -> int:
        return len(self._packs) * _TOGETHER + len(self._few)

    def add(self, row: Row) -> None:
        """Hold one more."""
        self._few.append(row)
        if len(self._few) == _TOGETHER:
            self._packs.append(zlib.compress(pickle.dumps(self._few), 1))
            self._few = []

    def keep(self, count: int) -> None:
        """Forget what came so early that it is not needed for the last `count`, at least most of it."""
        while len(self) - _TOGETHER >= count and self._packs:
            self._packs.popleft()

    def forwards(self) -> Iterator[Row]:
        """All there are, as they came."""
        for pack in self._packs:
            yield from _unpacked(pack)
        yield from self._few

    def backwards(self) -> Iterator[Row]:
        """All there are, the last first; what was given is held no longer."""
        yield from reversed(self._few)
        self._few = []
        while self._packs:
            yield from reversed(_unpacked(self._packs.pop()))


def _unpacked(pack: bytes) -> list[Row]:
    rows: list[Row] = pickle.loads(zlib.decompress(pack))  # noqa: S301 - made here
    return rows
