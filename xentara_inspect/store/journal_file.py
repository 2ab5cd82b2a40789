"""The journal's database file through good and bad times: opened, lost, locked, full, back again."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from xentara_inspect.store import recorders
from xentara_inspect.store.database import file_identity, open_for_writing
from xentara_inspect.store.errors import StoreError, problem
from xentara_inspect.store.journal_writer import Operation, SessionHandle, write_group
from xentara_inspect.store.liveness import HEARTBEAT_INTERVAL

LOCK_PATIENCE: Final = 2.0
"""Seconds that the database may be locked before anybody is told."""

_FAST_RETRIES: Final = 0.2  # seconds of trying every 2 ms: the indexer holds the lock no longer
_PAUSES: Final = (0.002, 0.02, 0.25)


class _VanishedError(Exception):
    """The file that we write to is not at its place any more."""


class JournalFile:
    """Writes groups of operations; says how long to wait where that fails. For one thread at a time."""

    def __init__(
        self,
        path: str,
        durable: bool,
        on_problem: Callable[[str], None],
        on_recovery: Callable[[str], None],
        clock: Callable[[], int],
    ) -> None:
        self._path = path
        self._durable = durable
        self._on_problem = on_problem
        self._on_recovery = on_recovery
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._recorder = 0
        self._number = 0  # of the file: grows when it vanishes and the next one begins
        self._failing_since: float | None = None
        self._next_beat = 0.0
        self.in_trouble = False
        """Whether on_problem was told of something that is not over yet."""

    @property
    def is_open(self) -> bool:
        """Whether the database is held open."""
        return self._connection is not None

    def write(
        self, group: Sequence[Operation], dropped: Mapping[SessionHandle, int], *, stopping: bool
    ) -> float:
        """Commit a group, or only the heartbeat where it is empty.

        Returns 0, or the seconds after which to try again. stopping: leave the database then.
        """
        now = time.monotonic()
        if not group and not dropped and not stopping and now < self._next_beat:
            return 0
        if stopping and not group and not dropped and self._connection is None:
            return 0
        try:
            connection = self._open()
            write_group(
                connection,
                self._recorder,
                group,
                dropped,
                self._clock(),
                file=self._number,
                stopping=stopping,
            )
        except (sqlite3.Error, StoreError, OSError, _VanishedError) as error:
            return self._failed(error)
        self._next_beat = now + HEARTBEAT_INTERVAL
        self._succeeded(sum(dropped.values()))
        if stopping:
            self._leave()
        return 0

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            if file_identity(self._path) == self._identity:
                return self._connection
            # Sessions go on in the next file, without what this one had of them.
            self._leave()
            self._recorder = 0
            self._number += 1
            raise _VanishedError
        connection = open_for_writing(self._path, timeout=0, durable=self._durable)
        try:
            self._recorder = self._recorder or recorders.register(connection, self._clock())
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._identity = file_identity(self._path)
        return connection

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _failed(self, error: Exception) -> float:
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        failing = now - self._failing_since
        if _is_lock(error):
            if failing >= LOCK_PATIENCE:
                self._tell(error)
            return _PAUSES[0] if failing < _FAST_RETRIES else _PAUSES[1 if failing < LOCK_PATIENCE else 2]
        self._tell(error)
        if not isinstance(error, _VanishedError):
            # A connection that met a damaged file or a full disk may remember it; the next is new.
            self._leave()
        return _PAUSES[2]

    def _tell(self, error: Exception) -> None:
        if self.in_trouble:
            return
        self.in_trouble = True
        if isinstance(error, StoreError):
            said = error.message
        elif isinstance(error, sqlite3.Error):
            said = f"{self._path} {problem(error)}"
        elif isinstance(error, _VanishedError):
            said = f"{self._path} was deleted or replaced; recording goes on in a new file of that name"
        else:
            said = f"{self._path} cannot be written: {error}"
        self._on_problem(f"{said}; frames are kept in memory meanwhile")

    def _succeeded(self, dropped: int) -> None:
        self._failing_since = None
        if self.in_trouble:
            self.in_trouble = False
            lost = f", {dropped} frames had to be dropped" if dropped else ", no frame was lost meanwhile"
            self._on_recovery(f"{self._path} can be written again{lost}")


def _is_lock(error: Exception) -> bool:
    return "locked" in str(error)
