"""Getting a database indexed: now, while it is recorded into, or again from the start.

As a process of its own, beside the one that records: `python -m xentara_inspect.index.process DB`.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final

from xentara_inspect.index.carrying import (
    begin_again,
    carry_on,
    go_on_alone,
    unfinished_files,
)
from xentara_inspect.index.checkpoint import is_indexed
from xentara_inspect.index.collecting import seldom_collecting
from xentara_inspect.index.indexer import Indexer, Progress
from xentara_inspect.index.keeper import ALONE
from xentara_inspect.store.chain import first_path, newest_file
from xentara_inspect.store.damage import telling_damage
from xentara_inspect.store.database import Path, open_for_reading, open_for_writing
from xentara_inspect.store.errors import Kind, StoreError, from_sqlite
from xentara_inspect.store.indexer_lock import IndexerLock
from xentara_inspect.store.supervision import lifeline

Wait = Callable[[float], bool]
"""Sleeps for so many seconds, or until it is time to stop; returns whether it is."""

_POLL: Final = 0.02
_IDLE_POLL: Final = 0.05
_IDLE_AFTER: Final = 50  # looks without news until the slower poll
_LOCK_POLL: Final = 0.2
_WATCH_INTERVAL: Final = 1.0
_ERROR_PAUSE: Final = 0.5
_LAST_SECONDS: Final = 0.5  # for what still comes when all that was there is indexed
_NICENESS: Final = 10
"""Lower in priority than the proxy; but the lowest of all would hold the write lock while others run."""


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

    Where the file goes on with others that are not indexed yet, these come first. Returns whether
    everything is indexed. timeout: seconds to wait for another indexer. Raises StoreError.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    *before, last = unfinished_files(os.path.abspath(path))
    for file in before:
        if not _index_whole(file, progress, deadline, until_carried=True):
            return False
    return _index_whole(last, progress, deadline, until_carried=False)


def _index_whole(
    path: str, progress: Progress | None, deadline: float | None, *, until_carried: bool
) -> bool:
    """Index one file, or wait until somebody has; with until_carried, until the next one knows of it."""
    lock = IndexerLock(path)
    while not lock.acquire():
        if until_carried:
            time.sleep(_LOCK_POLL)
        elif wait_until_indexed(path, _LOCK_POLL, progress):
            return True
        if deadline is not None and time.monotonic() >= deadline:
            return False
    try:
        go_on_alone(path)
        with telling_damage([path]), Indexer(path, lock) as indexer, seldom_collecting():
            indexer.run_once(progress)
            while carry_on(path) is None and not indexer.is_up_to_date():
                indexer.run_once(progress)  # more came, and then the file was left
    except sqlite3.Error as error:
        raise from_sqlite(str(path), error) from None
    finally:
        lock.release()
    return True


def reindex(path: Path, progress: Progress | None = None) -> int:
    """Rebuild all that is derived from the journal. Returns how many frames it has.

    Recording may go on meanwhile; a running indexer starts again at the first frame. Raises StoreError.
    """
    try:  # there must be something to rebuild, of this version or an older one
        open_for_reading(path).close()
    except StoreError as error:
        if error.kind is not Kind.VERSION:
            raise
    connection = open_for_writing(path)
    try:
        (frames,) = connection.execute("SELECT count(*) FROM frames").fetchone()
        begin_again(connection)
    except sqlite3.Error as error:
        raise from_sqlite(str(path), error) from None
    finally:
        connection.close()
    catch_up(path, progress)
    return int(frames)


def follow(path: Path, wait: Wait, *, alone: bool = False) -> None:
    """Index until it is time to stop, and then what is left. Raises StoreError.

    While another indexer is at work: wait until it ends, and take its place. From the first file of
    the chain that is not done to the newest, going on with those that follow; alone: up to this one.
    """
    last = os.path.abspath(path)
    files = unfinished_files(last if alone else newest_file(last))
    while files:
        file = files.pop(0)
        following = None
        try:
            following = _follow_file(file, wait, stays=alone and file == last)
        except StoreError as error:
            if not files or wait(0) or error.kind is Kind.LOCKED:
                raise
            # What is behind a file that cannot be indexed need not be lost with it.
            sys.stderr.write(f"indexer: {error}\n")
        if not files and following is not None and not (alone and file == last):
            files = unfinished_files(following)


def _follow_file(path: str, wait: Wait, *, stays: bool) -> str | None:
    """Index a file until it is time to stop, or unless it stays until recording goes on in another one.

    Returns the path of that one, if there is one.
    """
    first = first_path(path)
    lock = IndexerLock(path)
    while not lock.acquire():
        if wait(_LOCK_POLL):
            return None
    try:
        go_on_alone(path)
        left = _Left.REPLACED
        while left is _Left.REPLACED:
            with Indexer(path, lock) as indexer, seldom_collecting():
                left = _follow(indexer, wait, stays=stays)
                if left is _Left.TOLD:
                    _finish(indexer)
            # A file that is gone comes back by who records, not by us: whoever deletes it is not done
            # yet with what stands beside it.
            while left is _Left.REPLACED and not os.path.exists(path):
                newest = newest_file(first)
                if os.path.exists(newest):
                    return newest  # recording goes on there
                if wait(_IDLE_POLL):
                    return None
        return carry_on(path)
    except sqlite3.Error as error:
        raise from_sqlite(path, error) from None
    finally:
        lock.release()


class _Left(Enum):
    """Why the indexer leaves a file: told to stop, another has its name, recording left it too."""

    TOLD = auto()
    REPLACED = auto()
    FINISHED = auto()


def _follow(indexer: Indexer, wait: Wait, *, stays: bool) -> _Left:
    """Index until there is a reason to leave the file."""
    version = -1
    quiet = 0
    watched = time.monotonic()
    while True:
        try:
            if not indexer.is_at_its_place():
                return _Left.REPLACED
            if time.monotonic() - watched >= _WATCH_INTERVAL:
                watched = time.monotonic()
                indexer.end_gone_recorders()
            now = indexer.data_version()
            if now != version or not quiet:
                version = now
                quiet = 0 if indexer.step(indexer.pace()) else 1
            else:
                quiet += 1
            if quiet and not stays and indexer.has_been_left():
                return _Left.FINISHED
        except sqlite3.OperationalError:
            # Locked by somebody, the disk is full, or the log is another one: that passes.
            if indexer.is_at_its_place() and wait(_ERROR_PAUSE):
                raise
            continue
        if wait(0 if not quiet else _POLL if quiet < _IDLE_AFTER else _IDLE_POLL):
            return _Left.TOLD


def _finish(indexer: Indexer) -> None:
    """Index what is left, and end the sessions of the recorder that we belong to, which is ending too.

    Who goes on to record into the same file has an indexer that waits for our end, or wants none.
    """
    newest = indexer.last_frame()
    while indexer.frame_id < newest and indexer.step(indexer.pace()):
        pass
    until = time.monotonic() + _LAST_SECONDS
    while indexer.is_recorded_into():
        if time.monotonic() > until:
            return
        indexer.end_gone_recorders()
        if not indexer.step(indexer.pace()):
            time.sleep(_IDLE_POLL)
    indexer.run_once()


def main(arguments: Sequence[str]) -> int:
    """`python -m xentara_inspect.index.process DB [--alone]`. Returns the exit code."""
    if not arguments or list(arguments[1:]) not in ([], [ALONE]):
        sys.stderr.write(f"usage: python -m xentara_inspect.index.process DB [{ALONE}] < lifeline\n")
        return 2
    _give_way()
    ended = lifeline()
    try:
        follow(
            arguments[0],
            lambda seconds: ended.wait(seconds) if seconds else ended.is_set(),
            alone=ALONE in arguments,
        )
    except StoreError as error:
        sys.stderr.write(f"indexer: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _give_way() -> None:
    """Work in time that nobody else wants: whoever wakes, such as the proxy, goes before us at once."""
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(_NICENESS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
