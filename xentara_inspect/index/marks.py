"""What stands between frames: ends of sessions, and files of names that were read in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from xentara_inspect.index.checkpoint import Position

_MARKS: Final = """
    SELECT id, session_id, after_frame, time, reopened, 0, 0 FROM session_ends WHERE id > ?
    UNION ALL SELECT after_end, 0, after_frame, time, 0, id, carried FROM name_files WHERE id > ?
    ORDER BY 1, 6"""


class Mark(NamedTuple):
    """The end of a session, or its revocation; or, where `name_file` is not 0, names that were read in.

    id: of the end; of names, that of the last end before. carried: of names that an earlier file had.
    """

    id: int
    session_id: int
    after_frame: int
    time: int
    reopened: int
    name_file: int
    carried: int


def marks_behind(connection: sqlite3.Connection, position: Position) -> Iterator[Mark]:
    """All that is not indexed yet, in the order in which it came."""
    return map(Mark._make, connection.execute(_MARKS, (position.session_end_id, position.name_file_id)))
