"""What is said of a database that cannot be written, and when it is tried again."""

from __future__ import annotations

import sqlite3
import time
from typing import Final

from xentara_inspect.recorder import wire
from xentara_inspect.store.errors import Kind, StoreError, from_sqlite, kind_of

LOCK_PATIENCE: Final = 2.0
"""Seconds that the database may be locked before anybody is told."""

DURABLE_PATIENCE: Final = 0.5
"""The same where traffic waits for it."""

_FAST_RETRIES: Final = 0.2  # seconds of short pauses: the indexer holds the lock no longer
_SHORT_PAUSE: Final = 0.002
_PAUSE: Final = 0.02
_LONG_PAUSE: Final = 0.25


class Trouble:
    """Tells once what is wrong. That it is over shows when something is settled."""

    def __init__(self, say: wire.Say, *, durable: bool) -> None:
        self._say = say
        self._durable = durable
        self._since: float | None = None
        self._told = False

    def failed(self, error: Exception, path: str) -> float:
        """Writing to `path` failed. Returns the seconds until it should be tried again."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        failing = now - self._since
        locked = kind_of(error) is Kind.LOCKED
        if not self._told and (
            not locked or failing >= (DURABLE_PATIENCE if self._durable else LOCK_PATIENCE)
        ):
            self._told = True
            self._say(wire.PROBLEM, _in_words(error, path))
        if not locked or failing >= LOCK_PATIENCE:
            return _LONG_PAUSE
        return _PAUSE if failing >= _FAST_RETRIES else _SHORT_PAUSE

    def is_over(self) -> None:
        """Writing worked."""
        self._since, self._told = None, False


def _in_words(error: Exception, path: str) -> str:
    if isinstance(error, StoreError):
        return error.message
    if isinstance(error, sqlite3.Error):
        return from_sqlite(path, error).message
    return f"{path} cannot be written: {error}"
