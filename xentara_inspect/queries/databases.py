"""One or several databases that a question is put to, such as the files of a rotated recording.

With one database everything is named by its numbers. With several, the name of the file comes
before: `plant-2:42.1`. A session that goes on from one file to the next is one session, and has the
name that it has in the first of them.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from xentara_inspect.index.resume import load_names
from xentara_inspect.queries.files import file_labels, matching_files, without_duplicates
from xentara_inspect.store.database import database_path, open_for_reading
from xentara_inspect.store.errors import StoreError, from_sqlite
from xentara_inspect.traffic.names import Names

_QUALIFIED: Final = re.compile(r"(?:(.*):)?([0-9.]*)", re.DOTALL)
_SESSION: Final = re.compile(r"[0-9]{1,18}")


class Part:
    """One of the databases. index: its place among them, oldest first.

    label: what it is called; prefix: what stands before the numbers in it, empty where it is alone.
    """

    def __init__(self, connection: sqlite3.Connection, label: str, index: int = 0, prefix: str = "") -> None:
        self.connection = connection
        self.path = database_path(connection)
        self.label = label
        self.index = index
        self.prefix = prefix
        self.shared_sessions: dict[int, str] = {}
        """Names of sessions that began in an earlier part, by their id in this one."""
        self.beside: dict[str, Part] = {}
        """The parts in the same directory, by the name of their file."""

    def named(self, number: int) -> int | str:
        """The name of a row by its id, or of a frame."""
        return f"{self.prefix}{number}" if self.prefix else number

    def packet_name(self, frame: int, position: int) -> str:
        """The name of a packet; position 0 is the whole frame."""
        return f"{self.prefix}{frame}.{position}" if position else f"{self.prefix}{frame}"

    def label_beside(self, file: str) -> str:
        """What to call a file in the same directory, which may be none of the parts."""
        part = self.beside.get(file)
        return part.label if part is not None else Path(file).stem

    def session_name(self, session_id: int) -> int | str:
        """The name of a session by its id in this part."""
        return self.shared_sessions.get(session_id) or self.named(session_id)


class Recording:
    """The databases as one, oldest first."""

    def __init__(self, connections: Sequence[tuple[sqlite3.Connection, str]]) -> None:
        """connections: of `database.open_for_reading`, each with the label of its file. Raises StoreError."""
        several = len(connections) > 1
        self.parts = tuple(
            Part(connection, label, index, f"{label}:" if several else "")
            for index, (connection, label) in enumerate(connections)
        )
        self._names: Names | None = None
        for part in self.parts:
            folder = os.path.dirname(part.path)
            part.beside = {
                os.path.basename(other.path): other
                for other in self.parts
                if os.path.dirname(other.path) == folder
            }
        if several:
            self._find_shared_sessions()

    @property
    def is_single(self) -> bool:
        """Whether there is one database only, so that numbers are names enough."""
        return len(self.parts) == 1

    @property
    def names(self) -> Names:
        """All names that any of the databases knows; the latest where they differ. Raises StoreError."""
        if self._names is None:
            found = Names()
            for part in self.parts:
                with reported(part):
                    _add_names(found, load_names(part.connection))
            self._names = found
        return self._names

    def part_called(self, name: str) -> tuple[Part, str]:
        """The database that `plant-2:42.1` is in, and what it is called there: `42.1`.

        Raises StoreError where the name does not say which database, or one that is not there.
        """
        match = _QUALIFIED.fullmatch(name.strip())
        label, number = (match[1], match[2]) if match else (None, name)
        if label is None:
            if self.is_single:
                return self.parts[0], number
            example = f"{self.parts[-1].label}:{name}"
            raise StoreError(f"{name} may be in each of {len(self.parts)} databases: say {example}")
        for part in self.parts:
            if part.label == label:
                return part, number
        known = ", ".join(part.label for part in self.parts)
        raise StoreError(f"there is no database {label} among {known}")

    def asked_for(self, session: int | str | None) -> list[tuple[Part, list[int] | None]]:
        """The databases to ask, each with the ids that a session has there; None for all sessions.

        Raises StoreError for a session whose name is not clear.
        """
        if session is None:
            return [(part, None) for part in self.parts]
        part, number = self.part_called(str(session))
        if not _SESSION.fullmatch(number):
            raise StoreError(f"{session} is not the name of a session")
        name = part.session_name(int(number))
        if self.is_single:
            return [(part, [int(number)])]
        found: list[tuple[Part, list[int] | None]] = []
        for candidate in self.parts:
            ids = [row_id for row_id, shared in candidate.shared_sessions.items() if shared == name]
            home, _, own = str(name).rpartition(":")
            if home == candidate.label:
                ids.append(int(own))
            if ids:
                found.append((candidate, ids))
        return found

    def _find_shared_sessions(self) -> None:
        names: dict[str, str] = {}
        for part in self.parts:
            with reported(part):
                for row_id, flow_id, continues in part.connection.execute(
                    "SELECT id, flow_id, continues FROM sessions WHERE flow_id IS NOT NULL"
                ):
                    own = f"{part.prefix}{row_id}"
                    # A capture that is in two databases is there twice; it does not go on.
                    name = names.setdefault(flow_id, own) if continues else own
                    names.setdefault(flow_id, own)
                    if name != own:
                        part.shared_sessions[row_id] = name


Asked = sqlite3.Connection | Recording
"""What queries take: one open database, or a recording of several."""


def recording_of(asked: Asked) -> Recording:
    """What is asked, as a recording."""
    if isinstance(asked, Recording):
        return asked
    return Recording([(asked, Path(database_path(asked)).stem)])


@contextlib.contextmanager
def open_recording(patterns: Sequence[str]) -> Iterator[Recording]:
    """Databases by paths and glob patterns, for reading; closed at the end. Raises StoreError.

    A file that is given twice counts once. One bad file spoils the answer, and is named.
    """
    with contextlib.ExitStack() as stack:
        wanted = without_duplicates([path for pattern in patterns for path in matching_files(pattern)])
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
        labelled = list(zip(opened.values(), file_labels(list(opened)), strict=True))
        if len(labelled) > 1:
            labelled.sort(key=lambda pair: _age(*pair))
        yield Recording(labelled)


@contextlib.contextmanager
def reported(part: Part) -> Iterator[None]:
    """Turn errors of SQLite into StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        raise from_sqlite(part.path, error) from None


def _age(connection: sqlite3.Connection, label: str) -> tuple[float, list[tuple[int, int | str]]]:
    """What sorts databases: when they began, then their names, numbers in them by value."""
    path = database_path(connection)
    try:
        row = connection.execute("SELECT time FROM frames ORDER BY id LIMIT 1").fetchone()
    except sqlite3.Error as error:
        raise from_sqlite(path, error) from None
    began = row[0] if row is not None else float("inf")
    pieces = re.split(r"([0-9]+)", f"{os.path.dirname(path)}/{label}")
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
