"""One or several databases that a question is put to, such as the files of a rotated recording.

Frames, and so addresses, and sessions have numbers that are unique in all files of a recording: these
are names enough. Where several recordings are asked, the name of the recording's first file comes
before: `plant-2:42p1`.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

from xentara_inspect.index.resume import load_names
from xentara_inspect.queries.files import file_labels, meant_files
from xentara_inspect.queries.news import News
from xentara_inspect.queries.unknown import QuestionError, not_known
from xentara_inspect.queries.where import Several, several
from xentara_inspect.store.addresses import address_text
from xentara_inspect.store.chain import last_frame
from xentara_inspect.store.columns import loaded_attribute, loaded_uuid
from xentara_inspect.store.damage import telling_damage
from xentara_inspect.store.database import open_for_reading
from xentara_inspect.store.errors import StoreError, from_sqlite
from xentara_inspect.store.given_names import StoredNames
from xentara_inspect.store.processes import recording_now
from xentara_inspect.store.sides import database_path
from xentara_inspect.traffic.names import Names, uuid_text
from xentara_inspect.traffic.records import AttributeKey

_QUALIFIED: Final = re.compile(r"(?:(.*):)?([0-9]+(?:p[0-9]+)?)", re.DOTALL)
_LOOKED_UP: Final = 500
"""Of more elements than these, keys are found by reading all."""
_SESSION: Final = re.compile(r"[0-9]{1,18}")


class Database:
    """A database file. label: what it is called; recording: what it is a part of, set by that.

    index: its place among all files that are asked.
    """

    recording: Recording

    def __init__(self, connection: sqlite3.Connection, label: str) -> None:
        self.connection = connection
        self.path = database_path(connection)
        self.label = label
        self.index = 0
        self.is_alone = True
        """Whether no other file is asked, so that numbers counted by file are names enough."""
        self.news: News | None = None
        """What lists ask of the file; None for all of it."""
        self._elements: dict[int, bytes] = {}
        self._attributes: dict[int, AttributeKey] = {}

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[sqlite3.Row]:
        """The rows of a query, by name, as they are read. Raises StoreError."""
        cursor = self.connection.cursor()
        cursor.row_factory = sqlite3.Row
        try:  # a cursor by itself would be closed where not all is read, behind its connection, and complain
            yield from chain(cursor.execute(sql, parameters))
        except sqlite3.Error as error:
            raise from_sqlite(self.path, error) from None

    def tuples(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The same without the names, for lists of millions. Raises StoreError."""
        try:
            yield from chain(self.connection.execute(sql, parameters))
        except sqlite3.Error as error:
            raise from_sqlite(self.path, error) from None

    def row(self, sql: str, *parameters: Any) -> sqlite3.Row | None:
        """The first row of a query. Raises StoreError."""
        return next(self.rows(sql, parameters), None)

    def is_recorded(self) -> bool:
        """Whether anybody records into it just now. Raises StoreError."""
        try:
            return recording_now(self.connection)
        except sqlite3.Error as error:
            raise from_sqlite(self.path, error) from None

    def place_name(self, address: int) -> str:
        """The name of what stands at an address."""
        return f"{self.recording.prefix}{address_text(address)}"

    def number(self, number: int) -> int | str:
        """The name of a frame or session by its number."""
        prefix = self.recording.prefix
        return f"{prefix}{number}" if prefix else number

    def own_number(self, number: int) -> int | str:
        """The name of a row whose number counts in this file only."""
        return number if self.is_alone else f"{self.label}:{number}"

    def element(self, row_id: int | None) -> bytes | None:
        """The UUID of an element by its key in this file. Raises StoreError."""
        if row_id is None:
            return None
        uuid = self._elements.get(row_id)
        if uuid is None:
            row = self.row("SELECT uuid FROM elements WHERE id = ?", row_id)
            if row is None:
                return None
            uuid = self._elements[row_id] = loaded_uuid(row["uuid"])
        return uuid

    def element_keys(self, uuids: Collection[bytes]) -> list[int]:
        """The keys that elements have in this file. Raises StoreError."""
        if len(uuids) > _LOOKED_UP:
            rows = self.tuples("SELECT id, uuid FROM elements")
            return [row_id for row_id, uuid in rows if loaded_uuid(uuid) in uuids]
        sql = f"SELECT id FROM elements WHERE uuid IN ({', '.join('?' * len(uuids))})"  # noqa: S608
        return [row_id for (row_id,) in self.tuples(sql, [uuid_text(uuid) for uuid in uuids])]

    def attribute(self, row_id: int) -> AttributeKey:
        """The identifier, or else the UUID, of an attribute by its key in this file. Raises StoreError."""
        key = self._attributes.get(row_id)
        if key is None:
            row = self.row("SELECT coalesce(number, uuid) AS named FROM attributes WHERE id = ?", row_id)
            key = self._attributes[row_id] = loaded_attribute(row["named"]) if row is not None else -1
        return key


