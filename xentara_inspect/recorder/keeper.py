"""Keeps the process that writes the journal running, and hands it what happens.

While traffic passes nothing here waits. For the thread of the event loop, also when that is over. What
a keeper is at is one state.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from typing import Any, Final

from xentara_inspect.frames import LIVE, Closing, Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.backlog import LIMIT, Backlog
from xentara_inspect.recorder.link import JournalLink
from xentara_inspect.store.cutting import Cut
from xentara_inspect.store.supervision import Supervision

logger: Final = logging.getLogger("xentara_inspect")

SEND_DELAY: Final = 0.015
"""Seconds that a frame waits for others to be handed over with."""

SILENCE: Final = 4.0
"""Seconds that a frame may be on its way to the disk before anybody is told."""

DURABLE_SILENCE: Final = 0.8
"""The same where traffic waits for it."""

_MUCH: Final = 1 << 20  # bytes that do not wait
_START_SECONDS: Final = 2.0
_RESCUE_SECONDS: Final = 0.5  # without a commit, at the end, until what is left is rescued
_VERDICT_SECONDS: Final = 5.0  # more, where nothing could be written: until it is known what became of it


class State(Enum):
    """What a keeper is at. TROUBLED: frames are not written, and people were told."""

    STARTING = auto()
    READY = auto()
    TROUBLED = auto()
    FINISHING = auto()
    OVER = auto()


_GOES_ON: Final = {State.READY, State.TROUBLED, State.FINISHING}
TRANSITIONS: Final[dict[State, set[State]]] = {
    State.STARTING: _GOES_ON,
    State.READY: _GOES_ON,
    State.TROUBLED: _GOES_ON,
    State.FINISHING: {State.OVER},
    State.OVER: set(),
}
"""What may follow; everything else changes nothing. At the end it does not matter what is in the way."""


class JournalKeeper:
    """A journal in another process, which is started again whenever it dies; nothing is lost by that."""

    def __init__(self, settings: wire.Settings, limit: int = LIMIT) -> None:
        """limit: bytes of frames kept in memory. settings: but for what only a keeper knows."""
        page = wire.Page()
        self._settings = replace(settings, feed=uuid.uuid4().hex, page=page.descriptor)
        self._backlog = Backlog(page, limit)
        self._state = State.STARTING
        meanwhile = "traffic waits for it" if settings.durable else "frames are kept in memory"
        self._meanwhile = f"{meanwhile} meanwhile"
        self._supervision = Supervision("the process that writes the database", self._meanwhile)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._link: JournalLink | None = None
        self._started = self._next_start = 0.0
        self._sends_soon = self._watches = False  # timers of the event loop
        self._untold: int | None = None  # frames that were dropped since people were told that they are
        self._finish: float | None = None
        self._exit_code: int | str | None = None  # at the end
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._replays: set[int] = set()
        self._start()
        # From now on what is handed over outlives us.
        self._pump(lambda: self._state is not State.STARTING, _START_SECONDS)

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
        backlog, durable = self._backlog, self._settings.durable and self._loop is not None
        if self._replays and session in self._replays:
            durable = False
            self._pump(lambda: backlog.has_room(len(frame.payload)), None)
        if not backlog.frame(session, frame, cut, looked, always=durable):
            if self._untold is None:
                self._untold = 0
                self._tell(logging.ERROR, "no room for more frames in memory; they are dropped, and counted")
            self._untold += 1
            return None
        if not self._sends_soon or backlog.waiting >= _MUCH:
            self._schedule()
        if not durable or self._loop is None:
            return None
        committed: asyncio.Future[None] = self._loop.create_future()
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
        self._finish = timeout and min(_RESCUE_SECONDS, timeout / 3)
        in_trouble = self._state is State.TROUBLED
        self._move(State.FINISHING)
        self._next_start = 0.0  # at the end there is no time to lose
        self._supervision.deaths = 0
        link = self._link
        if link is not None:
            self._send()
            before = link.taken
            self._pump(self._has_said_all, timeout and timeout / 3)
            if self._link is link and not link.has_said_all and link.taken == before:
                link.kill()  # it does not listen; another one will
        until = time.monotonic() + (timeout or 0) * 2 / 3
        self._pump(lambda: False, timeout and until - time.monotonic())
        if in_trouble:
            self._pump(lambda: False, timeout and _VERDICT_SECONDS)
        taken = (self._has_said_all() and not in_trouble) or self._exit_code == 0
        return self._backlog.dropped + (0 if taken else self._backlog.unsettled_frames())

    def _has_said_all(self) -> bool:
        return self._link is not None and self._link.has_said_all

    # Handing over

    def _schedule(self) -> None:
        """Hand over soon, with what comes until then."""
        if self._loop is None:
            try:
                self._loop = asyncio.get_running_loop()
            except RuntimeError:
                return  # there will be one before there is traffic, or none any more
            if self._link is not None:
                self._link.attach(self._loop, self._hear, self._send)
            else:
                self._start_in(self._next_start - time.monotonic())
        if self._loop.is_closed():
            return
        if self._backlog.waiting >= _MUCH:
            self._send()
        elif not self._sends_soon:
            self._sends_soon = True
            self._loop.call_later(0 if self._settings.durable else SEND_DELAY, self._send_scheduled)
        if not self._watches:
            self._watches = True
            self._loop.call_later(self._silence, self._watch)

    def _send_scheduled(self) -> None:
        self._sends_soon = False
        self._send()

    def _send(self) -> None:
        """Say what the process has room for: what it does not take waits here, where it is kept anyway."""
        link = self._link
        while link is not None and link.is_free and (data := self._backlog.take()):
            link.say(data)
        if link is not None and self._state is State.FINISHING and not self._backlog.waiting:
            link.finish(wire.encode((wire.FINISH, self._finish)))

    def _pump(self, until: Callable[[], bool], timeout: float | None) -> bool:
        """Talk with the process, without the event loop, until something is so. Returns whether it is."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not until():
            left = None if deadline is None else deadline - time.monotonic()
            if self._state is State.OVER or (left is not None and left <= 0):
                return until()
            if self._link is None:
                pause = self._next_start - time.monotonic()
                time.sleep(max(0, pause if left is None else min(pause, left)))
                self._start_if_due()
                continue
            self._send()
            self._link.wait(left)
            self._link.send()
            self._hear()
        return True

    # The process

    def _start(self) -> None:
        self._started = time.monotonic()
        try:
            link = JournalLink(
                replace(self._settings, first=self._backlog.settled + 1), self._backlog.again()
            )
        except OSError as error:
            self._died(error.strerror or str(error))
            return
        self._link = link
        if self._loop is not None and not self._loop.is_closed():
            link.attach(self._loop, self._hear, self._send)
        self._send()

    def _start_if_due(self) -> None:
        if self._link is None and self._state is not State.OVER and time.monotonic() >= self._next_start:
            self._start()

    def _died(self, code: int | str) -> None:
        pause = self._supervision.died(time.monotonic() - self._started)
        if self._state is State.FINISHING:
            self._exit_code = code
            if code in (0, wire.LOST) or self._supervision.is_hopeless():
                self._move(State.OVER)
            return
        alone = max(self._backlog.died(), self._settings.alone)
        self._settings = replace(self._settings, alone=alone)
        if complaint := self._supervision.complaint(code):
            self._problem(complaint)
        if self._supervision.deaths == 1:
            pause = 0.0  # frames are in no more than this memory meanwhile
        self._start_in(pause)

    def _start_in(self, seconds: float) -> None:
        self._next_start = time.monotonic() + seconds
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_later(max(0.0, seconds), self._start_if_due)

    def _hear(self) -> None:
        link = self._link
        if link is None:
            return
        for message in link.hear():
            self._understand(message)
        if link.is_over:
            self._link = None
            self._died(link.close())

    def _understand(self, message: tuple[Any, ...]) -> None:
        match message:
            case (wire.SETTLED, number, learned):
                self._settled(number, learned)
            case (wire.PROBLEM, text):
                self._problem(f"{text}; {self._meanwhile}")
            case (wire.NEWS, level, text):
                self._tell(level, text)

    def _settled(self, number: int, learned: dict[int, tuple[bytes, ...]]) -> None:
        self._backlog.settle(number, learned)
        while self._waiting and self._waiting[0][0] <= number:
            _, committed = self._waiting.popleft()
            if not committed.done() and not committed.get_loop().is_closed():
                committed.set_result(None)
        if self._state is not State.TROUBLED or self._backlog.age() < self._silence / 2:
            self._move(State.READY)
        if self._untold is not None and self._state is not State.TROUBLED and self._backlog.has_room(0):
            self._tell(logging.WARNING, f"there is room again; {self._dropped_since()}")
            self._schedule()  # what was dropped is to be counted

    # Telling

    def _move(self, state: State) -> None:
        before = self._state
        if state in TRANSITIONS[before]:
            self._state = state
        if before is State.TROUBLED and state is State.READY:
            path = self._settings.path
            self._tell(logging.WARNING, f"{path} can be written again, {self._dropped_since()}")
            self._schedule()  # what was dropped is to be counted

    def _problem(self, text: str) -> None:
        if self._state is not State.TROUBLED:
            self._tell(logging.ERROR, text)
        self._move(State.TROUBLED)

    @property
    def _silence(self) -> float:
        return DURABLE_SILENCE if self._settings.durable else SILENCE

    def _watch(self) -> None:
        """Say where what passed a while ago is not on disk yet, and nobody has said why."""
        age = self._backlog.age()
        if age >= self._silence and self._state in (State.STARTING, State.READY):
            self._problem(
                f"what passed {age:.1f} seconds ago is not written yet: the process that writes stands still,"
                f" or is behind; {self._meanwhile}"
            )
        self._watches = age > 0
        if age and self._loop is not None:
            self._loop.call_later(max(0.1, self._silence - age), self._watch)

    def _dropped_since(self) -> str:
        dropped, self._untold = self._untold, None
        return f"{dropped} frames had to be dropped" if dropped else "no frame was lost meanwhile"

    def _tell(self, level: int, text: str) -> None:
        if self._loop is not None and self._loop.is_closed():
            if level >= logging.WARNING:  # mitmproxy's log is closed with the loop
                sys.stderr.write(f"xentara_inspect: {text}\n")
        else:
            logger.log(level, "xentara_inspect: %s", text)
