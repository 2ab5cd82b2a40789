"""How far the journal is indexed: one row, moved in the transaction that writes what was derived."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields
from typing import Final


@dataclass(slots=True)
class Position:
    """The checkpoint: the last frame and session end that are indexed, and the ids given out so far."""

    frame_id: int
    session_end_id: int
    packets: int
    exchanges: int
    events: int
    readings: int
    subscriptions: int
    findings: int


_POSITION_COLUMNS: Final = tuple(field.name for field in fields(Position))
_MOVE: Final = (
    f"UPDATE checkpoint SET {', '.join(f'{name} = ?' for name in _POSITION_COLUMNS)}"  # noqa: S608
    " WHERE frame_id = ? AND session_end_id = ?"
)


def load_position(connection: sqlite3.Connection) -> Position:
    """Where the indexer stopped."""
    columns = ", ".join(_POSITION_COLUMNS)
    row = connection.execute(f"SELECT {columns} FROM checkpoint").fetchone()  # noqa: S608
    return Position(*row)


def is_indexed(connection: sqlite3.Connection) -> bool:
    """Whether all frames and ends of sessions are indexed."""
    (behind,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM frames WHERE id > frame_id)"
        " OR EXISTS (SELECT 1 FROM session_ends WHERE id > session_end_id) FROM checkpoint"
    ).fetchone()
    return not behind


class CheckpointMovedError(Exception):
    """Somebody else indexed or reset the database meanwhile: what was decoded here is of no use."""


class Checkpoint:
    """The checkpoint from one transaction to the next.

    position: what the next transaction will say; counts up while rows are made.
    """

    def __init__(self, position: Position) -> None:
        self.position = position
        self._stored = (position.frame_id, position.session_end_id)

    @property
    def has_moved(self) -> bool:
        """Whether something was indexed that is not written yet."""
        return self._stored != (self.position.frame_id, self.position.session_end_id)

    def check(self, connection: sqlite3.Connection) -> None:
        """Make sure that the database stands where we think. Raises CheckpointMovedError."""
        if connection.execute("SELECT frame_id, session_end_id FROM checkpoint").fetchone() != self._stored:
            raise CheckpointMovedError

    def move(self, connection: sqlite3.Connection) -> None:
        """Write the new position. Raises CheckpointMovedError if the database stands elsewhere."""
        position = [getattr(self.position, name) for name in _POSITION_COLUMNS]
        if not connection.execute(_MOVE, (*position, *self._stored)).rowcount:
            raise CheckpointMovedError
