"""What the end of one file tells the next one of the chain, so that each can be read alone.

The recorder does not decode: it carries sessions over, and the indexer what it knows of them once it
is through with the old file. That is kept beside the journal of the new file, not among what is
derived, so that the new file can be indexed again when the old one is long gone.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from xentara_inspect.index.checkpoint import is_indexed
from xentara_inspect.index.resume import is_greeted
from xentara_inspect.store.chain import Chain, beside, chain_at, following_file, load_chain
from xentara_inspect.store.database import open_for_writing, transaction
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.traffic import packets

_ELEMENTS: Final = "uuid, primary_key, category, learned_from"
_ATTRIBUTES: Final = "element, attribute, name, access, data_type"
_SUBSCRIPTIONS: Final = "session_id, uuid, elements, opened"
_REQUESTS: Final = "session_id, file, frame_id, position, from_client, requested, packet"


def unfinished_files(path: str) -> list[str]:
    """The file at `path`, and before it those that must be indexed first because it goes on with them."""
    files = [path]
    while True:
        place = chain_at(files[0])
        if place is None or place.continues is None or place.carried:
            return files
        before = beside(files[0], place.continues)
        if chain_at(before) is None or before in files:
            return files
        files.insert(0, before)


def carry_on(path: str) -> str | None:
    """Tell the next file what is known at the end of an indexed one, unless it has been told.

    Returns the path of the next file; None where there is none (yet), or where this one is not
    wholly indexed. By the holder of the indexer's lock of the file at `path`. Raises StoreError.
    """
    with contextlib.closing(open_for_writing(path)) as old:
        try:
            place = load_chain(old)
            following = following_file(path, place) if place is not None and is_indexed(old) else None
            if following is None:
                return None
            with contextlib.closing(open_for_writing(following)) as new:
                _carry(new, old, os.path.basename(path))
        except sqlite3.Error as error:
            raise from_sqlite(path, error) from None
        return following


def go_on_alone(path: str) -> None:
    """Let a file that nothing was carried over to be indexed without. Raises StoreError.

    The file before is gone, or cannot be read.
    """
    if not _waits(chain_at(path)):
        return
    with contextlib.closing(open_for_writing(path)) as connection:
        try:
            with transaction(connection):
                # Better to miss a finding than to blame every client for a hello that nobody has any more.
                connection.execute("UPDATE sessions SET greeted = 1 WHERE continues AND NOT"
                                   " (SELECT carried FROM chain)")  # fmt: skip
                connection.execute("UPDATE chain SET carried = 1")
        except sqlite3.Error as error:
            raise from_sqlite(path, error) from None


def seed(connection: sqlite3.Connection) -> None:
    """Begin what is derived with what was carried over. In a transaction, while all of it is empty."""
    for table, columns in (("elements", _ELEMENTS), ("attributes", _ATTRIBUTES)):
        connection.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM carried_{table} ORDER BY rowid"  # noqa: S608
        )
    connection.execute(
        f"INSERT INTO subscriptions (id, {_SUBSCRIPTIONS}, carried_id)"  # noqa: S608
        f" SELECT id, {_SUBSCRIPTIONS}, id FROM carried_subscriptions ORDER BY id"
    )
    connection.execute(
        "UPDATE checkpoint SET subscriptions = (SELECT coalesce(max(id), 0) FROM carried_subscriptions)"
    )


def _waits(place: Chain | None) -> bool:
    return place is not None and place.continues is not None and not place.carried


def _carry(new: sqlite3.Connection, old: sqlite3.Connection, old_name: str) -> None:
    place = load_chain(new)
    if place is None or not _waits(place) or place.continues != old_name:
        return
    old.execute("BEGIN")  # one view of everything
    try:
        with transaction(new):
            if _waits(load_chain(new)):
                _export(new, old, old_name)
                seed(new)
                new.execute("UPDATE chain SET carried = 1")
    finally:
        old.execute("COMMIT")


def _export(new: sqlite3.Connection, old: sqlite3.Connection, old_name: str) -> None:
    for table, columns in (("elements", _ELEMENTS), ("attributes", _ATTRIBUTES)):
        _fill(
            new,
            f"carried_{table}",
            columns,
            old.execute(f"SELECT {columns} FROM {table} ORDER BY rowid"),  # noqa: S608
        )
    sessions = new.execute("SELECT id FROM sessions WHERE continues ORDER BY id").fetchall()
    for (session_id,) in sessions:
        if is_greeted(old, session_id):
            new.execute("UPDATE sessions SET greeted = 1 WHERE id = ?", (session_id,))
        open_ones = old.execute(
            f"SELECT {_SUBSCRIPTIONS} FROM subscriptions"  # noqa: S608
            " WHERE session_id = ? AND closed IS NULL ORDER BY id",
            (session_id,),
        )
        _fill(new, "carried_subscriptions", _SUBSCRIPTIONS, open_ones)
        _fill(new, "carried_requests", _REQUESTS, _still_carried(old, session_id))
        _fill(new, "carried_requests", _REQUESTS, _waiting(old, session_id, old_name))


def _fill(connection: sqlite3.Connection, table: str, columns: str, rows: Iterator[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * len(columns.split(",")))
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608


def _still_carried(old: sqlite3.Connection, session_id: int) -> Iterator[tuple[Any, ...]]:
    """Requests of still earlier files."""
    return old.execute(
        f"SELECT {_REQUESTS} FROM carried_requests WHERE session_id = ? AND NOT EXISTS"  # noqa: S608
        " (SELECT 1 FROM exchanges WHERE carried_id = carried_requests.id) ORDER BY id",
        (session_id,),
    )


def _waiting(old: sqlite3.Connection, session_id: int, old_name: str) -> Iterator[tuple[Any, ...]]:
    """Requests that wait at the end of the file, each with its own bytes only."""
    parsed_id, spans = None, {}
    for frame_id, position, from_client, requested, payload in old.execute(
        "SELECT frame_id, position, from_client, requested, payload"
        " FROM exchanges JOIN packets ON packets.id = request_id JOIN frames ON frames.id = frame_id"
        " WHERE exchanges.session_id = ? AND status = 'pending' ORDER BY exchanges.id",
        (session_id,),
    ):
        if frame_id != parsed_id:
            parsed_id = frame_id
            spans = {packet.position: packet.item for packet in packets.parse(payload).packets}
        item = spans[position]
        if item is not None:
            packet = payload[item.start : item.end]
            yield session_id, old_name, frame_id, position, from_client, requested, packet
