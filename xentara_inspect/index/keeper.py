"""Keeps the indexer process running beside the proxy, without holding up the event loop."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable

from xentara_inspect.store.supervision import Supervision, start

ALONE = "--alone"
"""Argument of the indexer: index this file, not those that follow it."""

_MODULE = "xentara_inspect.index.process"


def start_indexer(path: str | os.PathLike[str], *, alone: bool = False) -> subprocess.Popen[bytes]:
    """Start the indexer of a database, and of the files that follow it unless alone, as a process.

    Its stdin is its lifeline: once that is closed, or this process ends, the indexer finishes what
    is left and exits. Raises OSError.
    """
    return start(_MODULE, [os.path.abspath(path), *([ALONE] if alone else [])], subprocess.PIPE)


class IndexerKeeper:
    """Runs the indexer of a database, again whenever it dies, until it is told to finish."""

    def __init__(self, path: str, *, alone: bool, on_problem: Callable[[str], None]) -> None:
        """alone: index this file, not those that follow it.

        on_problem: told once if the indexer keeps dying; called on a thread of this object.
        """
        self._path = path
        self._alone = alone
        self._on_problem = on_problem
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._finishing = threading.Event()
        self._supervision = Supervision(
            "the indexer",
            "frames are recorded all the same, and decoded once it works or by `xentara-inspect reindex`",
        )
        self._thread = threading.Thread(target=self._run, name="xentara-indexer", daemon=True)
        self._thread.start()

    def finish(self, timeout: float | None) -> bool:
        """Let the indexer do what is left, and wait for that. Returns whether it is done.

        timeout: seconds, None for as long as it takes. What is not done then is done without us.
        """
        with self._lock:
            self._finishing.set()
            self._end_lifeline()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            started = time.monotonic()
            code = self._run_once()
            if self._finishing.is_set() and (code == 0 or self._supervision.is_hopeless()):
                return
            pause = self._supervision.died(time.monotonic() - started)
            if complaint := self._supervision.complaint(code):
                self._on_problem(complaint)
            # At the end there is no time to lose, and little that a pause would make better.
            self._finishing.wait(pause)

    def _run_once(self) -> int | str:
        """Start the indexer and wait for its end. Returns its exit code, or why it cannot be started."""
        try:
            process = start_indexer(self._path, alone=self._alone)
        except OSError as error:
            return error.strerror or str(error)
        with self._lock:
            self._process = process
            if self._finishing.is_set():
                self._end_lifeline()
        code = process.wait()
        with self._lock:
            self._end_lifeline()
            self._process = None
        return code

    def _end_lifeline(self) -> None:
        """With the lock held."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
