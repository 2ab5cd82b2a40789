"""How far the indexer of a recording is, seen from outside, and whether it goes on."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections import deque
from typing import Final

from xentara_inspect.index.carrying import unfinished_files
from xentara_inspect.store.chain import frames_given_before, last_frame, newest_file
from xentara_inspect.store.database import open_for_reading
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.processes import SILENCE

BEHIND: Final = 10.0
"""Seconds that a frame may wait to be decoded, while others are, before anybody is told."""

_NEARLY: Final = 100  # to such a part of it the age of the oldest frame is right

_Done = tuple[str, int, int]
"""Up to where all is decoded: the file, the frame, and the position in the one behind it."""


class Progress:
    """Looks into the files of a recording now and then.

    lag: frames that wait to be decoded. moved: when something was decoded, or nothing waited, on the
    monotonic clock.
    """

    def __init__(self, path: str, *, alone: bool) -> None:
        """alone: whether only this file is indexed, not those that follow it."""
        self._path = path
        self._alone = alone
        self._done: _Done = ("", 0, 0)
        self.moved = time.monotonic()
        self._waiting: deque[tuple[int, float]] = deque()  # the last frame there was, and when
        self.lag = 0

    def look(self) -> bool:
        """See how far it is. Returns False where nobody can tell just now."""
        try:
            done, decoded, last = self._read()
        except (StoreError, sqlite3.Error):
            return False
        now = time.monotonic()
        self.lag = max(0, last - decoded)
        if done != self._done or not self.lag:
            self._done, self.moved = done, now
        while self._waiting and self._waiting[0][0] <= decoded:
            self._waiting.popleft()
        # The longer the oldest waits the less often: what a day behind takes is as little as an hour's.
        if self.lag and (not self._waiting or now - self._waiting[-1][1] >= self._age(now) / _NEARLY):
            self._waiting.append((last, now))
        return True

    def _age(self, now: float) -> float:
        """Seconds that the oldest frame waits."""
        return now - self._waiting[0][1] if self._waiting else 0.0

    def problem(self, *, is_told: bool) -> str:
        """What is wrong, in words; empty where nothing is.

        is_told: whether something was, which is over once the indexer has caught up.
        """
        now = time.monotonic()
        still = now - self.moved
        late = self._age(now)
        if still >= SILENCE:
            return (
                f"the indexer stands still, or is behind: for {still:.0f} seconds no frame was decoded; they"
                " are recorded all the same"
            )
        if late >= (SILENCE if is_told else BEHIND):
            return (
                f"the indexer is behind: {self.lag} frames are not decoded, the oldest for {late:.0f}"
                " seconds; they are recorded all the same"
            )
        return ""

    def _read(self) -> tuple[_Done, int, int]:
        """Up to where all is decoded, the last frame that is, and the last that there is."""
        files = [self._path] if self._alone else unfinished_files(newest_file(self._path))
        with contextlib.closing(open_for_reading(files[0], timeout=0)) as connection:
            frame, position = connection.execute("SELECT frame_id, position FROM checkpoint").fetchone()
            decoded = max(frame, frames_given_before(connection))
            last = last_frame(connection)
        if len(files) > 1:
            with contextlib.closing(open_for_reading(files[-1], timeout=0)) as connection:
                last = last_frame(connection)
        return (files[0], frame, position), decoded, last
