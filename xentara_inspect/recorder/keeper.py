"""Keeps the process that writes the journal running, and hands it what happens.

While traffic passes nothing here waits. For the thread of the event loop, also when that is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import pickle
import subprocess
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.backlog import LIMIT, Backlog
from xentara_inspect.recorder.condition import Condition, tell
from xentara_inspect.recorder.shared import Shared
from xentara_inspect.store.cutting import Cut
from xentara_inspect.store.supervision import Keeper, Supervision, reports, start

_TICK: Final = 0.1  # seconds between two looks after what nobody tells,
_GLANCE: Final = 0.005  # and where somebody waits for it
_START_SECONDS: Final = 2.0
_RESCUE_SECONDS: Final = 0.5  # without a commit, at the end, until what is left is rescued
_VERDICT_SECONDS: Final = 5.0  # more, where nothing could be written: until it is known what became of it


class JournalKeeper(Keeper):
    """A journal in another process, which is started again whenever it dies; nothing is lost by that.

    backlog: what it has not written yet. condition: what is wrong.
    """

    def __init__(
        self,
        settings: wire.Settings,
        loop: asyncio.AbstractEventLoop | None = None,
        limit: int = LIMIT,
        beside: Callable[[], list[str]] = list,
        holding: Sequence[int] = (),
    ) -> None:
        """settings: but for what only a keeper knows. limit: bytes of frames kept in memory. Raises OSError.

        loop: in which traffic passes; without one only `flush` looks after the process. beside: what is
        wrong that is none of our business, but to be found in the database. holding: descriptors that the
        process has open until its end.
        """
        self._memory = memory = Shared()
        self._settings = replace(settings, feed=uuid.uuid4().hex, shared=memory.descriptors)
        self.backlog = Backlog(memory, limit)
        self.condition = Condition(memory.page, self.backlog, settings, beside)
        self._loop = loop
        self._holding = holding
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        what = "the process that writes the database"
        super().__init__(Supervision(what, self.condition.meanwhile), "xentara-journal")
        # From the end of this on what is handed over outlives us.
        self._wait(lambda: memory.page.written > 0, _START_SECONDS)
        if loop is not None and settings.durable:
            loop.add_reader(memory.told, self._release)
        self._look_after()

    @property
    def rotations(self) -> int:
        """How often recording went on in another file."""
        return self._memory.page.rotations

    # What happens

    def open_session(self, info: SessionInfo, secrets: tuple[bytes, ...] = ()) -> int:
        """Begin a session, or go on with the one that has its flow id. Returns its number.

        secrets: that came with the request for it. They are kept in memory alone. Raises OSError.
        """
        return self.backlog.open(info, secrets)

    def append(
        self, session: int, frame: Frame, cut: Cut | None = None, looked: wire.Looked | None = None
    ) -> asyncio.Future[None] | None:
        """Record a frame, unless there is no room for it.

        cut, looked: see `Backlog.frame`. Where the journal is durable: a future that is done once
        the frame is on disk, and room is made; never of one that there is no memory for.
        """
        loop = self._loop if self._settings.durable else None
        number = self.backlog.frame(session, frame, cut, looked, always=loop is not None)
        if number is None:
            self.condition.miss()
        if loop is None:
            return None
        committed: asyncio.Future[None] = loop.create_future()
        if number is not None:
            self._waiting.append((number, committed))
        return committed

    def close_session(self, session: int, closing: Closing) -> None:
        """End a session."""
        self.backlog.end(session, closing)

    def flush(self, timeout: float | None) -> bool:
        """Wait until all that was handed over is committed. Returns whether it is. timeout: seconds."""
        self.backlog.tell_missed()
        return self._wait(lambda: not self.backlog.count, timeout)

    def close(self, timeout: float | None) -> int:
        """Let the process commit what is left, and end. timeout: seconds to wait for that.

        What it cannot commit it puts into a file beside the database, and says so. Returns how many
        frames are lost, as far as that is known.
        """
        backlog, page = self.backlog, self._memory.page
        page.seconds = math.inf if timeout is None else min(_RESCUE_SECONDS, timeout / 3)
        trouble = _VERDICT_SECONDS if self.condition.is_troubled else 0.0
        self._supervision.deaths = 0
        backlog.tell_missed()
        before = page.rounds, self.restarts
        is_over = self.finish(timeout and max(timeout / 3, _TICK))
        if not is_over and before == (page.rounds, self.restarts):
            self.kill()  # it stands still; another one will
        is_over = self.finish(timeout and timeout * 2 / 3 + trouble)
        goes_on = not is_over and not trouble
        return backlog.dropped + (0 if goes_on or not backlog.count else backlog.unsettled_frames())

    # Looking after it

    def _wait(self, until: Callable[[], bool], timeout: float | None) -> bool:
        """Wait, without the event loop, until the process has come so far. Returns whether it has."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while not until() and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _GLANCE))
            self.condition.look()
        return until()

    def _look_after(self) -> None:
        """Do what nobody tells that it is time for, now and then."""
        self.condition.look()
        self.backlog.free()
        if self.backlog.has_room(0):
            self.backlog.tell_missed()
        if self._loop is not None:
            self._loop.call_later(_TICK, self._look_after)

    def _release(self) -> None:
        """Let go what waits for the disk, and is there."""
        os.eventfd_read(self._memory.told)
        settled = self._memory.settled.number
        while self._waiting and self._waiting[0][0] <= settled:
            _, committed = self._waiting.popleft()
            if not committed.done():
                committed.set_result(None)

    # The process, on a thread that waits for it

    def _start(self) -> subprocess.Popen[bytes]:
        process = start(
            "xentara_inspect.recorder.process",
            [],
            subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(*self._settings.shared, *self._holding),
        )
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        with contextlib.suppress(BrokenPipeError):  # it has died, which will be seen
            os.write(process.stdin.fileno(), pickle.dumps(self._settings))
        return process

    def _attend(self, process: subprocess.Popen[bytes]) -> None:
        for report in reports(process):
            match report:
                case [wire.PROBLEM, str(text), bool(passes)]:
                    self.condition.problem(text, passes=passes)
                case [wire.NEWS, int(level), str(text)]:
                    tell(level, text)

    def _mourn(self, code: int | str, complaint: str | None) -> None:
        self.condition.died(complaint)

    def _rest(self, pause: float) -> None:
        # Frames are in no more than this memory meanwhile: at first there is no pause.
        if self._supervision.deaths > 1:
            super()._rest(pause)
