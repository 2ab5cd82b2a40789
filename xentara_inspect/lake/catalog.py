"""What a lake has: its parts and the files of these, found by their names alone."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

import pyarrow as pa
from pyarrow import compute, parquet

from xentara_inspect.archive.errors import ArchiveError
from xentara_inspect.archive.layout import MANIFEST, ROOT, Part, part_of
from xentara_inspect.archive.place import Place
from xentara_inspect.lake.decoding import MARKS
from xentara_inspect.lake.tables import TABLES

_SITE: Final = "site"


class Days(NamedTuple):
    """Days in ISO 8601, both included; None for no bound."""

    first: str | None = None
    last: str | None = None

    def have(self, day: str) -> bool:
        """Whether a day is among them."""
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)


class Catalog:
    """The parts that are decoded in a lake, and where their rows are: that paths tell."""

    def __init__(self, where: str) -> None:
        """where: a directory or a URI; `?site=S` behind it means only that, or those. Raises ArchiveError."""
        where, self._sites = _address(where)
        self._place = Place(where)
        self.parts: list[Part] = []
        """By recording, then in order."""
        for path in self._listed(MARKS):
            found = part_of(f"{ROOT}{path.removeprefix(MARKS)}")
            if found is not None and found[1] == MANIFEST:
                insort(self.parts, found[0], key=_order)
        if not self.parts:
            if self._sites and self._place.files(MARKS):
                raise ArchiveError(f"{where}: no tables of site {' or '.join(self._sites)} here")
            raise ArchiveError(f"{where}: no tables of a lake here")
        self._files: dict[str, dict[str, dict[str, str]]] = {}

    def files(self, table: str, part: Part, days: Days) -> list[str]:
        """Paths of the rows of a part and of some days. Raises ArchiveError."""
        if not TABLES[table].is_timed:
            days = Days()
        return [path for day, path in sorted(self._of(table)[_stem(part)].items()) if days.have(day)]

    def days_of(self, tables: Iterable[str], days: Days) -> dict[str, list[str]]:
        """Paths of tables with times, by day. Raises ArchiveError."""
        found: dict[str, list[str]] = defaultdict(list)
        for table in tables:
            for part in self.parts:
                for day, path in self._of(table)[_stem(part)].items():
                    if days.have(day):
                        found[day].append(path)
        return found

    def newest(self, paths: Iterable[str]) -> int:
        """The latest time, in nanoseconds since 1970 UTC, of the rows in files. Raises ArchiveError."""
        times = [_latest(self._metadata(path)) for path in paths]
        return max(time for time in times if time is not None)

    def batches(
        self, table: str, part: Part, days: Days, columns: Sequence[str], condition: Any = None
    ) -> Iterator[pa.RecordBatch]:
        """Rows of a part: some columns of those for which a condition holds. Raises ArchiveError."""
        paths = self.files(table, part, days)
        if paths:
            yield from self._place.rows(paths, columns, condition)

    def _metadata(self, path: str) -> parquet.FileMetaData:
        with self._place.reading(path) as file:
            return parquet.read_metadata(file)

    def _of(self, table: str) -> dict[str, dict[str, str]]:
        """Paths by part and day."""
        if table not in self._files:
            found: dict[str, dict[str, str]] = defaultdict(dict)
            for path in self._listed(table):
                *_, day, name = path.split("/")
                found[name.removesuffix(".parquet")][day.removeprefix("date=")] = path
            self._files[table] = found
        return self._files[table]

    def _listed(self, under: str) -> list[str]:
        if not self._sites:
            return self._place.files(under)
        return [path for site in self._sites for path in self._place.files(f"{under}/site={site}")]


def _address(where: str) -> tuple[str, list[str]]:
    """The place, and the sites that are asked for."""
    place, _, query = where.partition("?")
    options = parse_qsl(query, keep_blank_values=True)
    rest = urlencode([option for option in options if option[0] != _SITE], safe=":/")
    return f"{place}?{rest}" if rest else place, [value for name, value in options if name == _SITE]


def _order(part: Part) -> tuple[str, str, str, int]:
    return part.site, part.recorder, part.chain, part.number


def _stem(part: Part) -> str:
    return part.stem.rpartition("/")[2]


def _latest(metadata: parquet.FileMetaData) -> int | None:
    """The latest time in a file, as its statistics say."""
    column = metadata.schema.names.index("time")
    statistics = [
        metadata.row_group(group).column(column).statistics for group in range(metadata.num_row_groups)
    ]
    times = [each.max_raw for each in statistics if each is not None and each.has_min_max]
    return max(times, default=None)


def between(since: int | None, until: int | None, *, ends: str = "time") -> Any:
    """A condition on the time of rows, ns since 1970 UTC, end exclusive. ends: when a row is over."""
    condition = None
    if since is not None:
        over = compute.coalesce(compute.field(ends), compute.field("time"))
        condition = over >= _time(since)
    if until is not None:
        before = compute.field("time") < _time(until)
        condition = before if condition is None else condition & before
    return condition


def _time(nanoseconds: int) -> pa.Scalar:
    return pa.scalar(nanoseconds, pa.timestamp("ns", "UTC"))
