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

from xentara_inspect.frames import LIVE, Closing, Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.backlog import LIMIT, Backlog
from xentara_inspect.recorder.condition import Condition, Numbers, State, tell
from xentara_inspect.recorder.link import JournalLink
from xentara_inspect.store.cutting import Cut
from xentara_inspect.store.processes import SILENCE
from xentara_inspect.store.supervision import Supervision

_SEND_DELAY: Final = 0.015  # seconds that a frame waits for others to be handed over with
_DURABLE_SILENCE: Final = 0.6  # of a frame on its way to the disk, where traffic waits for it
_MUCH: Final = 1 << 20  # bytes that do not wait
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

        loop: in which traffic passes; without one only `flush` and `close` hand over. beside: what is
        wrong that is none of our business, but to be found in the database.
        """
        page = wire.Page()
        self._settings = replace(settings, feed=uuid.uuid4().hex, page=page.descriptor)
        self._silence = _DURABLE_SILENCE if settings.durable else SILENCE
        waits = "traffic waits for it" if settings.durable else "frames are kept in memory"
        self._meanwhile = f"{waits} meanwhile"
        self._supervision = Supervision("the process that writes the database", self._meanwhile)
        self._backlog = Backlog(page, limit)
        self._noted = ""  # what the process was told that is wrong
        self.condition = Condition(beside)
        self._given_loop = loop
        self._link: JournalLink | None = None
        self._started = self._next_start = 0.0
        self._sends_soon = False
        self._why = ""  # nothing can be written, where the process has said so
        self._written_since = math.inf  # without a problem
        self._finish = 0.0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._replays: set[int] = set()
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
            backlog=backlog.last - backlog.settled,
            backlog_bytes=backlog.size,
            dropped=backlog.dropped,
            commit_age=time.monotonic() - self.condition.written,
            restarts=self._supervision.restarts,
            rotations=self.condition.rotations,
        )

    # What happens

    def open_session(self, info: SessionInfo, secrets: tuple[bytes, ...] = ()) -> int:
        """Begin a session, or go on with the one that has its flow id. Returns its number.

        secrets: that came with the request for it. They are kept in memory alone.
        """
        session = self._backlog.open(info, secrets)
        if info.source != LIVE:
            self._replays.add(session)
        self._schedule()
        return session

    def append(
        self, session: int, frame: Frame, cut: Cut | None = None, looked: wire.Looked | None = None
    ) -> asyncio.Future[None] | None:
        """Record a frame. One that is replayed waits for room; others are dropped where there is none.

        cut, looked: see `Backlog.frame`. Where the journal is durable: a future that is done once
        the frame is on disk, and room is made.
        """
        backlog, loop = self._backlog, self._loop if self._settings.durable else None
        if session in self._replays:
            loop = None
            self._pump(lambda: backlog.has_room(len(frame.payload)), None)
        if not backlog.frame(session, frame, cut, looked, always=loop is not None):
            self.condition.miss()
            return None
        if not self._sends_soon or backlog.waiting >= _MUCH:
            self._schedule()
        if loop is None:
            return None
        committed: asyncio.Future[None] = loop.create_future()
        self._waiting.append((backlog.last, committed))
        return committed

    def close_session(self, session: int, closing: Closing) -> None:
        """End a session."""
        self._backlog.end(session, closing)
        self._replays.discard(session)
        self._schedule()

    def flush(self, timeout: float | None) -> bool:
        """Wait until all that was handed over is committed. Returns whether it is. timeout: seconds."""
        self._send()
        return self._pump(lambda: self._backlog.settled == self._backlog.last, timeout)

    def close(self, timeout: float | None) -> int:
        """Let the process commit what is left, and end. timeout: seconds to wait for that.

        What it cannot commit it puts into a file beside the database, and says so. Returns how many
        frames are lost, as far as that is known.
        """
        self._finish = math.inf if timeout is None else min(_RESCUE_SECONDS, timeout / 3)
        trouble = _VERDICT_SECONDS if self._state is State.TROUBLED else 0.0
        self.condition.move(State.FINISHING)
        self._next_start = 0.0  # at the end there is no time to lose
        self._supervision.deaths = 0
        self._send()
        link, before = self._link, self._link and self._link.taken
        self._pump(lambda: self._link is not None and self._link.has_said_all, timeout and timeout / 3)
        if link is not None and not link.has_said_all and link.taken == before:
            link.kill()  # it does not listen; another one will
        self._pump(lambda: False, timeout and timeout * 2 / 3 + trouble)
        taken = self._link is not None and self._link.has_said_all and not trouble
        return self._backlog.dropped + (0 if taken else self._backlog.unsettled_frames())

    # Handing over

    @property
    def _loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop, while there is one."""
        return None if self._given_loop is None or self._given_loop.is_closed() else self._given_loop

    def _schedule(self) -> None:
        """Hand over soon, with what comes until then."""
        if (loop := self._loop) is None:
            return
        if self._backlog.waiting >= _MUCH and self._link is not None and self._link.is_free:
            self._send()
        elif not self._sends_soon:
            self._sends_soon = True
            loop.call_later(0 if self._settings.durable else _SEND_DELAY, self._send)

    def _send(self) -> None:
        """Say what the process has room for: what it does not take waits here, where it is kept anyway."""
        self._sends_soon = False
        link, loop = self._link, self._loop
        if link is None:
            return
        link.send()
        while link.is_free and (data := self._backlog.take()):
            link.say(data)
        if link.is_free and self._state is State.FINISHING:
            link.finish(self._finish)
        if loop is not None and link.is_free:
            loop.remove_writer(link)
        elif loop is not None:
            loop.add_writer(link, self._send)

    def _pump(self, until: Callable[[], bool], timeout: float | None) -> bool:
        """Talk with the process, without the event loop, until something is so. Returns whether it is."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while not until() and self._state is not State.OVER and (left := deadline - time.monotonic()) > 0:
            self._start_if_due()
            if self._link is None:
                time.sleep(max(0.0, min(left, self._next_start - time.monotonic())))
            else:
                self._send()
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
        self._note()
        self._send()  # what was dropped is to be counted
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
        troubles = "\n".join(self.condition.troubles())
        if troubles != self._noted and self._link is not None:
            self._noted = troubles
            self._link.say(wire.encode((wire.TROUBLES, troubles)))

    # The process

    def _start_if_due(self) -> None:
        if self._link is not None or self._state is State.OVER or time.monotonic() < self._next_start:
            return
        self._started = time.monotonic()
        backlog = self._backlog
        settings = replace(self._settings, first=backlog.settled + 1, alone=backlog.alone)
        try:
            self._link = JournalLink(settings, backlog.again())
        except OSError as error:
            self._died(error.strerror or str(error))
            return
        self._noted = ""
        if self._loop is not None:
            self._loop.add_reader(self._link, self._hear)
        self._send()

    def _died(self, code: int | str) -> None:
        pause = self._supervision.died(time.monotonic() - self._started)
        self._backlog.died()
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
                case (wire.SETTLED, number, learned):
                    self._settled(number, learned)
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
                loop.remove_writer(link)
            self._link = None
            self._died(link.close())

    def _settled(self, number: int, learned: dict[int, tuple[bytes, ...]]) -> None:
        now = self.condition.written = time.monotonic()
        self._why, self._written_since = "", min(self._written_since, now)
        self._backlog.settle(number, learned)
        while self._waiting and self._waiting[0][0] <= number:
            _, committed = self._waiting.popleft()
            if not committed.done() and not committed.get_loop().is_closed():
                committed.set_result(None)
        trust = self._silence / 2  # a disk that is full takes a little now and then
        is_well = self._backlog.age() < trust <= now - self._written_since
        if is_well or self._state is not State.TROUBLED:
            self.condition.recover(self._settings.path, has_room=self._backlog.has_room(0))
