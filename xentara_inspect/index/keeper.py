"""Keeps the indexer process running beside the proxy, without holding up the event loop."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import threading
import time
from typing import Final

from xentara_inspect.index.progress import Progress
from xentara_inspect.store.supervision import Supervision, Tell, Trouble, end_lifeline, start

_LOOK: Final = 0.5  # seconds between two looks at how far it is

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

    def __init__(self, path: str, *, alone: bool, on_news: Tell) -> None:
        """alone: index this file, not those that follow it.

        on_news: told if the indexer keeps dying, stands still or is behind, and that it goes on; called
        on a thread of this object.
        """
        self._path = path
        self._alone = alone
        self._trouble = Trouble(on_news)
        self._progress = Progress(path, alone=alone)
        self._death = ""  # the last one, not to be told but to be found until something is decoded
        self._died = -math.inf
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._finishing = threading.Event()
        self._supervision = Supervision(
            "the indexer",
            "frames are recorded all the same, and decoded once it works or by `xentara-inspect reindex`",
        )
        self._thread = threading.Thread(target=self._run, name="xentara-indexer", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """What is wrong with the indexer, in words; empty where nothing is."""
        return self._trouble.text or ("" if self._progress.moved > self._died else self._death)

    @property
    def lag(self) -> int:
        """Frames that are recorded and not decoded, as of the last look."""
        return self._progress.lag

    @property
    def restarts(self) -> int:
        """How often the indexer had to be started again."""
        return self._supervision.restarts

    def finish(self, timeout: float | None) -> bool:
        """Let the indexer do what is left, and wait for that. Returns whether it is done.

        timeout: seconds, None for as long as it takes. What is not done then is done without us.
        """
        with self._lock:
            self._finishing.set()
            end_lifeline(self._process)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            started = time.monotonic()
            code = self._run_once()
            if self._finishing.is_set() and (code == 0 or self._supervision.is_hopeless()):
                return
            self._progress.look()  # what it did before its end is not a sign of life behind it
            self._died, self._death = time.monotonic(), self._supervision.death(code)
            pause = self._supervision.died(self._died - started)
            if complaint := self._supervision.complaint(code):
                self._trouble.begin(complaint)
            self._wait(pause)

    def _run_once(self) -> int | str:
        """Start the indexer and wait for its end. Returns its exit code, or why it cannot be started."""
        try:
            process = start_indexer(self._path, alone=self._alone)
        except OSError as error:
            return error.strerror or str(error)
        with self._lock:
            self._process = process
            if self._finishing.is_set():
                end_lifeline(self._process)
        while (code := _end_of(process)) is None:
            self._look(runs=True)
        with self._lock:
            end_lifeline(self._process)
            self._process = None
        return code

    def _wait(self, pause: float) -> None:
        """Wait until it is to be started again, so many seconds.

        At the end there is no time to lose, and little that a pause would make better.
        """
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0 and not self._finishing.wait(min(left, _LOOK)):
            self._look(runs=False)

    def _look(self, *, runs: bool) -> None:
        """See how far it is. runs: whether it is there, so that what was wrong may be over."""
        if not self._progress.look():
            return
        if problem := self._progress.problem(is_told=bool(self._trouble.text)):
            self._trouble.begin(problem)
        elif runs:
            self._trouble.end("the indexer goes on")


def _end_of(process: subprocess.Popen[bytes]) -> int | None:
    """Wait a while for the end of a process. Returns its exit code, if that comes."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(_LOOK)
    return None
