"""Keeps the process that writes the journal running, and hands it what happens.

While traffic passes nothing here waits. For the thread of the event loop, also when that is over.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from xentara_inspect.frames import LIVE, Closing, Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.backlog import LIMIT, Backlog
from xentara_inspect.recorder.link import JournalLink
from xentara_inspect.recorder.process import Settings
from xentara_inspect.store.backoff import Backoff

logger: Final = logging.getLogger("xentara_inspect")

SEND_DELAY: Final = 0.02
"""Seconds that a frame waits for others to be handed over with."""

_MUCH: Final = 1 << 20  # bytes that do not wait
_START_SECONDS: Final = 2.0
_RESCUE_SECONDS: Final = 1.0
_LAST_TRIES: Final = 3  # starts at the end


class JournalKeeper:
    """A journal in another process, which is started again whenever it dies; nothing is lost by that."""

    def __init__(self, settings: Settings, limit: int = LIMIT) -> None:
        """limit: bytes of frames kept in memory. settings: but for feed and first, which are known here."""
        self._settings = replace(settings, feed=uuid.uuid4().hex)
        self._backlog = Backlog(limit)
        self._dropped_told = 0
        self._backoff = Backoff()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._link: JournalLink | None = None
        self._started = 0.0
        self._next_start = 0.0
        self._is_scheduled = False
        self._in_trouble = False
        self._is_full = False
        self._finish: bytes | None = None
        self._is_over = False  # no process is left, nor will be
        self._is_done = False  # and the last one had all it was told
        self._waiting: deque[tuple[int, asyncio.Future[bool]]] = deque()
        self._replays: set[int] = set()
        self._skipped: dict[int, tuple[int, int]] | None = None
        self._is_ready = False
        self._start()
        # From now on what is handed over outlives us.
        self._pump(lambda: self._is_ready, _START_SECONDS)

    # What happens

    def open_session(self, info: SessionInfo) -> int:
        """Begin a session, or go on with the one that has its flow id. Returns its number."""
        session = self._backlog.open(info)
        if info.source != LIVE:
            self._replays.add(session)
        self._schedule()
        return session

    def append(self, session: int, frame: Frame) -> Awaitable[bool] | None:
        """Record a frame. One that is replayed waits for room; others are dropped where there is none.

        Where the journal is durable: an awaitable that becomes True once the frame is committed, False
        where that cannot be waited for because the database is in trouble.
        """
        backlog = self._backlog
        if self._replays and session in self._replays:
            self._pump(lambda: backlog.has_room(len(frame.payload)), None)
        if not backlog.frame(session, frame):
            self._tell_full()
            return None
        if not self._is_scheduled or backlog.waiting >= _MUCH:
            self._schedule()
        if not self._settings.durable or self._in_trouble or self._loop is None:
            return None
        committed: asyncio.Future[bool] = self._loop.create_future()
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

    def skipped(self) -> dict[int, tuple[int, int]]:
        """Replayed sessions with frames that had been there: session id and how many frames, by number."""
        self._skipped = None
        link = self._link
        if link is not None:
            link.say(wire.encode((wire.ASK,)))
            self._pump(lambda: self._skipped is not None or self._link is not link, None)
        return self._skipped or {}

    def close(self, timeout: float | None) -> int:
        """Let the process commit what is left, and end. timeout: seconds for that.

        What it cannot commit it puts into a file beside the database, and says so. Returns how many
        frames could not even be handed over.
        """
        self._finish = wire.encode((wire.FINISH, timeout))
        self._next_start = 0.0  # at the end there is no time to lose
        self._backoff = Backoff()
        if self._link is not None:
            self._say_rest(self._link, self._finish)
        self._pump(lambda: self._is_over, None if timeout is None else timeout + _RESCUE_SECONDS)
        handed_over = self._link.has_said_all if self._link is not None else self._is_done
        return 0 if handed_over else self._backlog.unsettled_frames()

    # Handing over

    def _schedule(self) -> None:
        """Hand over soon, with what comes until then."""
        if self._loop is None:
            try:
                self._loop = asyncio.get_running_loop()
            except RuntimeError:
                return  # there will be one before there is traffic, or none any more
            if self._link is not None:
                self._link.attach(self._loop, self._hear)
            else:
                self._loop.call_later(max(0.0, self._next_start - time.monotonic()), self._start_if_due)
        if self._loop.is_closed():
            return
        if self._backlog.waiting >= _MUCH:
            self._send()
        elif not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_later(0 if self._settings.durable else SEND_DELAY, self._send_scheduled)

    def _send_scheduled(self) -> None:
        self._is_scheduled = False
        self._send()

    def _send(self) -> None:
        if self._link is not None:
            data = self._backlog.take()
            if data:
                self._link.say(data)

    def _say_rest(self, link: JournalLink, finish: bytes) -> None:
        link.say(self._backlog.take() + finish)
        link.finish()

    def _pump(self, until: Callable[[], bool], timeout: float | None) -> bool:
        """Talk with the process, without the event loop, until something is so. Returns whether it is."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not until():
            left = None if deadline is None else deadline - time.monotonic()
            if self._is_over or (left is not None and left <= 0):
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
            link = JournalLink(replace(self._settings, first=self._backlog.next_number()))
        except OSError as error:
            self._died(error.strerror or str(error))
            return
        self._link = link
        if self._loop is not None and not self._loop.is_closed():
            link.attach(self._loop, self._hear)
        link.say(self._backlog.again())
        if self._finish is not None:
            self._say_rest(link, self._finish)
        else:
            self._send()

    def _start_if_due(self) -> None:
        if self._link is None and not self._is_over and time.monotonic() >= self._next_start:
            self._start()

    def _died(self, code: int | str) -> None:
        pause = self._backoff.died(time.monotonic() - self._started)
        if self._backoff.deaths == 1:
            pause = 0.0  # frames are in no more than this memory meanwhile
        if self._finish is not None:
            self._is_done = code == 0
            self._is_over = self._is_done or self._backoff.deaths >= _LAST_TRIES
            return
        if self._backoff.is_to_be_told():
            how = f"exit code {code}" if isinstance(code, int) else code
            self._problem(
                f"the process that writes the database keeps dying ({how}) and is started again and"
                " again; frames are kept in memory meanwhile"
            )
        self._next_start = time.monotonic() + pause
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_later(pause, self._start_if_due)

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
            case (wire.READY,):
                self._is_ready = True
            case (wire.SETTLED, number):
                self._backlog.settle(number)
                while self._waiting and self._waiting[0][0] <= number:
                    _resolve(self._waiting.popleft()[1], committed=True)
                if self._in_trouble:  # the process that said so has died, or it is that it kept dying
                    self._recovered(self._settings.path)
                if self._is_full and self._backlog.has_room(0):
                    self._is_full = False
                    self._tell(logging.WARNING, f"there is room again; {self._dropped_since()}")
                    self._schedule()  # what was dropped is to be counted
            case (wire.NOTICE, text):
                self._tell(logging.ERROR, text)
            case (wire.PROBLEM, text):
                self._problem(text)
            case (wire.RECOVERED, path):
                self._recovered(path)
            case (wire.ROTATED, path):
                self._tell(logging.INFO, f"recording goes on in {path}")
            case (wire.SKIPPED, sessions):
                self._skipped = sessions

    def _problem(self, text: str) -> None:
        """Say it, and let those go who wait for a commit that may take long."""
        self._in_trouble = True
        self._tell(logging.ERROR, text)
        while self._waiting:
            _resolve(self._waiting.popleft()[1], committed=False)

    def _recovered(self, path: str) -> None:
        self._in_trouble = False
        self._is_full = False
        self._tell(logging.WARNING, f"{path} can be written again, {self._dropped_since()}")
        self._schedule()  # what was dropped is to be counted

    def _dropped_since(self) -> str:
        dropped = self._backlog.dropped - self._dropped_told
        self._dropped_told += dropped
        return f"{dropped} frames had to be dropped" if dropped else "no frame was lost meanwhile"

    def _tell_full(self) -> None:
        """Say once that frames are dropped."""
        if not self._is_full:
            self._is_full = True
            self._tell(logging.ERROR, "no room for more frames in memory; they are dropped, and counted")

    def _tell(self, level: int, text: str) -> None:
        if self._loop is not None and self._loop.is_closed():
            if level >= logging.WARNING:  # mitmproxy's log is closed with the loop
                sys.stderr.write(f"xentara_inspect: {text}\n")
        else:
            logger.log(level, "xentara_inspect: %s", text)


def _resolve(committed_future: asyncio.Future[bool], *, committed: bool) -> None:
    if not committed_future.done() and not committed_future.get_loop().is_closed():
        committed_future.set_result(committed)
