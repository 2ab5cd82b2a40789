"""Bytes of database per event, with the notation of events stored and without, and what they are spent on.

`python -m benchmarks.size [events]`
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import tempfile
from pathlib import Path

from benchmarks.importing import fill
from xentara_inspect.index.process import catch_up
from xentara_inspect.store.settings import NOTATIONS


def measure(events: int, packets: int, notation: str) -> None:
    """Print the figures for messages of so many packets."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "capture.db"
        fill(database, events // packets, packets, notation)
        catch_up(database)
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (payload,) = connection.execute("SELECT sum(length(payload)) FROM frames").fetchone()
            size = database.stat().st_size
            print(
                f"{packets:2} a message, notation {notation:9} {size / events:6.1f} bytes an event, "
                f"{payload / events:.0f} of them payload"
            )
            with contextlib.suppress(sqlite3.OperationalError):  # not every SQLite has dbstat
                for name, bytes_ in connection.execute(
                    "SELECT name, sum(pgsize) AS size FROM dbstat GROUP BY name ORDER BY size DESC LIMIT 4"
                ):
                    print(f"    {bytes_ / events:6.1f} {name}")


if __name__ == "__main__":
    for count in (1, 50):
        for stored in NOTATIONS:
            measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, count, stored)
