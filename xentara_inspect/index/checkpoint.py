"""How far the journal is indexed: one row, moved in the transaction that writes what was derived."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from xentara_inspect.traffic.records import BEGINNING, Reached


@dataclass(slots=True)
class Position:
    """The checkpoint: the last frame, session end and file of names that are indexed.

    findings: ids given to them so far. reached: how far the frame behind that is indexed.
    """

    frame_id: int
    session_end_id: int
    name_file_id: int
    findings: int
    reached: Reached

    @property
    def place(self) -> tuple[int, int, int, int]:
        """What says how far the journal is indexed."""
        return self.frame_id, self.session_end_id, self.name_file_id, self.reached.position


def load_position(connection: sqlite3.Connection) -> Position:
    """Where the indexer stopped."""
    frame, end, names, findings, position, counted = connection.execute(
        "SELECT frame_id, session_end_id, name_file_id, findings, position, counted FROM checkpoint"
    ).fetchone()
    reached = Reached(position, json.loads(counted)) if position else BEGINNING
    return Position(frame, end, names, findings, reached)


def is_indexed(connection: sqlite3.Connection) -> bool:
    """Whether all frames, ends of sessions and files of names are indexed."""
    (behind,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM frames WHERE id > frame_id)"
        " OR EXISTS (SELECT 1 FROM session_ends WHERE id > session_end_id)"
        " OR EXISTS (SELECT 1 FROM name_files WHERE id > name_file_id) FROM checkpoint"
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
        self._stored = position.place

    @property
    def has_moved(self) -> bool:
        """Whether something was indexed that is not written yet."""
        return self._stored != self.position.place

    def check(self, connection: sqlite3.Connection) -> None:
        """Make sure that the database stands where we think. Raises CheckpointMovedError."""
        if load_position(connection).place != self._stored:
            raise CheckpointMovedError

    def move(self, connection: sqlite3.Connection) -> None:
        """Write the new position. Raises CheckpointMovedError if the database stands elsewhere."""
        reached = self.position.reached
        counted = json.dumps(dict(reached.findings)) if reached.position else None
        moved = connection.execute(
            "UPDATE checkpoint SET frame_id = ?, session_end_id = ?, name_file_id = ?, position = ?,"
            " findings = ?, counted = ?"
            " WHERE frame_id = ? AND session_end_id = ? AND name_file_id = ? AND position = ?",
            (*self.position.place, self.position.findings, counted, *self._stored),
        )
        if not moved.rowcount:
            raise CheckpointMovedError


def reset(connection: sqlite3.Connection) -> None:
    """Begin again at the first frame. In a transaction."""
    connection.execute(
        "UPDATE checkpoint SET frame_id = 0, session_end_id = 0, name_file_id = 0, position = 0,"
        " findings = 0, counted = NULL"
    )
