"""The files of one long recording: `plant.db`, then `plant-2.db`, `plant-3.db` and so on.

A file is left by sealing it: that is committed in the old file and names the new one. Making the new
one of what the old one holds comes after that, and whoever finds it undone does it. So a process that
is killed at any point in between leaves nothing that the next one cannot go on with, and nobody who
follows the chain writes a frame into a file that is sealed.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import uuid
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from xentara_inspect.frames import LIVE
from xentara_inspect.store import sides
from xentara_inspect.store.database import Path, open_for_reading, transaction
from xentara_inspect.store.errors import Kind, StoreError
from xentara_inspect.store.given_names import carry_names
from xentara_inspect.store.sides import database_path

_NUMBERED: Final = re.compile(r"(.*)-([1-9][0-9]{0,8})", re.DOTALL)


class Chain(NamedTuple):
    """The place of a file. number: from 1. continues, continued_in: names of the files next to it.

    started: nanoseconds since 1970 UTC. carried: whether it needs nothing of the file before any more.
    recording: the same in all files of one. last_session, last_frame: ids given in the files before.
    """

    number: int
    started: int
    continues: str | None
    continued_in: str | None
    carried: bool
    recording: str | None = None
    last_session: int = 0
    last_frame: int = 0

    @property
    def number_of_previous(self) -> int | None:
        """The number of the file that this one continues, if it does."""
        return None if self.continues is None else _number_in(self.continues) or 1

    @property
    def number_of_next(self) -> int:
        """The number of the file that this one is continued in."""
        return _number_in(self.continued_in or "") or 0


def load_chain(connection: sqlite3.Connection) -> Chain | None:
    """The place of a file; None where no recorder has begun it.

    A file is somebody's word: one that names a next file out of its directory, or none that can come
    behind it, would have us write anywhere or go round in circles. Raises sqlite3.Error, StoreError.
    """
    row = connection.execute(f"SELECT {', '.join(Chain._fields)} FROM chain").fetchone()  # noqa: S608
    if row is None:
        return None
    place = Chain._make(row)
    for name in (place.continues, place.continued_in):
        if name is not None and (not isinstance(name, str) or os.path.basename(name) != name or not name):
            raise StoreError(
                f"{database_path(connection)} is damaged: it goes on in {name!r}, no file beside it",
                Kind.DAMAGED,
            )
    numbers = (place.number, place.started, place.last_session, place.last_frame)
    sound = all(isinstance(number, int) for number in numbers)
    if not sound or (place.continued_in is not None and place.number_of_next <= place.number):
        raise StoreError(
            f"{database_path(connection)} is damaged: as file {place.number!r} of a recording it cannot go"
            f" on in {place.continued_in!r}",
            Kind.DAMAGED,
        )
    return place


def frames_given_before(connection: sqlite3.Connection) -> int:
    """The last frame id given in the files before. Raises sqlite3.Error."""
    (last,) = connection.execute("SELECT coalesce(max(last_frame), 0) FROM chain").fetchone()
    return int(last)


def last_frame(connection: sqlite3.Connection) -> int:
    """The last frame id given in a file or in those before. Raises sqlite3.Error."""
    return _last_id(connection, "frames", "last_frame")


def last_session(connection: sqlite3.Connection) -> int:
    """The last session id given in a file or in those before. Raises sqlite3.Error."""
    return _last_id(connection, "sessions", "last_session")


def _last_id(connection: sqlite3.Connection, table: str, before: str) -> int:
    (last,) = connection.execute(
        f"SELECT max((SELECT coalesce(max(id), 0) FROM {table}),"  # noqa: S608 - names of ours
        f" (SELECT coalesce(max({before}), 0) FROM chain))"
    ).fetchone()
    return int(last)


def is_sealed(connection: sqlite3.Connection) -> bool:
    """Whether a file was left for the next one. Raises sqlite3.Error."""
    return connection.execute("SELECT 1 FROM chain WHERE continued_in IS NOT NULL").fetchone() is not None


def _number_in(path: str) -> int | None:
    match = _NUMBERED.fullmatch(os.path.splitext(path)[0])
    return int(match[2]) if match is not None else None


def chain_at(path: Path) -> Chain | None:
    """The place of the file at `path`; None where there is none of ours that a recorder has begun."""
    try:
        with contextlib.closing(open_for_reading(path)) as connection:
            return load_chain(connection)
    except (StoreError, sqlite3.Error):
        return None


def check_name(path: str) -> None:
    """Make sure that files of a recording can name each other, which they do in text. Raises StoreError."""
    try:
        os.path.basename(path).encode()
    except UnicodeEncodeError:
        raise StoreError(f"{path} cannot go on in other files: its name is not UTF-8") from None


def first_path(path: str) -> str:
    """The path of the first file of the chain that the file at `path` is in, if it is there or not."""
    stem, suffix = os.path.splitext(path)
    match = _NUMBERED.fullmatch(stem)
    place = chain_at(path) if match is not None else None
    if match is None or place is None or place.number == 1 or place.number != int(match[2]):
        return path
    return match[1] + suffix


def numbered_path(first: str, number: int) -> str:
    """The path of a file of the chain whose first file is `first`."""
    stem, suffix = os.path.splitext(first)
    return first if number == 1 else f"{stem}-{number}{suffix}"


def chain_files(first: str) -> dict[int, str]:
    """The files of a chain that are there, by number, in order."""
    return dict(members(first))


def members(first: str, known: Collection[int] = ()) -> Iterator[tuple[int, str]]:
    """Number and path of each file of a chain that is there, in order; it is opened when it is its turn.

    known: numbers of those that are passed over.
    """
    for number in sorted(taken_numbers(first).difference(known)):
        if _is_member(path := numbered_path(first, number), number):
            yield number, path


def newest_file(path: str) -> str:
    """The file that a recorder told to record into `path` goes on with."""
    first = first_path(path)
    for number in sorted(taken_numbers(first), reverse=True):
        candidate = numbered_path(first, number)
        if _is_member(candidate, number):
            return candidate
    return first


def following_file(path: str, place: Chain) -> str | None:
    """The file that goes on with the one at `path`: the next one that was begun."""
    if place.continued_in is None:
        return None
    following = beside(path, place.continued_in)
    there = chain_at(following)
    if there is not None and there.number > place.number:
        return following
    # Where it was deleted, what comes behind it need not wait for ever.
    first = first_path(path)
    return next((file for number, file in chain_files(first).items() if number > place.number), None)


def free_number(first: str) -> int:
    """The number of the next file of a chain: beyond the highest that anything has."""
    highest = max(taken_numbers(first), default=1)
    # Somebody may have been killed when this one was made, but not yet promised.
    return highest if highest > 1 and _is_unused(numbered_path(first, highest)) else highest + 1


def beside(path: str, name: str) -> str:
    """The path of a file in the same directory."""
    return os.path.join(os.path.dirname(path), name)


def claim(connection: sqlite3.Connection, now: int, gone: Chain | None) -> None:
    """Begin a file that continues no other, unless it is begun. Raises sqlite3.Error.

    gone: the place of the file that was here before it vanished.
    """
    if load_chain(connection) is None:
        gone = gone or Chain(1, now, None, None, False, str(uuid.uuid4()))
        connection.execute(
            "INSERT OR IGNORE INTO chain (id, number, started, recording, last_session, last_frame)"
            " VALUES (1, ?, ?, ?, ?, ?)",
            (gone.number, now, gone.recording, gone.last_session, gone.last_frame),
        )


def seal(connection: sqlite3.Connection, next_name: str, now: int) -> None:
    """Leave a file for another one, which is empty so far. In a transaction. Raises sqlite3.Error."""
    connection.execute("UPDATE chain SET continued_in = ?", (next_name,))
    connection.execute(
        "UPDATE sessions SET continued = 1 WHERE closed IS NULL AND source = ? AND recorder_id IN"
        " (SELECT id FROM recorders WHERE stopped IS NULL AND follows)",
        (LIVE,),
    )
    connection.execute(
        "UPDATE recorders SET continued = 1, stopped = ? WHERE stopped IS NULL AND follows", (now,)
    )


def begin(new: sqlite3.Connection, old: sqlite3.Connection, old_name: str, now: int) -> None:
    """Make the file that a sealed one names go on with its sessions and recorders, under the same ids.

    Once: where somebody did it already, nothing happens. Raises sqlite3.Error.
    """
    with transaction(new):
        place = load_chain(old)
        if place is not None and load_chain(new) is None:
            _copy_open(new, old)
            new.execute(
                "INSERT INTO chain (id, number, started, continues, recording, last_session, last_frame)"
                " VALUES (1, ?, ?, ?, ?, ?, ?)",
                (place.number_of_next, now, old_name, place.recording, last_session(old), last_frame(old)),
            )


_RECORDER: Final = "id, pid, host, process, started, heartbeat, feed, operation, follows"
_SESSION: Final = (
    "id, client, server, path, subprotocol, user, user_agent, origin, opened, source, flow_id, recorder_id"
)


def _copy_open(new: sqlite3.Connection, old: sqlite3.Connection) -> None:
    for table, columns in (("recorders", _RECORDER), ("sessions", _SESSION)):
        rows = old.execute(f"SELECT {columns} FROM {table} WHERE continued")  # noqa: S608 - names of ours
        values = ", ".join("?" * (columns.count(",") + 1))
        new.executemany(f"INSERT INTO {table} ({columns}) VALUES ({values})", rows)  # noqa: S608
    new.execute("UPDATE sessions SET continues = 1")
    new.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", old.execute("SELECT * FROM settings"))
    carry_names(new, old)


def _is_member(path: str, number: int) -> bool:
    place = chain_at(path)
    return place is not None and place.number == number


def _is_unused(path: str) -> bool:
    """Whether the file is a database of ours in which nobody has put anything."""
    try:
        with contextlib.closing(open_for_reading(path)) as connection:
            (used,) = connection.execute(
                "SELECT EXISTS (SELECT 1 FROM recorders) OR EXISTS (SELECT 1 FROM sessions)"
                " OR EXISTS (SELECT 1 FROM chain)"
            ).fetchone()
    except (StoreError, sqlite3.Error):
        return False
    return not used


def taken_numbers(first: str) -> set[int]:
    """Numbers of names in a chain of which there is anything, be it only a log that SQLite left."""
    directory, name = os.path.split(first)
    stem, suffix = os.path.splitext(name)
    beside = "|".join(sides.ALL)
    pattern = re.compile(rf"{re.escape(stem)}(?:-([1-9][0-9]{{0,8}}))?{re.escape(suffix)}({beside})?")
    try:
        matches = [pattern.fullmatch(entry) for entry in os.listdir(directory or ".")]
    except OSError:
        return set()
    return {int(match[1] or 1) for match in matches if match is not None}
