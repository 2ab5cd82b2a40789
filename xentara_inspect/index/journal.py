"""What the journal has behind the checkpoint. To be asked in one transaction, so that all agree."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from xentara_inspect.frames import Frame
from xentara_inspect.index.checkpoint import Position


def frames_behind(connection: sqlite3.Connection, position: Position) -> Iterator[tuple[int, int, Frame]]:
    """Id, session and frame of those to come, in order. Raises sqlite3.Error."""
    rows = connection.execute(
        "SELECT id, session_id, time, from_client, is_text, payload FROM frames WHERE id > ? ORDER BY id",
        (position.frame_id,),
    )
    for frame_id, session_id, time, from_client, is_text, payload in rows:
        yield frame_id, session_id, Frame(time, from_client, is_text, payload)


def cut_frames_behind(connection: sqlite3.Connection, position: Position) -> dict[int, tuple[int, str]]:
    """Length and reason of the frames to come that are not there as a whole. Raises sqlite3.Error."""
    cut = connection.execute(
        "SELECT frame_id, length, why FROM cut_frames WHERE frame_id > ?", (position.frame_id,)
    )
    return {frame_id: (length, why) for frame_id, length, why in cut}
