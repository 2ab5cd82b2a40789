"""When a long recording starts its next file, and which of its files go."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass

from xentara_inspect.store import sides
from xentara_inspect.store.chain import beside, chain_at, chain_files, load_chain
from xentara_inspect.store.database import open_for_reading
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.indexer_lock import IndexerLock
from xentara_inspect.store.processes import recording_now


@dataclass(frozen=True, slots=True)
class Rotation:
    """When to start the next file, and how many to keep; None for never, and for all.

    size: bytes of the database, with all that is derived. age: nanoseconds since the file was begun.
    keep: number of files, the current one included. indexed: whether an indexer follows, so that a
    file may not go before it is through with it.
    """

    size: int | None = None
    age: int | None = None
    keep: int | None = None
    indexed: bool = True

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


def delete_surplus(first: str, current: str, rotation: Rotation) -> bool:
    """Delete the oldest files of a chain but for those to keep. Returns whether some still have to go.

    One that is being recorded into or indexed stays for now, and so do all behind it.
    """
    if rotation.keep is None:
        return False
    paths = [path for path in chain_files(first).values() if path != current]
    surplus = paths[: max(0, len(paths) + 1 - rotation.keep)]
    return not all(_delete(path, rotation) for path in surplus)


def _delete(path: str, rotation: Rotation) -> bool:
    lock = IndexerLock(path)
    try:
        if not _is_done(path, rotation) or not lock.acquire():
            return False
        sides.remove(path)
    except (OSError, StoreError, sqlite3.Error):
        return False
    finally:
        lock.release()
    return True


def _is_done(path: str, rotation: Rotation) -> bool:
    """Whether nobody needs a file any more: it was left, and what the next one needs of it is there."""
    with contextlib.closing(open_for_reading(path)) as connection:
        place = load_chain(connection)
        if place is None or place.continued_in is None or recording_now(connection):
            return False
    following = chain_at(beside(path, place.continued_in)) if rotation.indexed else None
    return following is None or following.carried
