"""What was handed to the journal and is not committed yet."""

from __future__ import annotations

import contextlib
import os
from dataclasses import astuple
from typing import Final

from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.recorder import shared, wire
from xentara_inspect.recorder.feed import Feed, Operation
from xentara_inspect.store.cutting import Cut

LIMIT: Final = 64 << 20
"""Bytes of memory for what cannot be written; frames that come then are dropped."""


class Backlog:
    """Hands over what happens, as far as there is room for it. dropped: frames that found none."""

    def __init__(self, memory: shared.Shared, limit: int = LIMIT) -> None:
        """limit: bytes of what is not committed."""
        self._memory = memory
        self._limit = limit
        self._feed = Feed(memory.feed, memory.page.begins)
        self._last_session = 0
        self._open: set[int] = set()
        self._missed: dict[int, int] = {}  # frames that the feed does not tell of yet
        self.dropped = 0

    # What happens

    def open(self, info: SessionInfo, secrets: tuple[bytes, ...] = ()) -> int:
        """A session begins. secrets: that came with it. Returns its number. Raises OSError without memory."""
        session = self._last_session % shared.SESSIONS + 1
        while session in self._open:  # for very long
            session = session % shared.SESSIONS + 1
        self._last_session = session
        self._add((wire.OPENED, session, astuple(info), secrets))
        self._memory.page.missed[session] = 0
        self._open.add(session)
        return session

    def frame(
        self,
        session: int,
        frame: Frame,
        cut: Cut | None = None,
        looked: wire.Looked | None = None,
        *,
        always: bool = False,
    ) -> int | None:
        """A frame passed. Returns its number; None where there is no room for it, and it is counted then.

        cut: where it is the beginning of one. looked: what was found in it, where somebody has looked.
        always: keep it though there is no room.
        """
        if always or self.has_room(len(frame.payload)):
            with contextlib.suppress(OSError):  # there is less room than was granted
                return self._add((wire.FRAME, session, *frame, looked, cut and tuple(cut)))
        self.dropped += 1
        self._memory.page.missed[session] += 1
        self._missed[session] = self._missed.get(session, 0) + 1
        return None

    def end(self, session: int, closing: Closing) -> None:
        """A session ended."""
        self._open.discard(session)
        with contextlib.suppress(OSError):  # it ends with the recorder then
            self._add((wire.ENDED, session, *closing))

    def tell_missed(self) -> None:
        """Hand over how many frames found no room since that was done last."""
        with contextlib.suppress(OSError):  # another time
            while self._missed:
                session, frames = next(iter(self._missed.items()))
                self._feed.append((wire.MISSED, session, frames))
                del self._missed[session]

    def _add(self, operation: Operation) -> int:
        self.tell_missed()
        self._feed.append(operation)
        os.eventfd_write(self._memory.wake, 1)
        return self._feed.number

    # What became of it

    @property
    def number(self) -> int:
        """Of the last operation."""
        return self._feed.number

    @property
    def count(self) -> int:
        """Operations that are not settled: frames for the most part."""
        # For another thread the process may be ahead of what `_feed` says.
        return max(0, self._feed.number - self._memory.settled.number)

    @property
    def size(self) -> int:
        """Bytes of them."""
        return max(0, self._feed.end - self._memory.settled.place)

    def has_room(self, size: int) -> bool:
        """Whether there is room for a frame. Where nothing else is kept there always is."""
        return self.size + size <= self._limit or not self.count

    @property
    def is_relieved(self) -> bool:
        """Whether there is room for more than just the next frame."""
        return self.has_room(self._limit // 2)

    def free(self) -> None:
        """Give back the memory of what is settled."""
        # Of both: the other one may be what is to be settled, and the process killed before that.
        self._feed.settle(min(settled.place for settled in self._memory.page.settled))

    def unsettled_frames(self) -> int:
        """How many frames are not known to be committed."""
        return wire.frames_in(self._memory.unsettled())
