"""What can be wrong with a database: a kind for programs, one clear line for people."""

from __future__ import annotations

import errno
import sqlite3
from enum import Enum, auto
from typing import Final


class Kind(Enum):
    """What is wrong. TOO_LARGE: not the database, but what was to be written to it."""

    LOCKED = auto()
    FULL = auto()
    DAMAGED = auto()
    NOT_OURS = auto()
    DENIED = auto()
    MISSING = auto()
    VERSION = auto()
    TOO_LARGE = auto()
    OTHER = auto()


class StoreError(Exception):
    """A database that cannot be used. The message is one line for people, and names the file."""

    def __init__(self, message: str, kind: Kind = Kind.OTHER) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind


_DENIED_TEXT: Final = "cannot be written: permission denied"
_OF_SQLITE: Final = {
    # result code: what kind of thing it is, and what it means to people
    sqlite3.SQLITE_BUSY: (Kind.LOCKED, "is locked by another program"),
    sqlite3.SQLITE_LOCKED: (Kind.LOCKED, "is locked by another program"),
    sqlite3.SQLITE_NOTADB: (Kind.NOT_OURS, "is not a database"),
    sqlite3.SQLITE_CORRUPT: (Kind.DAMAGED, "is damaged (corrupt database)"),
    sqlite3.SQLITE_FULL: (Kind.FULL, "cannot be written: the disk is full"),
    sqlite3.SQLITE_READONLY: (Kind.DENIED, _DENIED_TEXT),
    sqlite3.SQLITE_PERM: (Kind.DENIED, _DENIED_TEXT),
    sqlite3.SQLITE_CANTOPEN: (
        Kind.DENIED,
        "cannot be opened: permission denied, or its directory cannot be written",
    ),
    sqlite3.SQLITE_IOERR: (Kind.OTHER, "cannot be read or written: input/output error"),
    sqlite3.SQLITE_TOOBIG: (Kind.TOO_LARGE, "does not take a value that large"),
    sqlite3.SQLITE_NOMEM: (Kind.TOO_LARGE, "cannot be used: no memory is left"),
}
_OF_SYSTEM: Final = {
    errno.ENOENT: Kind.MISSING,
    errno.ENOSPC: Kind.FULL,
    errno.EDQUOT: Kind.FULL,
    errno.EFBIG: Kind.FULL,
    errno.EACCES: Kind.DENIED,
    errno.EPERM: Kind.DENIED,
    errno.EROFS: Kind.DENIED,
}


def kind_of(error: BaseException) -> Kind:
    """What kind of thing went wrong: with SQLite, the system, or what was found out before."""
    if isinstance(error, StoreError):
        return error.kind
    if isinstance(error, sqlite3.Error):
        return _meaning(error)[0]
    if isinstance(error, (OverflowError, MemoryError)):  # from the module itself, of a value too large
        return Kind.TOO_LARGE
    return _OF_SYSTEM.get(error.errno or 0, Kind.OTHER) if isinstance(error, OSError) else Kind.OTHER


def from_sqlite(path: str, error: sqlite3.Error) -> StoreError:
    """The error of a database at `path`, from what SQLite says of it.

    Raises KeyboardInterrupt where it is no error: a signal came, and what was asked for has an end.
    """
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
        raise KeyboardInterrupt
    kind, meaning = _meaning(error)
    return StoreError(f"{path} {meaning}", kind)


def problem(error: sqlite3.Error) -> str:
    """What SQLite complains of, as the end of a sentence that begins with the file's name."""
    return _meaning(error)[1]


def _meaning(error: sqlite3.Error) -> tuple[Kind, str]:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # what is above is detail
    return _OF_SQLITE.get(code) or (Kind.OTHER, f"cannot be used: {' '.join(str(error).split())}")


def from_os(path: str, error: OSError) -> StoreError:
    """The error of a file at `path`, from what the operating system says of it."""
    kind = kind_of(error)
    if kind is Kind.MISSING:
        return StoreError(f"{path or repr(path)} does not exist", kind)
    if isinstance(error, IsADirectoryError):
        return StoreError(f"{path} is a directory, not a database")
    if error.errno == errno.ELOOP:
        return StoreError(f"{path} is a link, which is not followed", Kind.DENIED)
    reason = (error.strerror or type(error).__name__).lower()
    return StoreError(f"{path} cannot be opened: {reason}", kind)
