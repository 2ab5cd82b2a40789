"""When a long recording starts its next file."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from xentara_inspect.store.chain import load_chain


@dataclass(frozen=True, slots=True)
class Rotation:
    """When to start the next file; None for never.

    size: bytes of the database, with all that is derived. age: nanoseconds since the file was begun.
    """

    size: int | None = None
    age: int | None = None

    def is_due(self, connection: sqlite3.Connection, now: int) -> bool:
        """Whether a file is to be left. One without frames never is. Raises sqlite3.Error."""
        if (self.size is None and self.age is None) or (place := load_chain(connection)) is None:
            return False
        size, has_frames = connection.execute(
            "SELECT page_count * page_size, EXISTS (SELECT 1 FROM frames)"
            " FROM pragma_page_count, pragma_page_size"
        ).fetchone()
        is_too_large = self.size is not None and size >= self.size
        is_too_old = self.age is not None and now - place.started >= self.age
        return bool(has_frames) and (is_too_large or is_too_old)
