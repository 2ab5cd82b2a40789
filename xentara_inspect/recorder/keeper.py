"""Keeps the process that writes the journal running, and hands it what happens.

While traffic passes nothing here waits. For the thread of the event loop, also when that is over.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.backlog import LIMIT, Backlog
from xentara_inspect.recorder.condition import Condition, Numbers, State, tell
from xentara_inspect.recorder.feed import Place
from xentara_inspect.recorder.link import JournalLink
from xentara_inspect.store.cutting import Cut
from xentara_inspect.store.processes import SILENCE
from xentara_inspect.store.supervision import Supervision

_DURABLE_SILENCE: Final = 0.6  # of a frame on its way to the disk, where traffic waits for it
_TICK: Final = 0.1  # seconds between two looks after what nobody tells
_START_SECONDS: Final = 2.0
_RESCUE_SECONDS: Final = 0.5  # without a commit, at the end, until what is left is rescued
_VERDICT_SECONDS: Final = 5.0  # more, where nothing could be written: until it is known what became of it


class JournalKeeper:
    """A journal in another process, which is started again whenever it dies; nothing is lost by that."""

    def __init__(
        self,
        settings: wire.Settings,
        loop: asyncio.AbstractEventLoop | None = None,
        limit: int = LIMIT,
        beside: Callable[[], list[str]] = list,
    ) -> None:
        """settings: but for what only a keeper knows. limit: bytes of frames kept in memory.

        loop: in which traffic passes; without one only `flush` and `close` look after the process. beside:
        what is wrong that is none of our business, but to be found in the database.
        """
        self._backlog = backlog = Backlog(limit)
        self._settings = replace(
            settings, feed=uuid.uuid4().hex, files=backlog.feed.files, page=backlog.page_file
        )
        self._silence = _DURABLE_SILENCE if settings.durable else SILENCE
        waits = "traffic waits for it" if settings.durable else "frames are kept in memory"
        self._meanwhile = f"{waits} meanwhile"
        self._supervision = Supervision("the process that writes the database", self._meanwhile)
        self.condition = Condition(beside)
        self._given_loop = loop
        self._link: JournalLink | None = None
        self._started = self._next_start = 0.0
        self._why = ""  # nothing can be written, where the process has said so
        self._written_since = math.inf  # without a problem
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        # From the end of this on what is handed over outlives us.
        self._pump(lambda: self._state is not State.STARTING, _START_SECONDS)
        self.condition.written = time.monotonic()
        self._look_after()

    # What it is at

    @property
    def _state(self) -> State:
        return self.condition.state

    def numbers(self) -> Numbers:
        """How the recording stands; from any thread."""
        backlog = self._backlog
        return Numbers(
            backlog=backlog.count,
            backlog_bytes=backlog.size,
            dropped=backlog.dropped,
            commit_age=time.monotonic() - self.condition.written,
            restarts=self._supervision.restarts,
            rotations=self.condition.rotations,
        )

    # What happens

    def open_session(self, info: SessionInfo, secrets: tuple[bytes, ...] = ()) -> int:
        """Begin a session, or go on with the one that has its flow id. Returns its number.

        secrets: that came with the request for it. They are kept in memory alone. Raises OSError.
        """
        session = self._backlog.open(info, secrets)
        self._wake()
        return session

    def append(
        self, session: int, frame: Frame, cut: Cut | None = None, looked: wire.Looked | None = None
    ) -> asyncio.Future[None] | None:
        """Record a frame, unless there is no room for it.

        cut, looked: see `Backlog.frame`. Where the journal is durable: a future that is done once
        the frame is on disk, and room is made; never of one that there is no memory for.
        """
        backlog, loop = self._backlog, self._loop if self._settings.durable else None
        if not backlog.frame(session, frame, cut, looked, always=loop is not None):
            self.condition.miss()
            return None if loop is None else loop.create_future()
        self._wake()
        if loop is None:
            return None
        committed: asyncio.Future[None] = loop.create_future()
        self._waiting.append((backlog.feed.end.number, committed))
        return committed

    def close_session(self, session: int, closing: Closing) -> None:
        """End a session."""
        self._backlog.end(session, closing)
        self._wake()

    def flush(self, timeout: float | None) -> bool:
        """Wait until all that was handed over is committed. Returns whether it is. timeout: seconds."""
        self._backlog.tell_missed()
        return self._pump(lambda: not self._backlog.count, timeout)

    def close(self, timeout: float | None) -> int:
        """Let the process commit what is left, and end. timeout: seconds to wait for that.

        What it cannot commit it puts into a file beside the database, and says so. Returns how many
        frames are lost, as far as that is known.
        """
        backlog, page = self._backlog, self._backlog.page
        page.seconds = math.inf if timeout is None else min(_RESCUE_SECONDS, timeout / 3)
        trouble = _VERDICT_SECONDS if self._state is State.TROUBLED else 0.0
        self.condition.move(State.FINISHING)
        self._next_start = 0.0  # at the end there is no time to lose
        self._supervision.deaths = 0
        backlog.tell_missed()
        link, rounds = self._link, page.rounds
        if link is not None:
            link.finish()
        self._pump(lambda: page.rounds != rounds, timeout and max(timeout / 3, _TICK))
        if link is not None and link is self._link and page.rounds == rounds:
            link.kill()  # it stands still; another one will
        self._pump(lambda: False, timeout and timeout * 2 / 3 + trouble)
        taken = self._link is not None and not trouble
        return backlog.dropped + (0 if taken or not backlog.count else backlog.unsettled_frames())

    # Handing over

    @property
    def _loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop, while there is one."""
        return None if self._given_loop is None or self._given_loop.is_closed() else self._given_loop

    def _wake(self) -> None:
        """Let the process see what was handed over, where it does not look by itself."""
        if self._backlog.page.sleeps and self._link is not None:
            self._backlog.page.sleeps = 0
            self._link.wake()

    def _pump(self, until: Callable[[], bool], timeout: float | None) -> bool:
        """Talk with the process, without the event loop, until something is so. Returns whether it is."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while not until() and self._state is not State.OVER and (left := deadline - time.monotonic()) > 0:
            self._start_if_due()
            if self._link is None:
                time.sleep(max(0.0, min(left, self._next_start - time.monotonic())))
            else:
                self._wake()
                self._link.wait(min(left, _TICK))
                self._hear()
        return until()

    def _look_after(self) -> None:
        """Do what nobody tells that it is time for, now and then."""
        self._start_if_due()
        self._hear()  # we may have been held up, and not the process
        if self._state in (State.STARTING, State.READY) and (silence := self._silent()):
            still = "the process that writes stands still, or is behind"
            self.condition.problem(self._why or f"{silence}: {still}; {self._meanwhile}")
        if self._backlog.has_room(0):
            self._backlog.tell_missed()
        if self._backlog.count:
            self._wake()  # what we wrote and that it sleeps may have crossed
        self._note()
        if self._loop is not None:
            self._loop.call_later(_TICK, self._look_after)

    def _silent(self) -> str:
        """What takes too long, in words; empty where nothing does."""
        age, silence = self._backlog.age(), time.monotonic() - self.condition.written
        if age < self._silence and silence < SILENCE:
            return ""
        unwritten = f"what passed {age:.1f} seconds ago is not written yet"
        return unwritten if age else f"nothing was written for {silence:.1f} seconds"

    def _note(self) -> None:
        """Let the process write what is wrong, where that is news."""
        page, troubles = self._backlog.page, "\n".join(self.condition.troubles()).encode()[: wire.TROUBLES]
        if troubles != page.troubles:
            page.troubles = troubles
            self._wake()

    # The process

    def _start_if_due(self) -> None:
        if self._link is not None or self._state is State.OVER or time.monotonic() < self._next_start:
            return
        self._started = time.monotonic()
        backlog = self._backlog
        settings = replace(self._settings, place=backlog.feed.settled, sessions=backlog.sessions)
        try:
            self._link = JournalLink(settings)
        except OSError as error:
            self._died(error.strerror or str(error))
            return
        if self._loop is not None:
            self._loop.add_reader(self._link, self._hear)
        if self._state is State.FINISHING:
            self._link.finish()

    def _died(self, code: int | str) -> None:
        pause = self._supervision.died(time.monotonic() - self._started)
        self._why, self._written_since = "", math.inf
        if self._state is State.FINISHING:
            if code in (0, wire.LOST) or self._supervision.is_hopeless():
                self.condition.move(State.OVER)
        else:
            if complaint := self._supervision.complaint(code):
                self.condition.problem(complaint)
            # Frames are in no more than this memory meanwhile: at first there is no pause.
            self._next_start = time.monotonic() + (pause if self._supervision.deaths > 1 else 0.0)
        self._start_if_due()

    def _hear(self) -> None:
        self.condition.looked = time.monotonic()
        if (link := self._link) is None:
            return
        for message in link.hear():
            match message:
                case (wire.SETTLED, place, sessions):
                    self._settled(Place(*place), sessions)
                case (wire.PROBLEM, text, passes):
                    self._why, self._written_since = f"{text}; {self._meanwhile}", math.inf
                    if not passes:
                        self.condition.problem(self._why)
                case (wire.MOVED, path):
                    self.condition.rotations += 1
                    tell(logging.INFO, f"recording goes on in {path}")
                case (wire.NEWS, level, text):
                    tell(level, text)
        if link.is_over:
            if (loop := self._loop) is not None:
                loop.remove_reader(link)
            self._link = None
            self._died(link.close())

    def _settled(self, place: Place, sessions: dict[int, wire.Told | None]) -> None:
        now = self.condition.written = time.monotonic()
        self._why, self._written_since = "", min(self._written_since, now)
        self._backlog.settle(place, sessions)
        while self._waiting and self._waiting[0][0] <= place.number:
            _, committed = self._waiting.popleft()
            if not committed.done() and not committed.get_loop().is_closed():
                committed.set_result(None)
        trust = self._silence / 2  # a disk that is full takes a little now and then
        is_well = self._backlog.age() < trust <= now - self._written_since
        if is_well or self._state is not State.TROUBLED:
            self.condition.recover(self._settings.path, has_room=self._backlog.has_room(0))
