"""What was handed to the journal and is not committed yet."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import astuple
from typing import Final

from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.feed import Feed, Operation, Place, memory
from xentara_inspect.store.cutting import Cut

LIMIT: Final = 64 << 20
"""Bytes of memory for what cannot be written; frames that come then are dropped."""

_TICK: Final = 0.05  # seconds to which the age of operations is told


class Backlog:
    """Hands over what happens, and keeps it until it is settled.

    feed: where it stands. page: what else the process and we know of each other; page_file: its descriptor.
    sessions: those that are open, by number, and what was told of them. dropped: frames that found no room.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._last_session = 0
        self._times: deque[tuple[int, float]] = deque()  # from which number on operations came when
        self._missed: dict[int, int] = {}  # frames that the feed does not tell of yet
        self.feed = Feed()
        self.page_file = memory("xentara-page", self)
        self.page = wire.Page.at(self.page_file)
        self.sessions: dict[int, tuple[SessionInfo, wire.Told]] = {}
        self.dropped = 0

    # What happens

    def open(self, info: SessionInfo, secrets: tuple[bytes, ...] = ()) -> int:
        """A session begins. secrets: that came with it. Returns its number. Raises OSError without memory."""
        session = self._last_session % wire.SESSIONS + 1
        while session in self.sessions:  # it has been open for very long
            session = session % wire.SESSIONS + 1
        self._last_session = session
        self._add((wire.OPENED, session, astuple(info), secrets))
        self.page.missed[session] = 0
        self.sessions[session] = info, (secrets, 0)
        return session

    def frame(
        self,
        session: int,
        frame: Frame,
        cut: Cut | None = None,
        looked: wire.Looked | None = None,
        *,
        always: bool = False,
    ) -> bool:
        """A frame passed. Returns False where there is no room for it; it is counted then.

        cut: where it is the beginning of one. looked: what was found in it, where somebody has looked.
        always: keep it though there is no room.
        """
        if always or self.has_room(len(frame.payload)):
            try:
                self._add((wire.FRAME, session, *frame, looked, cut and tuple(cut)))
            except OSError:  # there is less room than was granted
                pass
            else:
                return True
        self.dropped += 1
        self.page.missed[session] += 1
        self._missed[session] = self._missed.get(session, 0) + 1
        return False

    def end(self, session: int, closing: Closing) -> None:
        """A session ended."""
        with contextlib.suppress(OSError):  # it ends with the recorder then
            self._add((wire.ENDED, session, *closing))

    def tell_missed(self) -> None:
        """Hand over how many frames found no room since that was done last."""
        with contextlib.suppress(OSError):  # another time
            while self._missed:
                session, frames = next(iter(self._missed.items()))
                self.feed.append((wire.MISSED, session, frames))
                del self._missed[session]

    def _add(self, operation: Operation) -> None:
        self.tell_missed()
        self.feed.append(operation)
        now = time.monotonic()
        if not self._times or now > self._times[-1][1] + _TICK:
            self._times.append((self.feed.end.number, now))

    # What became of it

    @property
    def count(self) -> int:
        """Operations that are not settled."""
        return self.feed.end.number - self.feed.settled.number

    @property
    def size(self) -> int:
        """Bytes of them."""
        return self.feed.end.size - self.feed.settled.size

    def has_room(self, size: int) -> bool:
        """Whether there is room for a frame. Where nothing else is kept there always is."""
        return self.size + size <= self._limit or not self.count

    def age(self) -> float:
        """Seconds since the oldest operation that is not settled came; 0 where all are."""
        return time.monotonic() - self._times[0][1] if self._times else 0.0

    def unsettled_frames(self) -> int:
        """How many frames are not known to be committed."""
        return wire.frames_behind(self.feed.files, self.feed.settled)

    def settle(self, place: Place, sessions: Mapping[int, wire.Told | None]) -> None:
        """All operations up to a place are committed: nobody will ask for them again.

        sessions: what is known of those that had some; None of those that are over.
        """
        for number, told in sessions.items():
            info, _ = self.sessions.pop(number)
            if told is not None:
                self.sessions[number] = info, told
        self.feed.settle(place)
        while len(self._times) > 1 and self._times[1][0] <= place.number + 1:
            self._times.popleft()
        if not self.count:
            self._times.clear()
