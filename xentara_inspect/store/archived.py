"""Files of a recording that are in an archive: said beside each, so that nobody deletes another."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterator

from xentara_inspect.store import sides
from xentara_inspect.store.chain import last_frame, load_chain
from xentara_inspect.store.database import open_for_reading
from xentara_inspect.store.errors import StoreError, from_os, from_sqlite


def archive_key(where: str, site: str) -> str:
    """What tells an archive from others, without what gives access to it."""
    return hashlib.sha256(f"{where}\0{site}".encode()).hexdigest()


@contextlib.contextmanager
def alone_at(path: str) -> Iterator[bool]:
    """Be the only one that archives the file at `path`. Yields whether we are. Raises StoreError."""
    place = f"{path}{sides.ARCHIVE}"
    try:
        descriptor = os.open(place, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise from_os(place, error) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def mark_archived(path: str, key: str) -> None:
    """Say that the file at `path` is in an archive as it is. Raises StoreError."""
    place = f"{path}{sides.ARCHIVE}"
    try:
        descriptor = os.open(place, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "w") as file:
            file.write(_said(path, key))
    except OSError as error:
        raise from_os(place, error) from None


def is_archived(path: str, key: str) -> bool:
    """Whether the file at `path`, not another one that had its name, is in an archive. Raises StoreError."""
    with contextlib.suppress(OSError, ValueError), open(f"{path}{sides.ARCHIVE}") as file:
        return file.read() == _said(path, key)
    return False


def _said(path: str, key: str) -> str:
    with contextlib.closing(open_for_reading(path)) as connection:
        try:
            chain = load_chain(connection)
            if chain is None or chain.recording is None:
                raise StoreError(f"{path} is no file of a recording")
            return f"{key} {chain.recording} {chain.number} {last_frame(connection)}\n"
        except sqlite3.Error as error:
            raise from_sqlite(path, error) from None
