"""Sessions in the journal: how they begin, end, and are found again. Called inside transactions."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from xentara_inspect.frames import Closing, SessionInfo
from xentara_inspect.store.chain import last_session
from xentara_inspect.store.processes import is_running, this_host


class StoredSession(NamedTuple):
    """What the journal has of a session. frames: how many of its frames it has.

    split: whether other frames of it are in the files before or after this one.
    """

    id: int
    frames: int
    dropped: int
    closed: bool
    recorder: int | None
    split: bool

    @property
    def is_in_pieces(self) -> bool:
        """Whether frames may be missing in between, so that nobody can say which of some are there."""
        return self.dropped > 0 or self.split


STORED_SESSION: Final = (
    "SELECT id, frame_count, dropped, closed IS NOT NULL, recorder_id, continues OR continued FROM sessions"
)
"""Selects what `StoredSession` is made of."""


def insert_session(
    connection: sqlite3.Connection,
    info: SessionInfo,
    recorder: int | None = None,
    fingerprint: str | None = None,
    dropped: int = 0,
) -> int:
    """Add a session and return its id, which no session of the files before has."""
    new_id = last_session(connection) + 1
    texts = (
        *(info.client, info.server, info.path, info.subprotocol, info.user),
        *(info.user_agent, info.origin, info.refused, info.source, info.flow_id),
    )
    connection.execute(
        "INSERT INTO sessions (id, client, server, path, subprotocol, user, user_agent, origin, refused,"
        " source, flow_id, opened, fingerprint, recorder_id, dropped)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (new_id, *map(storable, texts), info.opened, fingerprint, recorder, dropped),
    )
    return new_id


def find_flow(connection: sqlite3.Connection, flow_id: str | None) -> StoredSession | None:
    """The session of a flow, if the journal has it."""
    if flow_id is None:
        return None
    row = connection.execute(f"{STORED_SESSION} WHERE flow_id = ?", (storable(flow_id),)).fetchone()
    return StoredSession._make(row) if row else None


def is_being_recorded(connection: sqlite3.Connection, session: StoredSession) -> bool:
    """Whether a recorder is adding to a session, so that nobody else must."""
    if session.closed or session.recorder is None:
        return False
    pid, host, token = connection.execute(
        "SELECT pid, host, process FROM recorders WHERE id = ? AND stopped IS NULL"
        " UNION ALL SELECT NULL, NULL, NULL",
        (session.recorder,),
    ).fetchone()
    return pid is not None and (host != this_host() or is_running(pid, token))


def end_session(connection: sqlite3.Connection, session_id: int, closing: Closing) -> None:
    """Note that a session ended, behind all frames that the journal has now."""
    _add_end(connection, session_id, closing.time, reopened=False)
    connection.execute(
        "UPDATE sessions SET closed = ?, close_code = ?, close_reason = ?, closed_by = ? WHERE id = ?",
        (closing.time, closing.code, storable(closing.reason), closing.by, session_id),
    )


def reopen_if_closed(connection: sqlite3.Connection, session_id: int, time: int) -> None:
    """Note that a session goes on after all, if it had been taken for ended."""
    changed = connection.execute(
        "UPDATE sessions SET closed = NULL, close_code = NULL, close_reason = NULL, closed_by = NULL"
        " WHERE id = ? AND closed IS NOT NULL",
        (session_id,),
    )
    if changed.rowcount:
        _add_end(connection, session_id, time, reopened=True)


def _add_end(connection: sqlite3.Connection, session_id: int, time: int, *, reopened: bool) -> None:
    connection.execute(
        "INSERT INTO session_ends (session_id, after_frame, time, reopened)"
        " VALUES (?, (SELECT coalesce(max(id), 0) FROM frames), ?, ?)",
        (session_id, time, int(reopened)),
    )


def storable(text: str | None) -> str | None:
    """Text that SQLite can hold: lone surrogates, which stand for bytes that are no text, escaped."""
    if text is None or text.isascii():
        return text
    return text.encode(errors="backslashreplace").decode()
