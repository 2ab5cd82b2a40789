"""The lists of `queries`, asked of a lake: its rows go into databases, these are asked, and thrown away.

So there is one code for each question, and the same answer from both. Nothing is read but what sites, time
and, of readings and events, the elements leave over. Where the newest rows are wanted, first the last minute
is taken, then eight times as much, until there are enough: what is older than the newest rows changes nothing
about them.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import compute

from xentara_inspect.archive import tables
from xentara_inspect.archive.layout import Part
from xentara_inspect.frames import POSITION_BITS
from xentara_inspect.lake.catalog import Catalog, Days, between
from xentara_inspect.lake.questions import ALL, QUESTIONS, Filters, Needed
from xentara_inspect.lake.restoring import Restored, database_name
from xentara_inspect.queries.databases import Databases
from xentara_inspect.queries.elements import WantedElement
from xentara_inspect.queries.files import LAKE, file_labels, no_database
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.queries.where import several
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.traffic.names import uuid_text

_FIRST: Final = 60 * 10**9
_WIDER: Final = 8
_CONTEXT: Final = ("sessions", "elements", "attributes", "subscriptions")
_ORDER: Final = ("events", "readings", "exchanges", "malformed", "findings")
"""In which rows are restored: what tells more of a packet comes first."""
_NEWEST: Final = ("log", "events", "readings", "findings")
"""Lists in the order of time, of which the newest rows follow from what is newest."""


@contextlib.contextmanager
def opened_lake(where: str, query: Callable[..., Any], filters: Filters) -> Iterator[Databases]:
    """Databases that say to a question what the lake says; gone at the end.

    where: as of `Catalog`. query: a question of `queries`, with its filters. Raises ArchiveError, StoreError,
    QuestionError; also for what no lake says.
    """
    name = query.__name__
    if name not in QUESTIONS:
        raise no_database(f"{LAKE}{where}")
    if filters.get("with_notation") or (filters.get("grep") and name in ("log", "events")):
        raise QuestionError("a lake has no notation: `import` the part of its archive")
    catalog = Catalog(where)
    with contextlib.ExitStack() as stack:
        for since in _windows(catalog, name, filters):
            lake = stack.enter_context(_Window(catalog, name, filters, since))
            if since is None or lake.has_enough(query):
                break
            stack.close()
        yield lake.databases


def _windows(catalog: Catalog, name: str, filters: Filters) -> Iterator[int | None]:
    """Times from which on to look, one after the other; None for all that is asked for."""
    if name in _NEWEST and filters.get("limit") and not filters.get("slowest"):
        main = [needed.table for needed in QUESTIONS[name](filters)]
        days = catalog.days_of(main, _days(filters.get("since"), filters.get("until")))
        if days:
            newest = min(catalog.newest(days[max(days)]), filters.get("until") or 1 << 62)
            width = _FIRST
            while newest - width > max(filters.get("since") or 0, _beginning(min(days))):
                yield newest - width
                width *= _WIDER
    yield None


@contextlib.contextmanager
def lake_files(where: str, *, since: int | None, until: int | None) -> Iterator[list[str]]:
    """Databases with all that a lake says of a time, by their paths; gone at the end.

    where: as of `Catalog`. since, until: nanoseconds since 1970. Raises ArchiveError, StoreError.
    """
    with _Window(Catalog(where), ALL, {"since": since, "until": until}, None) as lake:
        yield [file.path for file in lake.databases.files]


class _Window:
    """The rows of a time, in databases."""

    def __init__(self, catalog: Catalog, name: str, filters: Filters, since: int | None) -> None:
        """since: the earliest; None for all that is asked for."""
        self._catalog = catalog
        self._name = name
        self._filters = filters
        self._since = since if since is not None else filters.get("since")
        self._until = filters.get("until")
        self._days = _days(self._since, self._until)
        self._stack = contextlib.ExitStack()
        self._restored: dict[Part, Restored] = {}

    def __enter__(self) -> _Window:
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="xentara-lake-"))
            self._restore(Path(folder), stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def has_enough(self, query: Callable[..., Any]) -> bool:
        """Whether all rows that are wanted are in it."""
        limit = self._filters["limit"]
        try:
            rows = query(self.databases, **{**self._filters, "since": self._since})
            return bool(sum(1 for _ in rows) == limit)
        except QuestionError:  # of what was told before it
            return False

    def _restore(self, folder: Path, stack: contextlib.ExitStack) -> None:
        template = folder / "template.db"
        open_for_writing(template).close()
        needed = QUESTIONS[self._name](self._filters)
        files: list[sqlite3.Connection] = []
        parts = self._parts(needed)
        followed = {(part.chain, part.number - 1) for part in parts}
        try:
            for part in parts:
                path = folder / _file(part)
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(template, path)
                database = stack.enter_context(contextlib.closing(_connected(path)))
                goes_on = (part.chain, part.number) in followed
                self._restored[part] = Restored(database, part, goes_on=goes_on)
                files.append(database)
                for table in _CONTEXT:
                    self._add(part, Needed(table))
            self.databases = _as_databases(self._catalog.parts, list(zip(self._restored, files, strict=True)))
            about = self._about()
            for part in self._restored:
                for entry in sorted(needed, key=lambda entry: _ORDER.index(entry.table)):
                    self._add(part, entry, self._between(entry.table), about)
                if self._name == "findings" and (self._filters.get("element") or self._filters.get("grep")):
                    self._add_what_findings_are_about(part)
                self._restored[part].finish()
        except sqlite3.Error as error:
            raise from_sqlite(str(folder), error) from None

    def _parts(self, needed: Sequence[Needed]) -> list[Part]:
        """Those with rows of the time; for sessions, which go on in others, all."""
        known = self._catalog.parts
        if self._name == "sessions":
            return known
        found = [
            part
            for part in known
            if any(self._catalog.files(entry.table, part, self._days) for entry in needed)
        ]
        return found or known[-1:]  # which says at least what there is

    def _between(self, table: str) -> Any:
        if self._name == "sessions":
            return None
        return between(self._since, self._until, ends="responded" if table == "exchanges" else "time")

    def _about(self) -> Any:
        """A condition on rows of readings and events: that they are about the elements that are wanted."""
        asked = several(self._filters.get("element"))
        if not asked or self._name in ("log", "sessions", "stats", "findings"):
            return None
        uuids = [uuid_text(uuid) for uuid in WantedElement(asked, self.databases).uuids]
        return compute.field("element").isin(pa.array(uuids, pa.string()))  # none are of no type otherwise

    def _add(self, part: Part, needed: Needed, *conditions: Any) -> None:
        condition = None
        for each in (needed.condition, *conditions):
            if each is not None:
                condition = each if condition is None else condition & each
        days = self._days if self._name != "sessions" else Days()
        self._add_rows(part, needed, days, condition)

    def _add_rows(self, part: Part, needed: Needed, days: Days, condition: Any) -> None:
        for batch in self._catalog.batches(needed.table, part, days, needed.columns, condition):
            if batch.num_rows:
                rows = dict(zip(batch.schema.names, map(tables.values, batch.columns), strict=True))
                self._restored[part].add(needed.table, rows)

    def _add_what_findings_are_about(self, part: Part) -> None:
        """The packets and exchanges that were found something about, whenever they were."""
        frames: set[int] = set()
        exchanges: set[int] = set()
        columns = ["address", "exchange_id"]
        for batch in self._catalog.batches("findings", part, self._days, columns, self._between("findings")):
            addresses, about = map(tables.values, batch.columns)
            frames |= {address >> POSITION_BITS for address in addresses if address is not None}
            exchanges |= {row_id for row_id in about if row_id is not None}
        within = [
            compute.shift_right(compute.field(column), POSITION_BITS).isin(list(frames))
            for column in ("id", "response_id")
        ]
        asked = compute.field("id").isin(list(exchanges))
        self._add_rows(part, Needed("exchanges"), Days(), asked | within[0] | within[1])
        self._add_rows(part, Needed("events"), Days(), within[0])


def _file(part: Part) -> str:
    """Where the database of a part stands; lists name it by as much of that as tells it apart."""
    return f"{part.chain}/{part.site}/{database_name(part, part.number)}"


def _connected(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("BEGIN")
    return database


def _as_databases(parts: Sequence[Part], restored: Sequence[tuple[Part, sqlite3.Connection]]) -> Databases:
    """Databases with the names that they have among all parts, whichever of these are there."""
    labels = dict(zip(parts, file_labels([_file(part) for part in parts]), strict=True))
    databases = Databases([(connection, labels[part]) for part, connection in restored])
    first: dict[str, Part] = {}
    for part in parts:
        first.setdefault(part.chain, part)
    part_of = {id(connection): part for part, connection in restored}
    for file in databases.files:
        file.is_alone = len(parts) == 1
        if len(first) > 1:
            file.recording.prefix = f"{labels[first[part_of[id(file.connection)].chain]]}:"
    return databases


def _days(since: int | None, until: int | None) -> Days:
    return Days(_day(since), _day(until - 1) if until is not None else None)


def _day(time: int | None) -> str | None:
    return None if time is None else datetime.fromtimestamp(time // 10**9, UTC).date().isoformat()


def _beginning(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 10**9
