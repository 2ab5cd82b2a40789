"""What can be wrong with a database, in one clear line."""

from __future__ import annotations

import sqlite3


class StoreError(Exception):
    """A database that cannot be used. The message is one line for people, and names the file."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


_CLASSES = (
    # words in SQLite's message, what it means to people
    ("locked", "is locked by another program"),
    ("file is not a database", "is not a database"),
    ("malformed", "is damaged (corrupt database)"),
    ("disk is full", "cannot be written: the disk is full"),
    ("readonly", "cannot be written: permission denied"),
    ("unable to open", "cannot be opened: permission denied, or its directory cannot be written"),
    ("disk i/o error", "cannot be read or written: input/output error"),
)


def from_sqlite(path: str, error: sqlite3.Error) -> StoreError:
    """The error of a database at `path`, from what SQLite says of it."""
    return StoreError(f"{path} {problem(error)}")


def problem(error: sqlite3.Error) -> str:
    """What SQLite complains of, as the end of a sentence that begins with the file's name."""
    text = str(error).lower()
    for words, meaning in _CLASSES:
        if words in text:
            return meaning
    return f"cannot be used: {' '.join(str(error).split())}"


def from_os(path: str, error: OSError) -> StoreError:
    """The error of a file at `path`, from what the operating system says of it."""
    if isinstance(error, FileNotFoundError):
        return StoreError(f"{path or repr(path)} does not exist")
    if isinstance(error, IsADirectoryError):
        return StoreError(f"{path} is a directory, not a database")
    reason = (error.strerror or type(error).__name__).lower()
    return StoreError(f"{path} cannot be opened: {reason}")
