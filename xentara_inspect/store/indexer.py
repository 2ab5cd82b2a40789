"""Getting a database indexed: now, while it is recorded into, or again from the start.

As a process of its own, beside the one that records: `python -m xentara_inspect.store.indexer DB`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from xentara_inspect.store.database import Path, open_for_reading, open_for_writing
from xentara_inspect.store.errors import StoreError, from_sqlite
from xentara_inspect.store.indexer_lock import IndexerLock
from xentara_inspect.store.indexing import Indexer, Progress
from xentara_inspect.store.schema import DERIVED_TABLES

Wait = Callable[[float], bool]
"""Sleeps for so many seconds, or until it is time to stop; returns whether it is."""

_POLL: Final = 0.02
_IDLE_POLL: Final = 0.05
_IDLE_AFTER: Final = 50  # looks without news until the slower poll
_LOCK_POLL: Final = 0.2
_WATCH_INTERVAL: Final = 1.0
_ERROR_PAUSE: Final = 0.5
_LAST_LOOKS: Final = 10
_NICENESS: Final = 10


def is_indexed(connection: sqlite3.Connection) -> bool:
    """Whether all frames and ends of sessions are indexed."""
    (behind,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM frames WHERE id > frame_id)"
        " OR EXISTS (SELECT 1 FROM session_ends WHERE id > session_end_id) FROM checkpoint"
    ).fetchone()
    return not behind


def wait_until_indexed(path: Path, timeout: float | None = None, progress: Progress | None = None) -> bool:
    """Wait for whoever indexes the database. Returns whether everything is indexed. Raises StoreError."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        connection = open_for_reading(path)
        try:
            if is_indexed(connection):
                return True
            if progress is not None:
                progress(
                    *connection.execute(
                        "SELECT frame_id, (SELECT max(id) FROM frames) FROM checkpoint"
                    ).fetchone()
                )
        except sqlite3.Error as error:
            raise from_sqlite(str(path), error) from None
        finally:
            connection.close()
        if deadline is not None and time.monotonic() >= deadline:
            return False
        time.sleep(_IDLE_POLL)


def catch_up(path: Path, progress: Progress | None = None, timeout: float | None = None) -> bool:
    """Index everything there is, or wait for the indexer that is at it already.

    Returns whether everything is indexed. timeout: seconds to wait for another indexer. Raises
    StoreError.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    lock = IndexerLock(path)
    while not lock.acquire():
        if wait_until_indexed(path, _LOCK_POLL, progress):
            return True
        if deadline is not None and time.monotonic() >= deadline:
            return False
    try:
        with Indexer(path, lock) as indexer:
            indexer.run_once(progress)
    except sqlite3.Error as error:
        raise from_sqlite(str(path), error) from None
    finally:
        lock.release()
    return True


def reindex(path: Path, progress: Progress | None = None) -> int:
    """Rebuild all that is derived from the journal. Returns how many frames it has.

    Recording may go on meanwhile; a running indexer starts again at the first frame. Raises StoreError.
    """
    open_for_reading(path).close()  # there must be something to rebuild
    connection = open_for_writing(path)
    try:
        (frames,) = connection.execute("SELECT count(*) FROM frames").fetchone()
        connection.execute("BEGIN IMMEDIATE")
        for table in DERIVED_TABLES:
            if table != "checkpoint":
                connection.execute(f"DELETE FROM {table}")  # noqa: S608
        columns = ", ".join(f"{name} = 0" for name in DERIVED_TABLES["checkpoint"].columns if name != "id")
        connection.execute(f"UPDATE checkpoint SET {columns}")  # noqa: S608
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise from_sqlite(str(path), error) from None
    finally:
        connection.close()
    catch_up(path, progress)
    return int(frames)


def follow(path: Path, wait: Wait) -> None:
    """Index until it is time to stop, and then what is left. Raises StoreError.

    While another indexer is at work: wait until it ends, and take its place.
    """
    lock = IndexerLock(path)
    while not lock.acquire():
        if wait(_LOCK_POLL):
            return
    try:
        ended = False
        while not ended:
            with Indexer(path, lock) as indexer:
                ended = _follow(indexer, wait)
                if ended:
                    _finish(indexer)
    except sqlite3.Error as error:
        raise from_sqlite(str(path), error) from None
    finally:
        lock.release()


def _follow(indexer: Indexer, wait: Wait) -> bool:
    """Index until it is time to stop: True, or until another file takes the place of this one: False."""
    version = -1
    quiet = 0
    watched = time.monotonic()
    while True:
        try:
            if time.monotonic() - watched >= _WATCH_INTERVAL:
                watched = time.monotonic()
                if not indexer.is_at_its_place():
                    return False
                indexer.end_gone_recorders()
            now = indexer.data_version()
            if now != version or not quiet:
                version = now
                quiet = 0 if indexer.step(indexer.pace()) else 1
            else:
                quiet += 1
        except sqlite3.OperationalError:
            # Locked by somebody, or the disk is full: that passes.
            if wait(_ERROR_PAUSE):
                raise
            continue
        if wait(0 if not quiet else _POLL if quiet < _IDLE_AFTER else _IDLE_POLL):
            return True


def _finish(indexer: Indexer) -> None:
    """Index what is left, and end the sessions of the recorder that we belong to, which is ending too."""
    indexer.run_once()
    for _ in range(_LAST_LOOKS):
        if not indexer.is_recorded_into():
            break
        time.sleep(_IDLE_POLL)
        indexer.run_once()


def start_indexer(path: Path) -> subprocess.Popen[bytes]:
    """Start the indexer of a database as a process.

    Its stdin is its lifeline: once that is closed, or this process ends, the indexer finishes what
    is left and exits.
    """
    return subprocess.Popen(  # noqa: S603 - our own module, with this interpreter
        [sys.executable, "-m", "xentara_inspect.store.indexer", os.path.abspath(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # A Ctrl-C in the terminal is for the recorder, which tells the indexer when it is done.
        start_new_session=True,
    )


def main(arguments: Sequence[str]) -> int:
    """`python -m xentara_inspect.store.indexer DB`. Returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m xentara_inspect.store.indexer DB < lifeline\n")
        return 2
    os.nice(_NICENESS)
    ended = threading.Event()
    threading.Thread(target=_watch_stdin, args=(ended,), daemon=True).start()
    try:
        follow(arguments[0], lambda seconds: ended.wait(seconds) if seconds else ended.is_set())
    except StoreError as error:
        sys.stderr.write(f"indexer: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _watch_stdin(ended: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    ended.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
