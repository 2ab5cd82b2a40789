"""Opening a database for a query, and saying when it is behind."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import click

from xentara_inspect.store import database, queries


@contextlib.contextmanager
def opened(path: str) -> Iterator[sqlite3.Connection]:
    """A read-only connection, closed at the end. Raises StoreError."""
    connection = database.open_for_reading(path)
    try:
        yield connection
    finally:
        connection.close()


def tell_unindexed(connection: sqlite3.Connection) -> None:
    """Say on stderr how much of the recording a query cannot see yet."""
    waiting = queries.unindexed_frames(connection)
    if waiting:
        frames = "1 frame is" if waiting == 1 else f"{waiting} frames are"
        click.echo(f"{frames} not indexed yet; `xentara-inspect reindex` does it.", err=True)
