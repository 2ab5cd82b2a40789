"""What the journal has behind the checkpoint. To be asked in one transaction, so that all agree."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from xentara_inspect.frames import Frame
from xentara_inspect.index.checkpoint import Position


class End(NamedTuple):
    """That a session ended. reopened: that it did not, and an end before is taken back."""

    id: int
    session_id: int
    after_frame: int
    time: int
    reopened: int


def frames_behind(connection: sqlite3.Connection, position: Position) -> Iterator[tuple[int, int, Frame]]:
    """Id, session and frame of those to come, in order. Raises sqlite3.Error."""
    rows = connection.execute(
        "SELECT id, session_id, time, from_client, is_text, payload FROM frames WHERE id > ? ORDER BY id",
        (position.frame_id,),
    )
    for frame_id, session_id, *rest in rows:
        yield frame_id, session_id, Frame(*rest)


def ends_behind(connection: sqlite3.Connection, position: Position) -> Iterator[End]:
    """Ends of sessions to come, in order. Raises sqlite3.Error."""
    rows = connection.execute(
        "SELECT id, session_id, after_frame, time, reopened FROM session_ends WHERE id > ? ORDER BY id",
        (position.session_end_id,),
    )
    return map(End._make, rows)


def cut_frames_behind(connection: sqlite3.Connection, position: Position) -> dict[int, tuple[int, str]]:
    """Length and reason of the frames to come that are not there as a whole. Raises sqlite3.Error."""
    cut = connection.execute(
        "SELECT frame_id, length, why FROM cut_frames WHERE frame_id > ?", (position.frame_id,)
    )
    return {frame_id: (length, why) for frame_id, length, why in cut}