class Recording:
    """The files of one long recording that are asked, in their order; or one file.

    prefix: what stands before the numbers in it, empty where no other recording is asked.
    """

    def __init__(self, files: Sequence[Database], index: int, prefix: str) -> None:
        self.files = files
        self.index = index
        self.prefix = prefix
        for file in files:
            file.recording = self


class Databases:
    """The databases as one: recordings, and all of their files, oldest first."""

    def __init__(self, connections: Sequence[tuple[sqlite3.Connection, str]]) -> None:
        """connections: of `database.open_for_reading`, each with the label of its file. Raises StoreError."""
        groups = _recordings([Database(*pair) for pair in connections])
        several = len(groups) > 1
        self.recordings = [
            Recording(files, index, f"{files[0].label}:" if several else "")
            for index, files in enumerate(groups)
        ]
        self.files = [file for files in groups for file in files]
        for index, file in enumerate(self.files):
            file.index, file.is_alone = index, len(self.files) == 1
        self._names: Names | None = None

    @property
    def names(self) -> Names:
        """All names that any of the databases knows; the latest where they differ. Raises StoreError."""
        if self._names is None:
            found = Names()
            for file in self.files:
                try:
                    _add_names(found, load_names(file.connection))
                except sqlite3.Error as error:
                    raise from_sqlite(file.path, error) from None
            found.given = StoredNames(*(file.connection for file in reversed(self.files)))
            self._names = found
        return self._names

    def forget_names(self) -> None:
        """Read the names anew when they are asked for: what was told since counts too."""
        self._names = None

    def located(self, name: str) -> tuple[Recording, str]:
        """The recording that `plant-2:42p1` is in, and what it is called there: `42p1`.

        Raises QuestionError where the name does not say which recording, or one that is not there.
        """
        match = _QUALIFIED.fullmatch(name.strip())
        label, number = (match[1], match[2]) if match else (None, name)
        if label is None:
            if len(self.recordings) == 1:
                return self.recordings[0], number
            example = f"{self.recordings[-1].prefix}{name}"
            raise QuestionError(f"{name} may be in each of {len(self.recordings)} recordings: say {example}")
        for file in self.files:
            if label == file.label or file.recording.prefix == f"{label}:":
                return file.recording, number
        known = ", ".join(file.label for file in self.files)
        raise QuestionError(f"there is no database {label} among {known}")

    def asked_for(self, session: Several[int | str]) -> list[tuple[Database, list[int] | None]]:
        """The files to ask, each with the numbers of the sessions there; None for all sessions.

        Raises QuestionError for a session that is not there, or not clear; StoreError.
        """
        if not several(session):
            return [(file, None) for file in self.files]
        found: dict[Database, list[int]] = {}
        for name in several(session):
            for file, number in self._with_session(str(name)):
                found.setdefault(file, []).append(number)
        return [(file, found[file]) for file in self.files if file in found]

    def _with_session(self, name: str) -> list[tuple[Database, int]]:
        recording, number = self.located(name)
        there = [
            (file, int(number))
            for file in recording.files
            if _SESSION.fullmatch(number)
            and file.row("SELECT 1 FROM sessions WHERE id = ?", int(number)) is not None
        ]
        if not there:
            raise not_known("session", name, (), "sessions")
        return there

    def last_frame(self) -> int:
        """The last frame id that was given in the newest file, or in those before. Raises StoreError."""
        newest = self.files[-1]
        try:
            return last_frame(newest.connection)
        except sqlite3.Error as error:
            raise from_sqlite(newest.path, error) from None

    def unindexed_frames(self) -> int:
        """How many frames are not indexed yet. Raises StoreError."""
        total = 0
        for file in self.files:
            row = file.row(
                "SELECT count(*) AS frames FROM frames WHERE id > (SELECT frame_id FROM checkpoint)"
            )
            total += row["frames"] if row is not None else 0
        return total


