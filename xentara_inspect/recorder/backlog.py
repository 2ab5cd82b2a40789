"""What was handed to the journal and is not committed yet, so that it can be said again."""

from __future__ import annotations

from collections import deque
from dataclasses import astuple, dataclass
from typing import Any, Final, NamedTuple

from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.recorder import wire

LIMIT: Final = 64 << 20
"""Bytes of frames kept in memory while they cannot be written; what comes then is dropped."""

OVERHEAD: Final = 400
"""Bytes of memory that a frame costs beside its payload, here or in the journal."""


@dataclass(slots=True)
class _Session:
    """position: how many frames of it are committed."""

    info: SessionInfo
    position: int = 0


class _Chunk(NamedTuple):
    """Operations as they were sent. frames: how many of each session; ended: the sessions that end here."""

    first: int
    last: int
    data: bytes
    size: int
    frames: dict[int, int]
    ended: list[int]


class Backlog:
    """Numbers operations, from 1, and keeps them until they are settled.

    last: the number of the last one. settled: that of the last one that is committed, with all before.
    waiting: bytes of those that were not taken yet. dropped: frames that found no room, in all.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._sessions: dict[int, _Session] = {}
        self._last_session = 0
        self._chunks: deque[_Chunk] = deque()
        self._sent = 0  # bytes in chunks
        self._missed: dict[int, int] = {}
        self.waiting = 0
        self.last = 0
        self.settled = 0
        self.dropped = 0
        self._begin_chunk()

    def _begin_chunk(self) -> None:
        self._begun: list[int] = []
        self._ended: list[int] = []
        self._frames: dict[int, int] = {}
        self._operations: list[tuple[Any, ...]] = []
        self.waiting = 0

    # What happens

    def open(self, info: SessionInfo) -> int:
        """A session begins. Returns its number."""
        self._last_session += 1
        session = self._last_session
        self._sessions[session] = _Session(info)
        self._begun.append(session)
        self._add((wire.OPENED, session), 0)
        return session

    def frame(self, session: int, frame: Frame) -> bool:
        """A frame passed. Returns False where there is no room for it; it is counted then."""
        size = len(frame.payload)
        if not self.has_room(size):
            self.dropped += 1
            self._missed[session] = self._missed.get(session, 0) + 1
            return False
        self._add((wire.FRAME, session, *frame), size)
        self._frames[session] = self._frames.get(session, 0) + 1
        return True

    def end(self, session: int, closing: Closing) -> None:
        """A session ended."""
        self._add((wire.ENDED, session, *closing), 0)
        self._ended.append(session)

    def has_room(self, size: int) -> bool:
        """Whether there is room for a frame. Where nothing else is kept there always is."""
        return self.waiting + self._sent + size + OVERHEAD <= self._limit or self.settled == self.last

    def _add(self, operation: tuple[Any, ...], size: int) -> None:
        if self._missed:
            self._state_missed()
        self._operations.append(operation)
        self.waiting += size + OVERHEAD
        self.last += 1

    def _state_missed(self) -> None:
        missed, self._missed = self._missed, {}
        for session, frames in missed.items():
            self._add((wire.MISSED, session, frames), 0)

    # What the journal is told

    def take(self) -> bytes:
        """The messages that say what was not said yet; none where that is nothing."""
        if self._missed:
            self._state_missed()
        if not self._operations:
            return b""
        first = self.last - len(self._operations) + 1
        data = wire.encode((wire.OPERATIONS, self.last, self._operations))
        self._chunks.append(_Chunk(first, self.last, data, self.waiting, self._frames, self._ended))
        self._sent += self.waiting
        declared = [self._declare(session) for session in self._begun]
        self._begin_chunk()
        return b"".join([*declared, data])

    def _declare(self, number: int) -> bytes:
        session = self._sessions[number]
        return wire.encode((wire.SESSION, number, astuple(session.info), session.position))

    def next_number(self) -> int:
        """The number of the first operation that `again` says, or `take` after it."""
        return self._chunks[0].first if self._chunks else self.last - len(self._operations) + 1

    def again(self) -> bytes:
        """The messages that say to another journal what was said to one that has died."""
        declared = [self._declare(session) for session in self._sessions if session not in self._begun]
        return b"".join([*declared, *(chunk.data for chunk in self._chunks)])

    def unsettled_frames(self) -> int:
        """How many frames are not known to be committed."""
        return sum(
            sum(frames.values()) for frames in (*(chunk.frames for chunk in self._chunks), self._frames)
        )

    def settle(self, last: int) -> None:
        """All operations up to this number are committed: nobody will ask for them again."""
        self.settled = last
        while self._chunks and self._chunks[0].last <= last:
            chunk = self._chunks.popleft()
            self._sent -= chunk.size
            for session, frames in chunk.frames.items():
                self._sessions[session].position += frames
            for session in chunk.ended:
                del self._sessions[session]
