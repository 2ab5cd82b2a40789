"""What was handed to the journal and is not committed yet, so that it can be said again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Any, Final

from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.store.cutting import Cut

LIMIT: Final = 64 << 20
"""Bytes of frames kept in memory while they cannot be written; what comes then is dropped."""

OVERHEAD: Final = 400
"""Bytes of memory that a frame costs beside its payload, here or in the journal."""

_PIECE: Final = 1 << 20  # bytes that are said at once
_TICK: Final = 0.05  # seconds to which the age of operations is told


@dataclass(slots=True)
class _Session:
    """secrets: that it is known to have sent. position, missed: frames that are committed, and counted."""

    info: SessionInfo
    secrets: tuple[bytes, ...] = field(repr=False)
    position: int = 0
    missed: int = 0


class Backlog:
    """Numbers operations, from 1, and keeps them until they are settled.

    last: the number of the last one. settled: that of the last one that is committed, with all before.
    size: bytes of memory of those that are kept. waiting: of those that were not taken yet. dropped: frames
    that found no room, in all. alone: up to which number a journal is to take operations one by one.
    """

    def __init__(self, page: wire.Page, limit: int = LIMIT) -> None:
        self._limit = limit
        self._page = page
        self._sessions: dict[int, _Session] = {}
        self._last_session = 0
        self._taken: deque[wire.Operation] = deque()
        self._new: deque[wire.Operation] = deque()
        self._times: deque[tuple[int, float]] = deque()  # from which number on operations came when
        self._begun: dict[int, _Session] = {}  # those that nobody was told of
        self._missed: dict[int, int] = {}
        self._suspect = (0, 0)  # what the last journal that died was at
        self.size = 0
        self.waiting = 0
        self.last = 0
        self.settled = 0
        self.dropped = 0
        self.alone = 0

    # What happens

    def open(self, info: SessionInfo, secrets: tuple[bytes, ...] = ()) -> int:
        """A session begins. secrets: that came with it. Returns its number."""
        session = self._last_session % wire.SESSIONS + 1
        while session in self._sessions:  # it has been open for very long
            session = session % wire.SESSIONS + 1
        self._last_session = session
        self._sessions[session] = self._begun[session] = _Session(info, secrets)
        self._add((wire.OPENED, session))
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
        self._page.passed[session] += 1
        if not always and not self.has_room(len(frame.payload)):
            self.dropped += 1
            self._missed[session] = self._missed.get(session, 0) + 1
            return False
        self._add((wire.FRAME, session, *frame, looked, cut and tuple(cut)))
        return True

    def end(self, session: int, closing: Closing) -> None:
        """A session ended."""
        self._add((wire.ENDED, session, *closing))

    def has_room(self, size: int) -> bool:
        """Whether there is room for a frame. Where nothing else is kept there always is."""
        return self.size + size + OVERHEAD <= self._limit or self.settled == self.last

    def _add(self, operation: wire.Operation) -> None:
        if self._missed:
            self._state_missed()
        self._new.append(operation)
        size = _size(operation)
        self.size += size
        self.waiting += size
        self.last += 1
        now = time.monotonic()
        if not self._times or now > self._times[-1][1] + _TICK:
            self._times.append((self.last, now))

    def _state_missed(self) -> None:
        missed, self._missed = self._missed, {}
        for session, frames in missed.items():
            self._add((wire.MISSED, session, frames))

    # What the journal is told

    def take(self) -> bytes:
        """A message that says what was not said yet, or some of it; none where that is nothing."""
        if self._missed:
            self._state_missed()
        if not self._new and not self._begun:
            return b""
        operations: list[wire.Operation] = []
        size = 0
        while self._new and size < _PIECE:
            operations.append(self._new.popleft())
            size += _size(operations[-1])
        self._taken += operations
        self.waiting -= size
        return wire.encode((wire.OPERATIONS, self._sessions_begun(), operations))

    def again(self) -> bytes:
        """Another journal is to be told what one that has died was told. Returns the first of it.

        That is which sessions there are: where the proxy is killed meanwhile it knows whose frames are lost.
        """
        self.waiting += sum(map(_size, self._taken))
        self._new.extendleft(reversed(self._taken))
        self._taken.clear()
        self._begun = dict(self._sessions)
        return wire.encode((wire.OPERATIONS, self._sessions_begun(), []))

    def _sessions_begun(self) -> list[tuple[Any, ...]]:
        begun, self._begun = self._begun, {}
        return [
            (number, astuple(session.info), session.position, session.missed, session.secrets)
            for number, session in begun.items()
        ]

    def died(self) -> None:
        """The journal died. The next one shows of which operation it dies; that is cut then."""
        first, last = marked = self._page.marked()
        self._page.mark(0, 0)
        index = first - self.settled - 1
        if first == last and marked == self._suspect and 0 <= index < len(self._taken):
            why = "the process that writes the database died of it"
            self._taken[index] = wire.cut_more(self._taken[index], why)
        self._suspect = marked
        self.alone = max(self.alone, last)

    # What became of it

    def age(self) -> float:
        """Seconds since the oldest operation that is not settled came; 0 where all are."""
        return time.monotonic() - self._times[0][1] if self._times else 0.0

    def unsettled_frames(self) -> int:
        """How many frames are not known to be committed."""
        return sum(operation[0] == wire.FRAME for operation in (*self._taken, *self._new))

    def settle(self, last: int, learned: Mapping[int, tuple[bytes, ...]]) -> None:
        """All operations up to this number are committed: nobody will ask for them again.

        learned: what sessions are known to have sent. Another journal is to know it, and cannot learn it.
        """
        for number, secrets in learned.items():
            self._sessions[number].secrets = secrets
        while self.settled < last:
            operation = self._taken.popleft()
            self.settled += 1
            self.size -= _size(operation)
            kind, number, *_ = operation
            session = self._sessions[number]
            session.position += kind == wire.FRAME
            if kind == wire.MISSED:
                session.missed += operation[2]
            elif kind == wire.ENDED:
                del self._sessions[number]
        while len(self._times) > 1 and self._times[1][0] <= last + 1:
            self._times.popleft()
        if self.settled == self.last:
            self._times.clear()


def _size(operation: wire.Operation) -> int:
    """Bytes of memory that an operation takes."""
    return OVERHEAD + wire.payload_size(operation)
