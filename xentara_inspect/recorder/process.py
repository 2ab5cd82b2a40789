"""The process that writes: `python -m xentara_inspect.recorder.process DESCRIPTOR`.

A thread that writes beside the proxy's event loop costs it dearly, even one that mostly sleeps: each
time it wants the interpreter lock the event loop, which gives the lock up for every system call and
has it back before the other thread wakes, pays for waking it in vain. So the proxy puts its frames
where this process finds them (see `feed`), also when the proxy is killed.

stdin is the socket to the proxy (see `wire`); DESCRIPTOR is that of saved `wire.Settings`.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from xentara_inspect.frames import Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.feed import FeedReader, Operation
from xentara_inspect.recorder.files import JournalFile
from xentara_inspect.recorder.groups import SessionProgress
from xentara_inspect.store.database import new_beside
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.processes import HEARTBEAT_INTERVAL
from xentara_inspect.traffic.echoes import SessionSecrets

FINISH_SECONDS: Final = 1.5
"""How long nothing may be written once the proxy was killed; what is left then is rescued."""

_PIECE: Final = 1 << 12
_GATHER: Final = 0.015  # seconds that a frame waits for others to be written with
_STOP_PAUSE: Final = 0.02
_GROUP: Final = 5000  # operations in one transaction
_GROUP_BYTES: Final = 1 << 20  # of payload, where there is more than one frame
_GROUP_SECONDS: Final = 0.02  # of looking for secrets, likewise: others wait for what they said to be seen
_DIED: Final = "the process that writes the database died of it"


class Scribe:
    """Writes what happens, in one loop."""

    def __init__(self, settings: wire.Settings, proxy: socket.socket) -> None:
        self._settings = settings
        self._proxy = proxy
        self._listens = True
        self._gather = 0.0 if settings.durable else _GATHER
        self._page = wire.Page.at(settings.page)
        self._page.take_over()
        self._feed = FeedReader(settings.files, settings.place)
        self._settled = settings.place
        self._sessions = {
            number: SessionProgress(info, SessionSecrets(secrets), missed)
            for number, (info, (secrets, missed)) in settings.sessions.items()
        }
        self._file = JournalFile(settings, self._sessions, self._say)
        self._group: list[Operation] = []  # read, without secrets, not committed yet
        self._is_full = False  # there may be more than the group
        self._next_beat = 0.0

    def run(self) -> int:
        """Until the proxy is gone, and all is written, somewhere. Returns the exit code."""
        while self._listens:
            if self._take_group() or self._is_due():
                self._listen(self._write() or (0.0 if self._is_full else self._gather))
            else:
                self._sleep()
        return self._write_rest()

    # Listening

    def _sleep(self) -> None:
        """Until the proxy wakes us, or it is time to say that we are here."""
        self._page.sleeps = 1
        came_before = self._take_group()
        if not came_before and self._listen(max(0.0, self._next_beat - time.monotonic())):
            time.sleep(self._gather)
        self._page.sleeps = 0

    def _listen(self, seconds: float) -> bool:
        """Wait so long for the proxy to wake us, or to be gone. Returns whether it has."""
        if not select.select([self._proxy], [], [], seconds)[0]:
            return False
        try:
            self._listens = bool(self._proxy.recv(_PIECE))
        except ConnectionError:
            self._listens = False
        return True

    def _say(self, *message: Any) -> None:
        with contextlib.suppress(OSError):  # where the proxy is gone nobody wants to know
            self._proxy.sendall(wire.encode(message))

    # Writing

    def _take_group(self) -> bool:
        """Read on, unless there is something to write. Returns whether there is."""
        self._page.rounds += 1
        if self._group:
            return True
        size, until = 0, time.monotonic() + _GROUP_SECONDS
        limit = _GROUP if self._settled.number >= self._page.alone else 1
        while operation := self._read():
            self._group.append(operation)
            size += wire.payload_size(operation)
            if len(self._group) >= limit or size >= _GROUP_BYTES or time.monotonic() > until:
                self._is_full = True
                return True
        self._is_full = False
        return bool(self._group)

    def _read(self) -> Operation | None:
        """The next operation, without secrets."""
        number = self._feed.place.number + 1
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

    def _is_due(self) -> bool:
        """Whether it is time to say that we are here, or what is wrong."""
        return time.monotonic() >= self._next_beat or self._troubles() != self._file.troubles

    def _troubles(self) -> str:
        return self._page.troubles.decode(errors="replace")

    def _write(self) -> float:
        """Write the group, and that we are here. Returns 0, or after how many seconds to try again."""
        last = self._settled.number + len(self._group)
        self._page.mark(self._settled.number + 1, last)
        self._file.troubles = self._troubles()
        pause = self._file.write(self._group, last)
        self._page.mark(0, 0)
        if not pause:
            self._next_beat = time.monotonic() + HEARTBEAT_INTERVAL
            self._settle()
        return pause

    def _settle(self) -> None:
        """What was written is the proxy's business no more, but for what who goes on for us must know."""
        numbers = {number for _, number, *_ in self._group}
        told: dict[int, wire.Told | None] = {number: self._sessions[number].told for number in numbers}
        for number in [number for kind, number, *_ in self._group if kind == wire.ENDED]:
            del self._sessions[number]
            told[number] = None
        self._settled, self._group = self._feed.place, []
        self._say(wire.SETTLED, tuple(self._settled), told)

    # The end

    def _write_rest(self) -> int:
        """Write what is left, with patience while something can be written. Returns the exit code."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nobody else ends us any more
        patience = self._page.seconds or FINISH_SECONDS
        until = time.monotonic() + patience
        while self._take_group() or self._take_missed():
            if pause := self._write():
                if time.monotonic() > until:
                    return self._rescue()
                time.sleep(pause)
            else:
                until = time.monotonic() + patience
        while self._file.write([], self._settled.number, stopping=True) and time.monotonic() < until:
            time.sleep(_STOP_PAUSE)
        return 0

    def _take_missed(self) -> bool:
        """What a proxy that was killed had no room for, and had not told. Returns whether there is such."""
        missed = {
            number: self._page.missed[number] - known.missed for number, known in self._sessions.items()
        }
        self._group = [(wire.MISSED, number, frames) for number, frames in missed.items() if frames > 0]
        return bool(self._group)

    def _rescue(self) -> int:
        """Write what is left into a database beside the other, and say so: the proxy's log may be closed."""
        frames = wire.frames_behind(self._settings.files, self._settled)
        if not frames:
            return 0
        where, code = "they are lost", wire.LOST
        with contextlib.suppress(StoreError):
            path = new_beside(self._settings.path, f"unwritten-{os.getpid()}")
            settings = replace(self._settings, path=path, rotation=None, feed="")
            self._file = JournalFile(settings, self._sessions, lambda *_: None)
            for number, session in self._sessions.items():
                self._sessions[number] = SessionProgress(session.info, session.secrets, session.missed)
            while (self._take_group() or self._take_missed()) and not self._write():
                pass
            if not self._group:
                where, code = f"they are in {path}", 0
            self._file.write([], self._settled.number, stopping=True)
        said = "1 frame" if frames == 1 else f"{frames} frames"
        _tell(f"{said} could not be written into {self._settings.path}; {where}")
        return code


def _tell(text: str) -> None:
    """Tell people, where the proxy's log is closed. There may be nobody any more."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"xentara_inspect: {text}\n")


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


def main(arguments: Sequence[str]) -> int:
    """`python -m xentara_inspect.recorder.process DESCRIPTOR`. Returns the exit code."""
    try:
        (descriptor,) = map(int, arguments)
        settings = wire.Settings.load(descriptor)
    except (OSError, ValueError, EOFError, pickle.UnpicklingError):
        sys.stderr.write("usage: python -m xentara_inspect.recorder.process DESCRIPTOR < socket\n")
        return 2
    # The proxy decides when this ends, also where whoever stops it signals all of its processes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with socket.socket(fileno=os.dup(0)) as proxy:
        try:
            return Scribe(settings, proxy).run()
        except MemoryError:  # the next one will keep less of it
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
