"""What was handed to the journal and is not committed yet, so that it can be said again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from typing import Any, Final

from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.store.cutting import Cut

LIMIT: Final = 64 << 20
"""Bytes of frames kept in memory while they cannot be written; what comes then is dropped."""

OVERHEAD: Final = 400
"""Bytes of memory that a frame costs beside its payload, here or in the journal."""


@dataclass(slots=True)
class _Session:
    """position: how many frames of it are committed; stated, those that it is said to have missed too.

    passed: all that there were. secrets: that it is known to have sent.
    """

    info: SessionInfo
    secrets: tuple[bytes, ...] = field(repr=False)
    position: int = 0
    stated: int = 0
    passed: int = 0


@dataclass(slots=True)
class _Chunk:
    """Operations from number `first` on. size: bytes. since: when the first one came, of time.monotonic.

    data: as they were sent. frames, missed: how many of each session; begun, ended: sessions.
    """

    first: int
    since: float = 0.0
    operations: list[tuple[Any, ...]] = field(default_factory=list)
    data: bytes = b""
    size: int = 0
    last: int = 0
    frames: dict[int, int] = field(default_factory=dict)
    missed: dict[int, int] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)


class Backlog:
    """Numbers operations, from 1, and keeps them until they are settled.

    last: the number of the last one. settled: that of the last one that is committed, with all before.
    dropped: frames that found no room, in all.
    """

    def __init__(self, limit: int = LIMIT, page: wire.Page | None = None) -> None:
        """page: where others see how many frames have passed."""
        self._limit = limit
        self._page = page
        self._sessions: dict[int, _Session] = {}
        self._last_session = 0
        self._chunks: deque[_Chunk] = deque()  # those that were sent
        self._sent = 0  # bytes in them
        self._next = _Chunk(1)
        self._missed: dict[int, int] = {}
        self.last = 0
        self.settled = 0
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Bytes of operations that were not taken yet."""
        return self._next.size

    # What happens

    def open(self, info: SessionInfo, secrets: tuple[bytes, ...] = ()) -> int:
        """A session begins. secrets: that came with it. Returns its number."""
        self._last_session += 1
        session = self._last_session
        self._sessions[session] = _Session(info, secrets)
        if self._page is not None:
            self._page.pass_by(session, 0)
        self._add((wire.OPENED, session))
        self._next.begun.append(session)
        return session

    def frame(self, session: int, frame: Frame, cut: Cut | None = None, *, always: bool = False) -> bool:
        """A frame passed. Returns False where there is no room for it; it is counted then.

        cut: where it is the beginning of one. always: keep it though there is no room.
        """
        passed = self._sessions[session].passed = self._sessions[session].passed + 1
        if self._page is not None:
            self._page.pass_by(session, passed)
        size = len(frame.payload)
        if not always and not self.has_room(size):
            self.dropped += 1
            self._missed[session] = self._missed.get(session, 0) + 1
            return False
        self._add((wire.FRAME, session, *frame, False, cut and tuple(cut)), size)
        frames = self._next.frames
        frames[session] = frames.get(session, 0) + 1
        return True

    def end(self, session: int, closing: Closing) -> None:
        """A session ended."""
        self._add((wire.ENDED, session, *closing))
        self._next.ended.append(session)

    def has_room(self, size: int) -> bool:
        """Whether there is room for a frame. Where nothing else is kept there always is."""
        return self.waiting + self._sent + size + OVERHEAD <= self._limit or self.settled == self.last

    def _add(self, operation: tuple[Any, ...], size: int = 0) -> None:
        if self._missed:
            self._state_missed()
        chunk = self._next
        if not chunk.operations:
            chunk.since = time.monotonic()
        chunk.operations.append(operation)
        chunk.size += size + OVERHEAD
        self.last += 1

    def _state_missed(self) -> None:
        missed, self._missed = self._missed, {}
        for session, frames in missed.items():
            self._add((wire.MISSED, session, frames))
            self._next.missed[session] = self._next.missed.get(session, 0) + frames

    # What the journal is told

    def take(self) -> bytes:
        """The messages that say what was not said yet; none where that is nothing."""
        if self._missed:
            self._state_missed()
        chunk = self._next
        if not chunk.operations:
            return b""
        chunk.data = wire.encode((wire.OPERATIONS, chunk.operations))
        chunk.operations = []
        chunk.last = self.last
        self._chunks.append(chunk)
        self._sent += chunk.size
        self._next = _Chunk(self.last + 1)
        return b"".join([*map(self._declare, chunk.begun), chunk.data])

    def _declare(self, number: int) -> bytes:
        session = self._sessions[number]
        known = (astuple(session.info), session.position, session.stated, session.secrets)
        return wire.encode((wire.SESSION, number, *known))

    def next_number(self) -> int:
        """The number of the first operation that `again` says, or `take` after it."""
        return (self._chunks[0] if self._chunks else self._next).first

    def again(self) -> bytes:
        """The messages that say to another journal what was said to one that has died."""
        declared = [self._declare(session) for session in self._sessions if session not in self._next.begun]
        return b"".join([*declared, *(chunk.data for chunk in self._chunks)])

    def change(self, number: int, change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> None:
        """Say another operation in the place of one that was said."""
        for chunk in self._chunks:
            if chunk.first <= number <= chunk.last:
                ((_, operations),) = wire.Messages().feed(chunk.data)
                operations[number - chunk.first] = change(operations[number - chunk.first])
                chunk.data = wire.encode((wire.OPERATIONS, operations))

    # What became of it

    def learn(self, session: int, secrets: tuple[bytes, ...]) -> None:
        """What a session is known to have sent: another journal is to know it too."""
        if session in self._sessions:
            self._sessions[session].secrets = secrets

    def age(self) -> float:
        """Seconds since the oldest operation that is not settled came; 0 where all are."""
        chunk = self._chunks[0] if self._chunks else self._next
        return time.monotonic() - chunk.since if chunk.data or chunk.operations else 0.0

    def unsettled_frames(self) -> int:
        """How many frames are not known to be committed."""
        return sum(sum(chunk.frames.values()) for chunk in (*self._chunks, self._next))

    def settle(self, last: int) -> None:
        """All operations up to this number are committed: nobody will ask for them again."""
        self.settled = last
        while self._chunks and self._chunks[0].last <= last:
            chunk = self._chunks.popleft()
            self._sent -= chunk.size
            for number, frames in chunk.frames.items():
                self._sessions[number].position += frames
                self._sessions[number].stated += frames
            for number, frames in chunk.missed.items():
                self._sessions[number].stated += frames
            for number in chunk.ended:
                del self._sessions[number]
