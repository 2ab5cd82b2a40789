"""What is said of a database that cannot be written, and when it is tried again."""

from __future__ import annotations

import sqlite3
import time
from typing import Final

from xentara_inspect.recorder import wire
from xentara_inspect.store.errors import Kind, StoreError, kind_of, problem

LOCK_PATIENCE: Final = 2.0
"""Seconds that the database may be locked before anybody is told."""

DURABLE_PATIENCE: Final = 0.5
"""The same where traffic waits for it."""

_FAST_RETRIES: Final = 0.2  # seconds of trying every 2 ms: the indexer holds the lock no longer
_PAUSES: Final = (0.002, 0.02, 0.25)


class VanishedError(Exception):
    """What we write to is not at its place any more. One clear line."""


class Trouble:
    """Tells once what is wrong, and once that it is over."""

    def __init__(self, reports: wire.Reports, *, durable: bool) -> None:
        self._reports = reports
        self._durable = durable
        self._since: float | None = None
        self._told = False

    def failed(self, error: Exception, path: str) -> float:
        """Writing to `path` failed. Returns the seconds until it should be tried again."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        failing = now - self._since
        if kind_of(error) is not Kind.LOCKED:
            self._tell(error, path)
            return _PAUSES[2]
        if failing >= (DURABLE_PATIENCE if self._durable else LOCK_PATIENCE):
            self._tell(error, path)
        return _PAUSES[0] if failing < _FAST_RETRIES else _PAUSES[1 if failing < LOCK_PATIENCE else 2]

    def is_over(self, path: str) -> None:
        """Writing to `path` worked."""
        self._since = None
        if self._told:
            self._told = False
            self._reports.say(wire.RECOVERED, path)

    def _tell(self, error: Exception, path: str) -> None:
        if self._told:
            return
        self._told = True
        if isinstance(error, sqlite3.Error):
            said = f"{path} {problem(error)}"
        elif isinstance(error, (StoreError, VanishedError)):
            said = str(error)
        else:
            said = f"{path} cannot be written: {error}"
        self._reports.say(wire.PROBLEM, said)
