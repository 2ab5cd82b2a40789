"""The process that writes: `python -m xentara_inspect.recorder.process`.

A thread that writes beside the proxy's event loop costs it dearly, even one that mostly sleeps: each
time it wants the interpreter lock the event loop, which gives the lock up for every system call and
has it back before the other thread wakes, pays for waking it in vain. So the proxy puts its frames
where this process finds them (see `shared`), also when the proxy is killed.

stdin has the pickle of `wire.Settings`, and ends with the proxy; stdout is for what people are to know.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import select
import signal
import sys
import time
from dataclasses import replace
from typing import Final

from xentara_inspect.frames import Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.feed import Operation
from xentara_inspect.recorder.files import JournalFile
from xentara_inspect.recorder.groups import SessionProgress
from xentara_inspect.recorder.shared import Shared, Told
from xentara_inspect.store.database import new_beside
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.processes import HEARTBEAT_INTERVAL
from xentara_inspect.store.supervision import report
from xentara_inspect.traffic.echoes import SessionSecrets

FINISH_SECONDS: Final = 1.5
"""How long nothing may be written once the proxy was killed; what is left then is rescued."""

_LIFELINE: Final = 0  # stdin
_GATHER: Final = 0.015  # seconds that a frame waits for others to be written with
_GROUP_BYTES: Final = 1 << 20  # of payload in one transaction, where there is more than one frame
_GROUP_SECONDS: Final = 0.02  # of reading and looking for secrets, likewise: others wait to be seen
_DIED: Final = "the process that writes the database died of it"


class Scribe:
    """Writes what happens, in one loop."""

    def __init__(self, settings: wire.Settings) -> None:
        self._settings = settings
        self._listens = True
        self._gather = 0.0 if settings.durable else _GATHER
        self._memory = Shared(settings.shared)
        self._page = self._memory.page
        self._page.take_over()
        self._feed = self._memory.unsettled()
        self._told = self._memory.sessions()
        self._sessions = {
            number: SessionProgress(info, SessionSecrets(secrets), missed)
            for number, (info, secrets, missed) in self._told.items()
        }
        self._file = JournalFile(settings, self._sessions, self._page, report)
        self._group: list[Operation] = []  # read, without secrets, not committed yet
        self._is_full = False  # there may be more than the group
        self._next_beat = 0.0

    def run(self) -> None:
        """Until the proxy is gone, and all is written, somewhere. Raises MemoryError, OSError."""
        while self._listens:
            if self._take_group() or time.monotonic() >= self._next_beat:
                self._listen(self._write() or (0.0 if self._is_full else self._gather))
            else:
                self._sleep()
        self._write_rest()

    # Listening

    def _sleep(self) -> None:
        """Until the proxy wakes us, or it is time to say that we are here."""
        wake = self._memory.wake
        if wake in self._listen(max(0.0, self._next_beat - time.monotonic()), wake):
            os.eventfd_read(wake)
            self._listen(self._gather)

    def _listen(self, seconds: float, *others: int) -> list[int]:
        """Wait so long for the proxy to be gone, or for what else can be read. Returns what can."""
        poll = select.poll()
        for descriptor in (_LIFELINE, *others):
            poll.register(descriptor, select.POLLIN)
        came = [descriptor for descriptor, _ in poll.poll(math.ceil(seconds * 1000))]
        self._listens = _LIFELINE not in came  # it says no more than its end
        return came

    # Writing

    def _take_group(self) -> bool:
        """Read on, unless there is something to write. Returns whether there is."""
        self._page.rounds += 1
        if self._group:
            return True
        size, until = 0, time.monotonic() + _GROUP_SECONDS
        is_alone = self._memory.settled.number < self._page.alone
        while operation := self._read():
            self._group.append(operation)
            size += wire.payload_size(operation)
            if is_alone or size >= _GROUP_BYTES or time.monotonic() > until:
                self._is_full = True
                return True
        self._is_full = False
        return bool(self._group)

    def _read(self) -> Operation | None:
        """The next operation, without secrets."""
        number = self._feed.number + 1
        self._page.mark(number, number)
        operation = self._feed.read()
        if operation is None:
            self._page.mark(0, 0)
            return None
        if number == self._page.suspect:
            for _ in range(self._page.deaths - 1):
                operation = wire.cut_more(operation, _DIED)
        if operation[0] == wire.OPENED:
            _, session, info, secrets = operation
            self._sessions[session] = SessionProgress(SessionInfo(*info), SessionSecrets(secrets))
        if self._settings.keep_secrets:
            return operation
        return _without_secrets(operation, self._sessions[operation[1]].secrets)

    def _write(self) -> float:
        """Write the group, and that we are here. Returns 0, or after how many seconds to try again."""
        first = self._memory.settled.number + 1
        last = first + len(self._group) - 1
        self._page.mark(first, last)
        pause = self._file.write(self._group, last)
        self._page.mark(0, 0)
        if not pause:
            self._next_beat = time.monotonic() + HEARTBEAT_INTERVAL
            self._settle()
        return pause

    def _settle(self) -> None:
        """What was written is the proxy's business no more, but for what who goes on for us must know."""
        news: dict[int, Told | None] = {}
        for number in {number for _, number, *_ in self._group}:
            told = self._sessions[number].told
            if told != self._told.get(number):
                news[number] = self._told[number] = told
        for number in [number for kind, number, *_ in self._group if kind == wire.ENDED]:
            del self._sessions[number], self._told[number]
            news[number] = None
        self._memory.settle(self._feed.number, self._feed.place, news, self._told)
        self._group = []

    # The end

    def _write_rest(self) -> None:
        """Write what is left, with patience while something can be written."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nobody else ends us any more
        patience = self._page.seconds or FINISH_SECONDS
        until = time.monotonic() + patience
        while self._take_group() or self._take_missed():
            if pause := self._write():
                if time.monotonic() > until:
                    self._rescue()
                    return
                time.sleep(pause)
            else:
                until = time.monotonic() + patience
        while (pause := self._file.write([], self._feed.number, stopping=True)) and time.monotonic() < until:
            time.sleep(pause)

    def _take_missed(self) -> bool:
        """What a proxy that was killed had no room for, and had not told. Returns whether there is such."""
        missed = {
            number: self._page.missed[number] - known.missed for number, known in self._sessions.items()
        }
        self._group = [(wire.MISSED, number, frames) for number, frames in missed.items() if frames > 0]
        return bool(self._group)

    def _rescue(self) -> None:
        """Write what is left into a database beside the other, and say so: the proxy's log may be closed."""
        left = self._memory.unsettled()
        frames = wire.frames_in(left)
        if left.number == self._memory.settled.number:
            return
        path = ""
        with contextlib.suppress(StoreError):
            path = new_beside(self._settings.path, f"unwritten-{os.getpid()}")
            settings = replace(self._settings, path=path, rotation=None, feed="")
            self._file = JournalFile(settings, self._sessions, self._page, lambda *_: None)
            for number, session in self._sessions.items():
                self._sessions[number] = SessionProgress(session.info, session.secrets, session.missed)
            while (self._take_group() or self._take_missed()) and not self._write():
                pass
            self._file.write([], self._feed.number, stopping=True)
        became = _rescued(frames, wire.frames_in(self._memory.unsettled()), self._settings.path, path)
        with contextlib.suppress(OSError):  # the proxy's log is closed; there may be nobody any more
            sys.stderr.write(f"xentara_inspect: {became}\n")


def _without_secrets(operation: Operation, secrets: SessionSecrets) -> Operation:
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


def _rescued(frames: int, lost: int, database: str, path: str) -> str:
    """What became of what could not be written. path: of the file that it is in, where one could be made."""
    what, they_are = f"{frames} frames", "they are"
    if frames < 2:
        what, they_are = "1 frame" if frames else "what was left", "it is"
    where = f"{they_are} in {path}" if path and not lost else f"{they_are} lost"
    if 0 < lost < frames:
        where = f"{frames - lost} of them are in {path}, {lost} are lost"
    return f"{what} could not be written into {database}; {where}"


def main() -> int:
    """`python -m xentara_inspect.recorder.process`. Returns the exit code."""
    # The proxy decides when this ends, also where whoever stops it signals all of its processes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        settings = pickle.load(sys.stdin.buffer)  # noqa: S301 - our other half wrote it
    except (EOFError, pickle.UnpicklingError):
        sys.stderr.write("usage: python -m xentara_inspect.recorder.process < pipe of its proxy\n")
        return 2
    try:
        Scribe(settings).run()
    except (MemoryError, OSError):  # there is no memory: the next one may have some, or keeps less
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
