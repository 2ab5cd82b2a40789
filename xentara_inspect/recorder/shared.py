"""What the proxy and the process that writes have both: memory, which outlives each of them."""

from __future__ import annotations

import ctypes
import io
import math
import mmap
import os
import pickle
import weakref
from collections.abc import Mapping, MutableSequence, Sequence
from typing import Final

from xentara_inspect.frames import SessionInfo
from xentara_inspect.recorder.feed import FeedReader

SESSIONS: Final = (1 << 20) - 1
"""The highest number of a session; numbers of those that are over are given again."""

TROUBLES: Final = 4096
"""Bytes of what is wrong that a page has room for."""

Told = tuple[SessionInfo, tuple[bytes, ...], int]
"""Of an open session: what it is, the secrets that it has sent, and how many frames were missed."""

_FILES: Final = ("feed", "feed", "sessions", "sessions", "page")
_ROOM: Final = 1 << 20  # bytes of a file of sessions, at least, until it is left for the other


class Settled(ctypes.Structure):
    """What is written. number: how many operations. place: behind them.

    file, size: the sessions that are open there stand in this file of sessions, in so many bytes.
    """

    number: int
    place: int
    file: int
    size: int

    _fields_ = tuple((name, ctypes.c_uint64) for name in ("number", "place", "file", "size"))


class Page(ctypes.Structure):
    """What both have to know at any time, also of one that was killed. Times are of the monotonic clock.

    begins: see `feed`. turn: which of `settled` counts; the other is the next one.
    written: when the process wrote last, be it only its heartbeat; well: since when it can, inf where it
    cannot. rounds: how often it has looked for something to do. rotations: how often it went on in
    another file.
    first, last: numbers of the operations that it is at, 0 for none. suspect: of the one that the process
    before it died of, as far as that is known; deaths: of how many in a row. alone: up to this one they are
    taken one by one. seconds: how long nothing may be written, at the end, until what is left is rescued.
    troubles: what the proxy says is wrong, a line each, to be written beside the heartbeat. missed: frames
    that it had no room for, by number of a session.
    """

    begins: MutableSequence[int]
    turn: int
    settled: MutableSequence[Settled]
    written: float
    well: float
    rounds: int
    rotations: int
    first: int
    last: int
    suspect: int
    deaths: int
    alone: int
    seconds: float
    troubles: bytes
    missed: MutableSequence[int]

    _fields_ = (
        ("begins", ctypes.c_uint64 * 2),
        ("turn", ctypes.c_uint64),
        ("settled", Settled * 2),
        *((name, ctypes.c_double) for name in ("written", "well", "seconds")),
        *((name, ctypes.c_uint64) for name in ("rounds", "rotations")),
        *((name, ctypes.c_uint64) for name in ("first", "last", "suspect", "deaths", "alone")),
        ("troubles", ctypes.c_char * TROUBLES),
        ("missed", ctypes.c_uint64 * (SESSIONS + 1)),  # what is never touched takes no memory
    )

    def mark(self, first: int, last: int) -> None:
        """The process: these operations are in work. 0, 0 for none."""
        self.first, self.last = first, last

    def take_over(self) -> None:
        """A process: begin where another one died, which shows of what."""
        again = self.first == self.last == self.suspect
        self.deaths = self.deaths + 1 if again else 1
        self.suspect = self.first if self.first == self.last else 0
        self.alone = max(self.alone, self.last)
        self.mark(0, 0)


class Shared:
    """All of it. descriptors: of what makes another one of the same in another process.

    feed: files for `Feed` and `FeedReader`. wake, told: event counters: that the process is to
    look, and that something is settled.
    """

    def __init__(self, descriptors: Sequence[int] = ()) -> None:
        """descriptors: of one that is there already. Raises OSError."""
        self.descriptors = list(descriptors)
        if not descriptors:
            weakref.finalize(self, _close, self.descriptors)
            self.descriptors += (os.memfd_create(f"xentara-{name}") for name in _FILES)
            self.descriptors += (os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC) for _ in range(2))
        *files, page, self.wake, self.told = self.descriptors
        self.feed, self._sessions = files[:2], files[2:]
        os.ftruncate(page, ctypes.sizeof(Page))
        self.page = Page.from_buffer(mmap.mmap(page, ctypes.sizeof(Page)))
        self._room = 0  # bytes of the file of sessions until it is left
        if not descriptors:
            self.page.well = math.inf

    @property
    def settled(self) -> Settled:
        """How far all is written. What is settled is known to be committed."""
        page = self.page
        return page.settled[page.turn]

    def settle(
        self, number: int, place: int, news: Mapping[int, Told | None], sessions: Mapping[int, Told]
    ) -> None:
        """The process: so much is written. news: of the sessions, None of one that is over. sessions: all.

        All of this is so at once, or nothing, whenever it is killed. Raises OSError, MemoryError.
        """
        page, file, size = self.page, self.settled.file, self.settled.size
        if news:
            if is_full := size > self._room:
                file, size, news = 1 - file, 0, sessions
                os.ftruncate(self._sessions[file], 0)
            record = pickle.dumps(news)
            if os.pwrite(self._sessions[file], record, size) < len(record):
                raise MemoryError
            size += len(record)
            if is_full:
                self._room = 2 * size + _ROOM
        page.settled[1 - page.turn] = Settled(number, place, file, size)
        page.turn = 1 - page.turn
        os.eventfd_write(self.told, 1)

    def sessions(self) -> dict[int, Told]:
        """The sessions that are open behind what is settled."""
        settled = self.settled
        sessions: dict[int, Told | None] = {}
        with io.BytesIO(os.pread(self._sessions[settled.file], settled.size, 0)) as records:
            while records.tell() < settled.size:
                sessions |= pickle.load(records)  # noqa: S301 - our other half wrote it
        return {number: told for number, told in sessions.items() if told is not None}

    def unsettled(self) -> FeedReader:
        """Reads on behind what is settled."""
        return FeedReader(self.feed, self.page.begins, self.settled.number, self.settled.place)


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
