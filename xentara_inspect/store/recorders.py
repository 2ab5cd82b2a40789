"""Recorders: the processes that write the journal, and what becomes of their sessions when they end."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping

from xentara_inspect.frames import Closing
from xentara_inspect.store.processes import HEARTBEAT_TIMEOUT, is_running, process_token, this_host
from xentara_inspect.store.sessions import end_session, reopen_if_closed

ABANDONED = "the recorder ended before the connection did"
"""close_reason of sessions whose real end nobody saw."""


def register(
    connection: sqlite3.Connection, now: int, *, follows: bool = False, feed: str | None = None
) -> tuple[int, int]:
    """Make this process a recorder. Returns its id, and the number of the feed's last operation stored.

    follows: to the next file of the chain. feed: where a recorder of it is there already, which has
    ended then, this process takes its place, and its sessions go on. In a transaction.
    """
    pid = os.getpid()
    process = (pid, this_host(), process_token(pid), now)
    before = None
    if feed is not None:
        before = connection.execute("SELECT id, operation FROM recorders WHERE feed = ?", (feed,)).fetchone()
    if before is not None:
        connection.execute(
            "UPDATE recorders SET pid = ?, host = ?, process = ?, heartbeat = ?, stopped = NULL WHERE id = ?",
            (*process, before[0]),
        )
        # Before anything else: a next file begins with the sessions that are open, and their requests.
        for (session_id,) in connection.execute(
            "SELECT id FROM sessions WHERE recorder_id = ? AND close_reason = ?", (before[0], ABANDONED)
        ).fetchall():
            reopen_if_closed(connection, session_id, now)
        return before[0], before[1]
    cursor = connection.execute(
        "INSERT INTO recorders (pid, host, process, started, heartbeat, follows, feed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*process, now, int(follows), feed),
    )
    assert cursor.lastrowid is not None  # noqa: S101 - an INSERT that did not raise has one
    return cursor.lastrowid, 0


def stored(connection: sqlite3.Connection, recorder: int) -> int:
    """The number of the feed's last operation that is stored by a recorder."""
    (operation,) = connection.execute(
        "SELECT coalesce(max(operation), 0) FROM recorders WHERE id = ?", (recorder,)
    ).fetchone()
    return int(operation)


def carried_over(new: sqlite3.Connection, old: sqlite3.Connection, recorder: int) -> bool:
    """Whether a recorder of the old file is in the new one, under the same id."""
    same = "SELECT pid, host, process, started FROM recorders WHERE id = ? AND follows"
    mine = old.execute(same, (recorder,)).fetchone()
    return mine is not None and mine == new.execute(same, (recorder,)).fetchone()


def beat(connection: sqlite3.Connection, recorder: int, now: int, operation: int, troubles: str = "") -> None:
    """Say that a recorder is there (again). operation: the last one that is stored with this beat.

    troubles: what is wrong, a line each.
    """
    connection.execute(
        "UPDATE recorders SET heartbeat = ?, stopped = NULL, operation = max(operation, ?), troubles = ?"
        " WHERE id = ?",
        (now, operation, troubles or None, recorder),
    )


def stop(connection: sqlite3.Connection, recorder: int, now: int) -> None:
    """Say that a recorder has ended, and end the sessions that it leaves open."""
    for (session_id,) in connection.execute(
        "SELECT id FROM sessions WHERE recorder_id = ? AND closed IS NULL ORDER BY id", (recorder,)
    ).fetchall():
        end_session(connection, session_id, Closing(now, None, ABANDONED))
    connection.execute(
        "UPDATE recorders SET heartbeat = ?, stopped = ?, troubles = NULL WHERE id = ?", (now, now, recorder)
    )


class Watch:
    """Watches the recorders of a database for those that are gone.

    On this host a process tells by being there. On others the heartbeat must have stood still while
    we watched: a machine that slept finds old heartbeats of recorders that are about to go on.
    """

    def __init__(self, patience: float = HEARTBEAT_TIMEOUT) -> None:
        self._patience = patience
        self._seen: dict[int, tuple[int, float]] = {}

    def gone(self, connection: sqlite3.Connection, monotonic: float | None = None) -> dict[int, int]:
        """Recorders that ended without saying so: their last heartbeat by id. Reads only."""
        clock = time.monotonic() if monotonic is None else monotonic
        gone = {}
        for recorder, pid, host, token, heartbeat in connection.execute(
            "SELECT id, pid, host, process, heartbeat FROM recorders WHERE stopped IS NULL"
        ):
            if host == this_host():
                if not is_running(pid, token):
                    gone[recorder] = heartbeat
                continue
            last, since = self._seen.get(recorder, (None, clock))
            if last != heartbeat:
                since = clock
            self._seen[recorder] = (heartbeat, since)
            if clock - since >= self._patience:
                gone[recorder] = heartbeat
        return gone


def stop_gone(connection: sqlite3.Connection, gone: Mapping[int, int]) -> None:
    """End recorders that are gone, as of their last heartbeat or frame. In a transaction."""
    for recorder, heartbeat in gone.items():
        still = connection.execute(
            "SELECT 1 FROM recorders WHERE id = ? AND heartbeat = ? AND stopped IS NULL",
            (recorder, heartbeat),
        ).fetchone()
        if still:
            (last,) = connection.execute(
                "SELECT max(time) FROM frames WHERE id = (SELECT max(id) FROM frames)"
            ).fetchone()
            stop(connection, recorder, max(heartbeat, last or 0))
