"""Bytes of database per byte of payload, and what they are spent on.

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


def measure(events: int, packets: int) -> None:
    """Print the figures for messages of so many packets."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "capture.db"
        fill(database, events // packets, packets)
        catch_up(database)
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (payload,) = connection.execute("SELECT sum(length(payload)) FROM frames").fetchone()
            size = database.stat().st_size
            print(
                f"{packets} packets a message, {events} events, {payload / events:.0f} bytes of payload each:"
            )
            print(f"  {size / payload:5.2f} bytes of database per byte of payload")
            with contextlib.suppress(sqlite3.OperationalError):  # not every SQLite has dbstat
                for name, bytes_ in connection.execute(
                    "SELECT name, sum(pgsize) AS size FROM dbstat GROUP BY name ORDER BY size DESC LIMIT 8"
                ):
                    print(f"  {bytes_ / payload:5.2f} {name}")


if __name__ == "__main__":
    for count in (1, 50):
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, count)
