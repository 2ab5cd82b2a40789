"""The file of a database and those beside it, and what may be in their place."""

from __future__ import annotations

import os
import sqlite3
from typing import Final

from xentara_inspect.store.errors import Kind, StoreError

LOG: Final = "-wal"
SHARED: Final = "-shm"
"""Memory in which all who have a database open tell each other what is in its log."""

INDEXER: Final = "-indexer"
"""Locked by the indexer, and there only while one runs."""

ARCHIVE: Final = "-archive"
"""Says that a file is archived, and where."""

OF_SQLITE: Final = (LOG, SHARED, "-journal")
ALL: Final = (*OF_SQLITE, INDEXER, ARCHIVE)
"""Endings of the names of the files beside a database."""

_LONGEST_NAME: Final = 255  # bytes, on the file systems that there are


def check_places(name: str) -> None:
    """Make sure that a database and what is beside it can be where their names say.

    Whoever may write to the directory might have put links there, to somebody else's files. Raises
    StoreError.
    """
    directory, own_name = os.path.split(os.path.abspath(name))
    if len(os.fsencode(own_name)) + max(map(len, ALL)) > _LONGEST_NAME:
        raise StoreError(f"{name} cannot be made: its name is too long for the files that go beside it")
    if os.path.islink(name) and os.path.dirname(os.path.realpath(name)) != os.path.realpath(directory):
        raise StoreError(f"{name} is a link out of its directory, which is not followed", Kind.DENIED)
    for ending in ALL:
        if os.path.islink(f"{name}{ending}"):
            raise StoreError(f"{name}{ending} is a link, which is not followed", Kind.DENIED)


def remove(path: str) -> None:
    """Remove a database with what SQLite and we put beside it. Raises OSError."""
    # The log first: a new database that takes the name of the old one must not find it.
    for ending in (*OF_SQLITE, ARCHIVE, ""):
        if os.path.lexists(f"{path}{ending}"):
            os.unlink(f"{path}{ending}")


def state_of(path: str, *, quiet: bool) -> object:
    """What changes when a connection to a database does not see any more what is in it.

    quiet: whether it takes the file for one that nobody writes to. So is one opened where there is no log.
    """
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, (has_log(path), status.st_mtime_ns) if quiet else None


def has_log(path: str) -> bool:
    """Whether there is a log beside a database: somebody has it open, or did not close it."""
    try:
        return os.path.getsize(f"{path}{LOG}") > 0
    except OSError:
        return False


def database_path(connection: sqlite3.Connection) -> str:
    """The file that a connection is open on."""
    usual, connection.text_factory = connection.text_factory, bytes  # a path need not be UTF-8
    try:
        return os.fsdecode(connection.execute("PRAGMA database_list").fetchone()[2])
    finally:
        connection.text_factory = usual
