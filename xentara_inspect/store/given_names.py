"""Names of elements that files give: kept beside the journal, and shown wherever the traffic tells none.

They are not derived. In `elements` such a name stands as primary key, learned from `file`, until the
traffic tells another.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Final

from xentara_inspect.store.columns import loaded_uuid, stored_uuid
from xentara_inspect.store.database import transaction
from xentara_inspect.traffic.names import GivenName

FROM_FILE: Final = "file"
"""What `elements.learned_from` says of a name that is here."""

_NAME: Final = (
    "SELECT name, source FROM given_names JOIN name_files ON name_files.id = file_id"
    " WHERE uuid = ? ORDER BY file_id DESC LIMIT 1"
)
_GIVEN: Final = "SELECT uuid, name, source FROM given_names JOIN name_files ON name_files.id = file_id"
_ADD_FILE: Final = """
    INSERT INTO name_files (source, time, after_frame, after_end) VALUES (?, ?,
      (SELECT coalesce(max(id), 0) FROM frames), (SELECT coalesce(max(id), 0) FROM session_ends))"""
_NAME_ELEMENTS: Final = f"""
    UPDATE elements SET learned_from = '{FROM_FILE}', primary_key =
      (SELECT name FROM given_names WHERE uuid = elements.uuid ORDER BY file_id DESC LIMIT 1)
    WHERE id >= ? AND (primary_key IS NULL OR learned_from = '{FROM_FILE}')
      AND EXISTS (SELECT 1 FROM given_names WHERE uuid = elements.uuid)"""  # noqa: S608 - a word of ours


def give_names(connection: sqlite3.Connection, source: str, names: Mapping[bytes, str], now: int) -> int:
    """Remember what a file calls elements, by their UUIDs. Returns how many of the names nobody told before.

    source: name of the file. now: nanoseconds since 1970. What is recorded already has the names at once.
    Raises sqlite3.Error.
    """
    known = given_names(connection)  # outside of the transaction, for which others wait
    news = [
        (stored_uuid(uuid), name)
        for uuid, name in names.items()
        if uuid not in known or known[uuid].name != name
    ]
    told = dict(connection.execute("SELECT uuid, primary_key FROM elements"))
    if news:
        with transaction(connection):
            file_id = connection.execute(_ADD_FILE, (source, now)).lastrowid
            connection.executemany(
                "INSERT INTO given_names (uuid, file_id, name) VALUES (?, ?, ?)",
                ((uuid, file_id, name) for uuid, name in news),
            )
            name_elements(connection)
    return sum(told.get(uuid) != name for uuid, name in news)


class StoredNames(Mapping[bytes, GivenName]):
    """The names in databases by UUID, each read when it is asked for: a model has many that never occur.

    The latest where files differ. Raises sqlite3.Error.
    """

    def __init__(self, *connections: sqlite3.Connection) -> None:
        """connections: those that come first count more."""
        self._connections = [
            connection
            for connection in connections
            if connection.execute("SELECT 1 FROM given_names LIMIT 1").fetchone() is not None
        ]
        self._found: dict[bytes, GivenName | None] = {}

    def __bool__(self) -> bool:
        return bool(self._connections)

    def __getitem__(self, uuid: bytes) -> GivenName:
        if uuid not in self._found:
            rows = (
                connection.execute(_NAME, (stored_uuid(uuid),)).fetchone() for connection in self._connections
            )
            row = next(filter(None, rows), None)
            self._found[uuid] = GivenName(*row) if row is not None else None
        found = self._found[uuid]
        if found is None:
            raise KeyError(uuid)
        return found

    def __iter__(self) -> Iterator[bytes]:
        for connection in reversed(self._connections):
            self._found |= given_names(connection)
        return iter([uuid for uuid, found in self._found.items() if found is not None])

    def __len__(self) -> int:
        return sum(1 for _ in self)


def given_names(connection: sqlite3.Connection, up_to: int = 1 << 62) -> dict[bytes, GivenName]:
    """All names by UUID, the latest where files differ. up_to: id of the last file that counts."""
    rows = connection.execute(f"{_GIVEN} WHERE file_id <= ? ORDER BY file_id", (up_to,))
    return {loaded_uuid(uuid): GivenName(name, source) for uuid, name, source in rows}


def names_in(connection: sqlite3.Connection, file_id: int) -> Iterator[tuple[bytes, GivenName]]:
    """The names that one file brought, by UUID."""
    for uuid, name, source in connection.execute(f"{_GIVEN} WHERE file_id = ? ORDER BY uuid", (file_id,)):
        yield loaded_uuid(uuid), GivenName(name, source)


def name_elements(connection: sqlite3.Connection, first: int = 0) -> None:
    """Give elements their names as far as the traffic has told none. first: key from which on."""
    connection.execute(_NAME_ELEMENTS, (first,))


def carry_names(new: sqlite3.Connection, old: sqlite3.Connection) -> None:
    """Take the names over into the next file of a recording. In a transaction."""
    new.executemany(
        "INSERT INTO name_files VALUES (?, ?, ?, 0, 0, 1)",
        old.execute("SELECT id, source, time FROM name_files"),
    )
    new.executemany(
        "INSERT INTO given_names VALUES (?, ?, ?)", old.execute("SELECT uuid, file_id, name FROM given_names")
    )