Askable = sqlite3.Connection | Databases
"""What queries take: one open database, or several."""


def as_databases(asked: Askable) -> Databases:
    """What is asked, as databases. Raises StoreError."""
    if isinstance(asked, Databases):
        return asked
    return Databases([(asked, Path(database_path(asked)).stem)])


@contextlib.contextmanager
def open_databases(patterns: Sequence[str]) -> Iterator[Databases]:
    """Databases by paths and glob patterns, for reading; closed at the end. Raises StoreError.

    A file that is given twice counts once. One bad file spoils the answer, and is named.
    """
    with contextlib.ExitStack() as stack:
        wanted = meant_files(patterns)
        opened = {}
        for path in wanted:
            try:
                opened[path] = stack.enter_context(contextlib.closing(open_for_reading(path)))
            except StoreError:
                # The oldest file of a recording may be deleted after a pattern has found it.
                if len(wanted) == 1 or path in patterns or os.path.lexists(path):
                    raise
        if not opened:
            raise StoreError(f"{' '.join(patterns)} matches no file")
        stack.enter_context(telling_damage(opened))
        yield Databases(list(zip(opened.values(), file_labels(list(opened)), strict=True)))


def _recordings(files: Sequence[Database]) -> list[list[Database]]:
    """The files by recording, oldest first; a copy of a file is a recording of its own."""
    if len(files) > 1:
        files = sorted(files, key=_age)
    places = {file: _place(file) for file in files}
    counts = Counter(place for place in places.values() if place is not None)
    copied = {recording for (recording, _), count in counts.items() if count > 1}
    groups: dict[object, list[Database]] = {}
    for file, place in places.items():
        key: object = file
        if place is not None:
            recording, number = place
            # Of copies only their names say which belong together.
            own = os.path.splitext(file.path)[0].removesuffix(f"-{number}")
            key = (recording, own if recording in copied else "")
        groups.setdefault(key, []).append(file)
    return [sorted(group, key=lambda file: places[file] or ("", 0)) for group in groups.values()]


def _place(file: Database) -> tuple[str, int] | None:
    """The recording that a file is a part of, and its number there; None for a file by itself."""
    chain = file.row("SELECT recording, number FROM chain")
    if chain is None or chain["recording"] is None:
        return None
    return chain["recording"], chain["number"]


def _age(file: Database) -> tuple[float, list[tuple[int, int | str]]]:
    """What sorts databases: when they began, then their names, numbers in them by value."""
    row = file.row("SELECT time FROM frames ORDER BY id LIMIT 1")
    began = row["time"] if row is not None else float("inf")
    pieces = re.split(r"([0-9]+)", f"{os.path.dirname(file.path)}/{file.label}")
    return began, [(0, int(piece)) if place % 2 else (1, piece) for place, piece in enumerate(pieces)]


def _add_names(names: Names, more: Names) -> None:
    for element, primary_key in more.elements.items():
        if primary_key is not None or element not in names.elements:
            names.elements[element] = primary_key
    names.categories.update(more.categories)
    for (element, attribute), name in more.attributes.items():
        if element:
            names.learn_attribute(element, attribute, name)
    names.subscriptions.update(more.subscriptions)
