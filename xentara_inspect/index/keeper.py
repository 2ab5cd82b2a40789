"""Keeps the indexer process running beside the proxy, without holding up the event loop."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Final

from xentara_inspect.store.chain import newest_file
from xentara_inspect.store.database import open_for_reading
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.supervision import Supervision, start

SILENCE: Final = 3.0
"""Seconds without any frame indexed, though there are some, before anybody is told."""

_LOOK: Final = 1.0  # seconds between two looks at how far it is

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

    def __init__(self, path: str, *, alone: bool, on_news: Callable[[int, str], None]) -> None:
        """alone: index this file, not those that follow it.

        on_news: told, with a level of logging, if the indexer keeps dying or stands still, and that it
        goes on; called on a thread of this object.
        """
        self._path = path
        self._alone = alone
        self._on_news = on_news
        self._progress = _Progress(path, alone=alone)
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
                self._on_news(logging.ERROR, complaint)
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
        while (code := self._look(process)) is None:
            pass
        with self._lock:
            self._end_lifeline()
            self._process = None
        return code

    def _look(self, process: subprocess.Popen[bytes]) -> int | None:
        """Wait a while for its end, and look how far it is. Returns its exit code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOK)
        if (news := self._progress.news()) is not None:
            self._on_news(*news)
        return None

    def _end_lifeline(self) -> None:
        """With the lock held."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()


class _Progress:
    """Whether the indexer of a recording goes on."""

    def __init__(self, path: str, *, alone: bool) -> None:
        self._path = path
        self._alone = alone
        self._seen = (0, 0)  # addresses: indexed so far, and of the last frame, in the newest file
        self._since = time.monotonic()
        self._told = False

    def news(self) -> tuple[int, str] | None:
        """What to tell, with a level of logging: that it stands still, or that it goes on."""
        seen, now = self._look(), time.monotonic()
        if seen is None:
            return None
        before, self._seen = self._seen, seen
        if seen[0] != before[0] or seen[0] >= seen[1]:
            self._since = now
            if self._told:
                self._told = False
                return logging.WARNING, "the indexer goes on"
        elif now - self._since >= SILENCE and not self._told:
            self._told = True
            return logging.ERROR, (
                f"the indexer stands still, or is behind: for {now - self._since:.0f} seconds no frame was"
                " decoded; they are recorded all the same"
            )
        return None

    def _look(self) -> tuple[int, int] | None:
        path = self._path if self._alone else newest_file(self._path)
        try:
            with contextlib.closing(open_for_reading(path, timeout=0)) as connection:
                done, last = connection.execute(
                    "SELECT frame_id << 24 | position, (SELECT coalesce(max(id), 0) << 24 FROM frames)"
                    " FROM checkpoint"
                ).fetchone()
        except (StoreError, sqlite3.Error):
            return None
        return int(done), int(last)
