"""The journal in a process of its own: `python -m xentara_inspect.recorder.process SETTINGS`.

A thread that writes beside the proxy's event loop costs it dearly, even one that mostly sleeps: each
time it wants the interpreter lock the event loop, which gives the lock up for every system call and
has it back before the other thread wakes, pays for waking it in vain. So the proxy hands its frames
to this process, which also goes on to write them when the proxy is killed.

stdin is the socket to the proxy (see `journal_wire`); SETTINGS is JSON, the keywords of `Settings`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from xentara_inspect.frames import LIVE, Closing, Frame, SessionInfo
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.groups import Ended, Missed, Opened, Operation, Recorded, SessionHandle
from xentara_inspect.recorder.journal import Feed, Journal
from xentara_inspect.recorder.rescue import Rescued
from xentara_inspect.recorder.rotation import Rotation

FINISH_SECONDS: Final = 1.5
"""How long writing the rest may take once the proxy is gone; what is left then is rescued."""

_CRASHED: Final = 70  # exit code: EX_SOFTWARE of sysexits.h
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """path: of the database. feed, first: see `Feed`. durable, keep_secrets, rotation: see `Journal`."""

    path: str
    feed: str = ""
    first: int = 1
    durable: bool = False
    keep_secrets: bool = False
    rotation: Rotation | None = None

    def to_json(self) -> str:
        """What `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Raises ValueError, TypeError where it is no such thing."""
        values = json.loads(text)
        rotation = values.pop("rotation")
        return cls(**values, rotation=Rotation(**rotation) if rotation is not None else None)


class Scribe:
    """Turns what the proxy says into operations of a journal, and reports on them."""

    def __init__(self, settings: Settings, proxy: socket.socket) -> None:
        self._path = settings.path
        self._proxy = proxy
        self._sending = threading.Lock()
        self._sessions: dict[int, SessionHandle] = {}
        self._finish: float | None = FINISH_SECONDS
        self._journal = Journal(
            settings.path,
            durable=settings.durable,
            keep_secrets=settings.keep_secrets,
            group_delay=0,  # they come in groups
            on_problem=lambda text: self._report(wire.PROBLEM, text),
            on_notice=lambda text: self._report(wire.NOTICE, text),
            on_recovery=lambda path: self._report(wire.RECOVERED, path),
            on_rotation=lambda path: self._report(wire.ROTATED, path),
            on_settled=lambda number: self._report(wire.SETTLED, number),
            rotation=settings.rotation,
            feed=Feed(settings.feed, settings.first),
        )

    def run(self) -> None:
        """Until the proxy is gone: do as it says. Then write what is left, somewhere."""
        messages = wire.Messages()
        self._report(wire.READY)
        with contextlib.suppress(ConnectionError):
            while data := self._proxy.recv(_PIECE):
                for message in messages.feed(data):
                    self._do(message)
        if not self._journal.close(self._finish):
            _tell_rescued(self._journal.rescue(), self._path)

    def _do(self, message: tuple[Any, ...]) -> None:
        match message:
            case (wire.SESSION, session, info, position):
                self._sessions[session] = SessionHandle(SessionInfo(*info), position)
            case (wire.OPERATIONS, _, operations):
                self._journal.hand_over(self._operation(*operation) for operation in operations)
            case (wire.ASK,):
                self._journal.flush(None)
                self._report(
                    wire.SKIPPED,
                    {
                        session: (handle.session_id, handle.skipped)
                        for session, handle in self._sessions.items()
                        if handle.info.source != LIVE and handle.skipped
                    },
                )
            case (wire.FINISH, seconds):
                self._finish = seconds

    def _operation(self, kind: int, session: int, *rest: Any) -> Operation:
        handle = self._sessions[session]
        if kind == wire.FRAME:
            return Recorded(handle, Frame(*rest))
        if kind == wire.OPENED:
            return Opened(handle)
        if kind == wire.MISSED:
            return Missed(handle, *rest)
        if handle.info.source == LIVE:
            del self._sessions[session]
        return Ended(handle, Closing(*rest))

    def _report(self, *message: Any) -> None:
        # Where the proxy has ended nobody wants to know, and what it said is written all the same.
        with self._sending, contextlib.suppress(OSError):
            self._proxy.sendall(wire.encode(message))


def _tell_rescued(rescued: Rescued | None, database: str) -> None:
    """Say what became of frames that could not be written. The proxy's log may be closed by now."""
    if rescued is not None:
        where = f"they are in {rescued.path}" if rescued.path else "they are lost"
        frames = "1 frame" if rescued.frames == 1 else f"{rescued.frames} frames"
        sys.stderr.write(f"xentara_inspect: {frames} could not be written into {database}; {where}\n")


def _end_at_once(crash: threading.ExceptHookArgs) -> None:
    """A journal whose writer is gone takes frames and does nothing: better to be started again."""
    sys.__excepthook__(crash.exc_type, crash.exc_value or crash.exc_type(), crash.exc_traceback)
    os._exit(_CRASHED)


def main(arguments: Sequence[str]) -> int:
    """`python -m xentara_inspect.recorder.process SETTINGS`. Returns the exit code."""
    try:
        (text,) = arguments
        settings = Settings.from_json(text)
    except (ValueError, TypeError, KeyError):
        sys.stderr.write("usage: python -m xentara_inspect.recorder.process SETTINGS < socket\n")
        return 2
    # The proxy decides when this ends, also where whoever stops it signals all of its processes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.excepthook = _end_at_once
    with socket.socket(fileno=os.dup(0)) as proxy:
        Scribe(settings, proxy).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
