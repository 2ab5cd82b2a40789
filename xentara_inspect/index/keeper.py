"""Keeps the indexer process running beside the proxy, without holding up the event loop."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Final

from xentara_inspect.index.process import start_indexer
from xentara_inspect.store.backoff import Backoff

_LAST_TRIES: Final = 3  # starts at the end, where it is waited for without a limit


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
        self._backoff = Backoff()
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
            if self._finishing.is_set() and (code == 0 or self._backoff.deaths >= _LAST_TRIES):
                return
            pause = self._backoff.died(time.monotonic() - started)
            if self._backoff.is_to_be_told():
                self._tell(code)
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

    def _tell(self, code: int | str) -> None:
        how = f"exit code {code}" if isinstance(code, int) else code
        self._on_problem(
            f"the indexer keeps dying ({how}) and is started again and again; frames are recorded all the"
            " same, and decoded once it works or by `xentara-inspect reindex`"
        )
