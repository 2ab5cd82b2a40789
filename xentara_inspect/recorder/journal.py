"""The recorder's side of the database: frames in, committed in groups by a thread of its own.

Whoever hands a frame over never waits for a lock or the disk. What cannot be written is kept in
memory and tried again; how much that may be is decided by who hands over.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.recorder.files import JournalFile
from xentara_inspect.recorder.groups import Ended, Opened, Operation, Recorded, SessionHandle
from xentara_inspect.recorder.rescue import Rescued, rescue
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.database import Path
from xentara_inspect.store.processes import HEARTBEAT_INTERVAL
from xentara_inspect.traffic.redaction import without_secrets

GROUP_DELAY: Final = 0.01
"""Seconds that a frame waits for others to be committed with."""

_GROUP_LIMIT: Final = 5000  # operations in one transaction


class Feed(NamedTuple):
    """Where operations come from, where another process may have to go on with them.

    name: the same in each of these processes. first: the number of the first operation handed over;
    those that the database has already are passed over.
    """

    name: str
    first: int


def _ignore(*_: object) -> None:
    pass


class Journal:
    """Writes sessions and frames to the database at `path`. Thread-safe.

    Usable until the process ends: after `close`, which is called at exit too, the next frame opens
    it again. Nothing here raises for the state of the disk: on_problem is told once what is wrong,
    on_recovery the path once it is over, on_notice (else on_problem) what is wrong though frames are
    written, on_rotation the path of each next file, on_settled the number of the last operation after
    each commit; all are called on the writer's thread.

    durable: commit at once, and so that it survives a loss of power. keep_secrets: store payloads as
    they are. group_delay: seconds that a frame waits for others to be committed with. clock:
    nanoseconds since 1970. feed: whose operations these are.
    rotation: go on in the newest of the files that follow the one at `path`, and when to start the
    next one; without it, only this one is written to.
    """

    def __init__(
        self,
        path: Path,
        *,
        durable: bool = False,
        keep_secrets: bool = False,
        group_delay: float = GROUP_DELAY,
        on_problem: Callable[[str], None] = _ignore,
        on_notice: Callable[[str], None] | None = None,
        on_recovery: Callable[[str], None] = _ignore,
        on_rotation: Callable[[str], None] = _ignore,
        on_settled: Callable[[int], None] = _ignore,
        clock: Callable[[], int] = time.time_ns,
        rotation: Rotation | None = None,
        feed: Feed | None = None,
    ) -> None:
        self._file = JournalFile(
            os.path.abspath(path),
            durable,
            on_problem,
            on_recovery,
            clock,
            rotation,
            on_rotation,
            feed.name if feed is not None else None,
            on_notice,
        )
        self._on_settled = on_settled
        self._last = feed.first - 1 if feed is not None else 0  # the number of the last one settled
        self._group_delay = group_delay
        self._path = path
        self._clock = clock
        self._durable = durable
        self._keep_secrets = keep_secrets
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)
        self._writing = threading.Lock()  # held by whichever thread is the writer
        self._queue: list[Operation] = []
        self._unwritten: list[Operation] = []
        self._handed = 0  # operations handed over, and those of them that are settled
        self._done = 0
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        atexit.register(self.close)
        with self._lock:
            self._start()

    def open_session(self, info: SessionInfo) -> SessionHandle:
        """Begin a session, or go on with the one that has its flow id."""
        handle = SessionHandle(info)
        self.hand_over([Opened(handle)])
        return handle

    def append(self, handle: SessionHandle, frame: Frame) -> None:
        """Record a frame."""
        self.hand_over([Recorded(handle, frame)])

    def close_session(
        self, handle: SessionHandle, closed: int, code: int | None = None, reason: str | None = None
    ) -> None:
        """End a session. closed: nanoseconds since 1970 UTC."""
        self.hand_over([Ended(handle, Closing(closed, code, reason))])

    def hand_over(self, operations: Iterable[Operation]) -> None:
        """Take operations, in order. Secrets are blanked before anything else happens."""
        taken = list(operations if self._keep_secrets else map(_without_secrets, operations))
        with self._lock:
            self._queue += taken
            self._handed += len(taken)
            if self._thread is None:
                self._start()
        if not self._wake.is_set():
            self._wake.set()

    def flush(self, timeout: float | None = 2.0) -> bool:
        """Wait until all that was handed over is committed. Returns whether it is. timeout: seconds."""
        return self._settle(timeout)

    def close(self, timeout: float | None = 2.0) -> bool:
        """Commit everything, end the sessions still open, and leave the database.

        Returns whether that worked within `timeout` seconds.
        """
        with self._lock:
            self._stopping = True
        settled = self._settle(timeout)
        thread = self._thread
        if settled and thread is not None:
            thread.join(timeout)
        return settled

    def rescue(self) -> Rescued | None:
        """Write what the database does not take into a file beside it, and nothing more after that.

        For the end of a process that cannot wait any longer. None if nothing is unwritten.
        """
        atexit.unregister(self.close)
        self._writing.acquire()  # for good: the writer must not write any of it a second time
        with self._lock:
            operations = self._unwritten + self._queue
            self._unwritten, self._queue = [], []
        if not any(isinstance(operation, Recorded) for operation in operations):
            return None
        return rescue(operations, self._path, self._clock)

    def _start(self) -> None:
        """Start the writer. With the lock held."""
        thread = threading.Thread(target=self._run, name="xentara-journal", daemon=True)
        self._thread = thread
        try:
            thread.start()
        except RuntimeError:  # the interpreter is shutting down: flush and close write themselves
            self._thread = None

    def _settle(self, timeout: float | None) -> bool:
        self._hurry.set()
        self._wake.set()
        with self._lock:
            target = self._handed
            thread = self._thread
            if thread is not None and thread.is_alive():
                return self._settled.wait_for(lambda: self._is_settled(target), timeout)
        self._write()
        with self._lock:
            return self._is_settled(target)

    def _is_settled(self, target: int) -> bool:
        return self._done >= target and not (self._stopping and self._file.is_open)

    def _run(self) -> None:
        while True:
            self._wake.wait(HEARTBEAT_INTERVAL)
            if self._wake.is_set() and not self._durable and not self._file.in_trouble:
                self._hurry.wait(self._group_delay)
            self._wake.clear()
            self._hurry.clear()
            pause = self._write()
            if pause:
                # Not on the wake event: frames keep coming and would make this a busy loop.
                self._hurry.wait(pause)
                self._wake.set()
            with self._lock:
                # A stop that came while this was writing is not done before the file is left.
                if self._stopping and not self._queue and not self._unwritten and not self._file.is_open:
                    self._thread = None
                    self._stopping = False
                    self._settled.notify_all()
                    return

    def _write(self) -> float:
        """Write what there is. Returns seconds to wait before trying again, 0 if that is not needed."""
        with self._writing:
            while True:
                with self._lock:
                    self._unwritten += self._queue
                    self._queue = []
                    stopping = self._stopping and len(self._unwritten) <= _GROUP_LIMIT
                group = self._unwritten[:_GROUP_LIMIT]
                pause = self._file.write(group, self._last + len(group), stopping=stopping)
                if pause:
                    return pause
                del self._unwritten[: len(group)]
                self._forget(len(group))
                if not self._unwritten:
                    return 0

    def _forget(self, count: int) -> None:
        """So many operations more are committed."""
        self._last += count
        with self._lock:
            self._done += count
            self._settled.notify_all()
        if count:
            self._on_settled(self._last)


def _without_secrets(operation: Operation) -> Operation:
    if not isinstance(operation, Recorded):
        return operation
    blanked = without_secrets(operation.frame)
    if blanked is operation.frame:
        return operation
    return operation._replace(frame=blanked, redacted=True)
