"""What the end of one file tells the next one of the chain, so that each can be read alone.

The recorder does not decode: it carries sessions over, and the indexer what it knows of them once it
is through with the old file. That is kept beside the journal of the new file, not among what is
derived, so that the new file can be indexed again when the old one is long gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from xentara_inspect.index.checkpoint import is_indexed, reset
from xentara_inspect.index.keys import Keys
from xentara_inspect.index.learned_rows import item_statements
from xentara_inspect.index.resume import STILL_CARRIED, is_greeted, open_subscriptions, waiting_requests
from xentara_inspect.store.chain import Chain, beside, chain_at, following_file, load_chain
from xentara_inspect.store.columns import loaded_attribute, loaded_uuid, stored_attribute, stored_uuid
from xentara_inspect.store.database import open_for_writing, transaction
from xentara_inspect.store.derived_tables import DERIVED_TABLES
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.store.given_names import name_elements
from xentara_inspect.store.known_names import fill_names
from xentara_inspect.traffic.records import SubscribedElements


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
    connection.execute(
        "INSERT INTO elements (id, uuid, primary_key, category, learned_from)"
        " SELECT id, uuid, primary_key, category, learned_from FROM carried_elements ORDER BY id"
    )
    keys = Keys(connection)
    statements: list[tuple[str, tuple[Any, ...]]] = []
    for element, attribute, name, access, data_type in connection.execute(
        "SELECT element, attribute, name, access, data_type FROM carried_attributes ORDER BY rowid"
    ):
        pair = keys.element(loaded_uuid(element)), keys.attribute(loaded_attribute(attribute))
        row = (*pair, name, access, data_type)
        statements.append(("INSERT OR IGNORE INTO element_attributes VALUES (?, ?, ?, ?, ?)", row))
        statements.append(("UPDATE attributes SET name = coalesce(name, ?) WHERE id = ?", (name, pair[1])))
    for place, session, uuid, elements, opened in connection.execute(
        "SELECT id, session_id, uuid, elements, opened FROM carried_subscriptions ORDER BY id"
    ):
        statements.append(
            (
                "INSERT INTO subscriptions (id, session_id, uuid, opened) VALUES (?, ?, ?, ?)",
                (place, session, uuid, opened),
            )
        )
        for statement, parameters in item_statements(place, _loaded_elements(elements), keys):
            statements.append((statement, tuple(parameters)))
    statements.append(("INSERT INTO habits SELECT * FROM carried_habits", ()))
    keys.write(connection)
    for statement, parameters in statements:
        connection.execute(statement, parameters)
    name_elements(connection)


def begin_again(connection: sqlite3.Connection) -> None:
    """Forget what is derived, and begin at the first frame with what was carried. Raises sqlite3.Error."""
    with transaction(connection):
        for table in DERIVED_TABLES:
            if table != "checkpoint":
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
        reset(connection)
        fill_names(connection)
        seed(connection)


def lacks_what_was_carried(connection: sqlite3.Connection) -> bool:
    """Whether what is derived began without what was carried over, as after a migration."""
    (lacks,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM carried_elements WHERE uuid NOT IN (SELECT uuid FROM elements))"
        " OR EXISTS (SELECT 1 FROM carried_subscriptions WHERE id NOT IN (SELECT id FROM subscriptions))"
    ).fetchone()
    return bool(lacks)


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
                _export(new, old)
                seed(new)
                new.execute("UPDATE chain SET carried = 1")
    finally:
        old.execute("COMMIT")


def _export(new: sqlite3.Connection, old: sqlite3.Connection) -> None:
    _fill(
        new,
        "carried_elements",
        old.execute("SELECT id, uuid, primary_key, category, learned_from FROM elements ORDER BY id"),
    )
    attributes = old.execute(
        "SELECT e.uuid, coalesce(a.number, a.uuid), ea.name, access, data_type FROM element_attributes ea"
        " JOIN elements e ON e.id = element_id JOIN attributes a ON a.id = attribute_id ORDER BY ea.rowid"
    )
    _fill(new, "carried_attributes", attributes)
    for (session_id,) in new.execute("SELECT id FROM sessions WHERE continues ORDER BY id").fetchall():
        if is_greeted(old, session_id):
            new.execute("UPDATE sessions SET greeted = 1 WHERE id = ?", (session_id,))
        _fill(new, "carried_subscriptions", _open_subscriptions(old, session_id))
        _fill(new, "carried_requests", _still_waiting(old, session_id))
        _fill(
            new,
            "carried_habits",
            old.execute(
                "SELECT session_id, kind, subject, state FROM habits WHERE session_id = ?", (session_id,)
            ),
        )


def _fill(connection: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    for row in rows:
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608


def _open_subscriptions(old: sqlite3.Connection, session_id: int) -> Iterator[tuple[Any, ...]]:
    times = dict(
        old.execute(
            "SELECT id, opened FROM subscriptions WHERE session_id = ? AND closed IS NULL", (session_id,)
        ).fetchall()
    )
    for opened in open_subscriptions(old, "AND s.session_id = ? AND s.closed IS NULL", session_id):
        yield (
            opened.address, session_id, stored_uuid(opened.uuid), _stored_elements(opened.elements),
            times[opened.address],
        )  # fmt: skip


def _stored_elements(elements: SubscribedElements) -> str:
    return json.dumps(
        [
            [stored_uuid(element), [stored_attribute(attribute) for attribute in attributes]]
            for element, attributes in elements
        ]
    )


def _loaded_elements(text: str) -> SubscribedElements:
    return tuple(
        (loaded_uuid(element), tuple(map(loaded_attribute, attributes)))
        for element, attributes in json.loads(text)
    )


def _still_waiting(old: sqlite3.Connection, session_id: int) -> Iterator[tuple[Any, ...]]:
    """Requests without an answer, of still earlier files and of this one, each with its own bytes only."""
    for place, from_client, requested, packet in old.execute(STILL_CARRIED, (session_id,)):
        yield place, session_id, from_client, requested, packet
    for place, requested, from_client, request, payload in waiting_requests(old, session_id):
        yield place, session_id, from_client, requested, payload[request.item.start : request.item.end]
