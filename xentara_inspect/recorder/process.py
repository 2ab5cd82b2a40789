"""The process that writes: `python -m xentara_inspect.recorder.process SETTINGS`.

A thread that writes beside the proxy's event loop costs it dearly, even one that mostly sleeps: each
time it wants the interpreter lock the event loop, which gives the lock up for every system call and
has it back before the other thread wakes, pays for waking it in vain. So the proxy hands its frames
to this process, which also goes on to write them when the proxy is killed.

stdin is the socket to the proxy (see `wire`); SETTINGS is JSON, the keywords of `wire.Settings`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from xentara_inspect.frames import Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.files import JournalFile
from xentara_inspect.recorder.groups import SessionProgress
from xentara_inspect.store.database import new_beside
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.processes import HEARTBEAT_INTERVAL
from xentara_inspect.traffic.echoes import SessionSecrets

FINISH_SECONDS: Final = 1.5
"""How long nothing may be written once the proxy is gone; what is left then is rescued."""

_NAMELESS: Final = 0
"""The session of frames of which nothing is known but their number."""

_PIECE: Final = 1 << 20
_MUCH: Final = 1 << 16  # bytes, behind which there is probably more
_LINGER: Final = 0.002  # seconds that it may take to come: a socket holds little
_STOP_PAUSE: Final = 0.02
_GROUP: Final = 5000  # operations in one transaction
_GROUP_BYTES: Final = 1 << 20  # of payload, where there is more than one frame
_GROUP_SECONDS: Final = 0.02  # of looking for secrets, likewise: somebody waits to be heard


class Scribe:
    """Writes what the proxy says, in one loop.

    It goes on listening while the database is locked: what it was told outlives the proxy.
    """

    def __init__(self, settings: wire.Settings, proxy: socket.socket) -> None:
        self._settings = settings
        self._proxy = proxy
        self._listens = True
        self._page = wire.Page(settings.page)  # what the proxy sees of us when we are killed, and we of it
        self._messages = wire.Messages()
        self._sessions: dict[int, SessionProgress] = {}
        self._file = JournalFile(settings, self._sessions, self._say)
        self._queue: deque[wire.Operation] = deque()
        self._group: list[wire.Operation] = []  # taken from the queue, without secrets, not committed yet
        self._last = settings.first - 1  # the number of the last operation that is committed
        self._next_beat = 0.0
        self._finish = FINISH_SECONDS

    def run(self) -> int:
        """Until the proxy is gone, and all is written, somewhere. Returns the exit code."""
        pause = self._write()  # opens the database: that may take longer than frames may wait
        while self._listens:
            while self._listens and self._hear(pause):
                pause = _LINGER
            pause = self._write()
        return self._write_rest()

    # Listening

    def _hear(self, seconds: float) -> bool:
        """Take what the proxy says, waiting so long for it. Returns whether to look for more first."""
        if not select.select([self._proxy], [], [], seconds)[0]:
            return False
        try:
            data = self._proxy.recv(_PIECE)
        except ConnectionError:
            data = b""
        if not data:
            self._listens = False
            self._count_missed()
        for message in self._messages.feed(data):
            self._do(message)
        return len(data) >= _MUCH

    def _do(self, message: tuple[Any, ...]) -> None:
        match message:
            case (wire.OPERATIONS, sessions, operations):
                for session, info, position, missed, secrets in sessions:
                    known = (SessionSecrets(secrets), missed, position, position)
                    self._sessions[session] = SessionProgress(SessionInfo(*info), *known)
                self._queue.extend(operations)
            case (wire.TROUBLES, text):
                self._file.troubles = text
                self._next_beat = 0.0
            case (wire.FINISH, seconds):
                self._finish = seconds
                self._listens = False

    def _say(self, *message: Any) -> None:
        with contextlib.suppress(OSError):  # where the proxy is gone nobody wants to know
            self._proxy.sendall(wire.encode(message))

    # Writing

    def _write(self) -> float:
        """Write a group, or that we are here. Returns after how many seconds to do so again."""
        self._take_group()
        idle = self._next_beat - time.monotonic()
        if not self._group and idle > 0:
            return idle
        last = self._last + len(self._group)
        self._page.mark(self._last + 1, last)
        pause = self._file.write(self._group, last)
        self._page.mark(0, 0)
        if pause:
            return pause
        self._next_beat = time.monotonic() + HEARTBEAT_INTERVAL
        self._settle(last)
        return 0 if self._queue else HEARTBEAT_INTERVAL

    def _take_group(self) -> None:
        if self._group:
            return  # it could not be written
        size, until = 0, time.monotonic() + _GROUP_SECONDS
        limit = _GROUP if self._last >= self._settings.alone else 1
        while self._queue and len(self._group) < limit and size < _GROUP_BYTES:
            operation = self._queue.popleft()
            size += wire.payload_size(operation)
            if not self._settings.keep_secrets:
                if time.monotonic() > until:
                    limit = len(self._group) + 1
                number = self._last + len(self._group) + 1
                self._page.mark(number, number)
                operation = _without_secrets(operation, self._sessions[operation[1]].secrets)
            self._group.append(operation)

    def _settle(self, last: int) -> None:
        learned = {}  # who goes on for us must know them, and is not told these frames again
        for kind, number, *_ in self._group:
            session = self._sessions[number]
            if session.secrets.has_news:
                learned[number] = session.secrets.values
                session.secrets.has_news = False
            if kind == wire.ENDED:
                del self._sessions[number]
                self._page.passed[number] = 0
                if session.skipped:
                    there = f"{session.skipped} messages were in the database already, skipped"
                    self._say(wire.NEWS, logging.WARNING, f"session {session.id}: {there}")
        self._last, self._group = last, []
        self._say(wire.SETTLED, last, learned)

    # The end

    def _write_rest(self) -> int:
        """Write what is left, with patience while something can be written. Returns the exit code."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nobody else ends us any more
        until = time.monotonic() + self._finish
        while self._queue or self._group:
            last, pause = self._last, self._write()
            if self._last != last:
                until = time.monotonic() + self._finish
            elif time.monotonic() > until:
                return self._rescue()
            else:
                time.sleep(pause)
        while self._file.write([], self._last, stopping=True) and time.monotonic() < until:
            time.sleep(_STOP_PAUSE)
        return 0

    def _count_missed(self) -> None:
        """Count what the proxy had not handed over when it was killed."""
        passed = self._page.passed
        lost = Counter(
            {number: passed[number] - session.passed for number, session in self._sessions.items()}
        )
        for operation in (*self._group, *self._queue):
            lost[operation[1]] -= wire.frames_of(operation)
        # Of connections that had just begun nothing else is known.
        lost[_NAMELESS] = sum(passed) - sum(passed[number] for number in self._sessions)
        nobody = SessionInfo(None, None, None, None, None, None, time.time_ns())
        self._sessions[_NAMELESS] = SessionProgress(nobody)
        missed = {number: frames for number, frames in lost.items() if frames > 0}
        self._queue.extend((wire.MISSED, number, frames) for number, frames in missed.items())
        if in_all := sum(missed.values()):
            _tell(f"the proxy was killed; {in_all} frames that it had are dropped, and counted")

    def _rescue(self) -> int:
        """Write what is left into a database beside the other, and say so: the proxy's log may be closed."""
        frames = sum(operation[0] == wire.FRAME for operation in (*self._group, *self._queue))
        if not frames:
            return 0
        where, code = "they are lost", wire.LOST
        with contextlib.suppress(StoreError):
            path = new_beside(self._settings.path, f"unwritten-{os.getpid()}")
            settings = replace(self._settings, path=path, rotation=None, feed="")
            self._file = JournalFile(settings, self._sessions, lambda *_: None)
            for number, session in self._sessions.items():
                self._sessions[number] = SessionProgress(session.info, session.secrets)
            pause = 0.0
            while (self._queue or self._group) and not pause:
                pause = self._write()
            if not self._group:
                where, code = f"they are in {path}", 0
            self._file.write([], self._last, stopping=True)
        said = "1 frame" if frames == 1 else f"{frames} frames"
        _tell(f"{said} could not be written into {self._settings.path}; {where}")
        return code


