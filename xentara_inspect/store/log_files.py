"""The files of a database's log: which they are, and what is done where they were taken away."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import NamedTuple, NoReturn

from xentara_inspect.store import sides
from xentara_inspect.store.database import FileIdentity, Path, file_identity
from xentara_inspect.store.errors import Kind, StoreError


class LogIdentity(NamedTuple):
    """What tells a log, and the memory in which is told what is in it, from others; None for none."""

    log: FileIdentity | None
    shared: FileIdentity | None


def log_identity(path: Path) -> LogIdentity:
    """Which files are at the places of a database's log."""
    return LogIdentity(*(file_identity(f"{os.fspath(path)}{ending}") for ending in (sides.LOG, sides.SHARED)))


def save_log(connection: sqlite3.Connection, path: str, ours: LogIdentity) -> NoReturn:
    """Write what a log that was taken away holds into its database, which is to be opened anew then.

    connection: that has it open still. What is written to it from now on, nobody else would find. Nor may
    who has it open, too, look in it for what a new one has, so the memory in which that is told goes with
    it. Raises StoreError: for a lock, it is to be tried again.
    """
    said = f"{path}{sides.LOG} was deleted or replaced"
    with contextlib.suppress(sqlite3.Error):
        (is_read, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_read:
            raise StoreError(f"{said} while another program reads it", Kind.LOCKED)
    if log_identity(path).shared == ours.shared:  # else somebody has done that already
        with contextlib.suppress(OSError):
            os.unlink(f"{path}{sides.SHARED}")
            os.unlink(f"{path}{sides.LOG}")
    raise StoreError(f"{said}; it is written anew")
