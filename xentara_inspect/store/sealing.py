"""Ending the newest file of a recording while nobody records, so that it can be put away."""

from __future__ import annotations

import contextlib
import os
import sqlite3

from xentara_inspect.store.chain import (
    begin,
    claim,
    first_path,
    free_number,
    newest_file,
    numbered_path,
    seal,
)
from xentara_inspect.store.database import Path, open_for_reading, open_for_writing, transaction
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.store.processes import recording_now


def seal_newest(path: Path, now: int) -> str | None:
    """End the newest file of the recording at `path`; whoever records there next goes on in another file.

    Returns why it stays open, None where it is ended or there is nothing in it yet. Raises StoreError.
    """
    newest = newest_file(os.fspath(path))
    open_for_reading(newest).close()  # there must be something to end
    with contextlib.closing(open_for_writing(newest)) as old:
        try:
            if recording_now(old):
                return "somebody records into it"
            (is_used,) = old.execute("SELECT EXISTS (SELECT 1 FROM sessions)").fetchone()
            if not is_used:
                return None
            first = first_path(newest)
            following = numbered_path(first, free_number(first))
            with transaction(old):
                claim(old, now, None)
                seal(old, os.path.basename(following), now)
            with contextlib.closing(open_for_writing(following)) as new:
                begin(new, old, os.path.basename(newest), now)
        except sqlite3.Error as error:
            raise from_sqlite(newest, error) from None
    return None