def _tell(text: str) -> None:
    """Tell people, where the proxy's log is closed. There may be nobody any more."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"xentara_inspect: {text}\n")


def _without_secrets(operation: wire.Operation, secrets: SessionSecrets) -> wire.Operation:
    match operation:
        case (wire.FRAME, session, *frame, None, cut_off):
            given = Frame(*frame)
            blanked = secrets.without(given, is_cut=cut_off is not None)
            return operation if blanked is given else (wire.FRAME, session, *blanked, (True, ()), cut_off)
        case (wire.FRAME, _, *_, (_, found), _):
            secrets.learn(found)
        case (wire.ENDED, session, time_, code, reason, by):
            return (wire.ENDED, session, time_, code, secrets.without_in(reason), by)
    return operation


def main(arguments: Sequence[str]) -> int:
    """`python -m xentara_inspect.recorder.process SETTINGS`. Returns the exit code."""
    try:
        (text,) = arguments
        settings = wire.Settings.from_json(text)
    except (ValueError, TypeError, KeyError):
        sys.stderr.write("usage: python -m xentara_inspect.recorder.process SETTINGS < socket\n")
        return 2
    # The proxy decides when this ends, also where whoever stops it signals all of its processes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with socket.socket(fileno=os.dup(0)) as proxy:
        return Scribe(settings, proxy).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
