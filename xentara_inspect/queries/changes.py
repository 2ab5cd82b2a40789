"""`readings` over time: where they changed, and what they were in each interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from xentara_inspect.queries.databases import Askable
from xentara_inspect.queries.newest import last
from xentara_inspect.queries.readings import timed_readings
from xentara_inspect.queries.values import Row, iso_time, json_integer
from xentara_inspect.queries.where import several

INTERVAL_KEYS: Final = (
    "time", "element", "attribute", "count", "min", "max", "mean", "last", "quality", "errors",
)  # fmt: skip

Number = int | float

_WRITE: Final = "write"


def changes(asked: Askable, *, limit: int = 50, **filters: Any) -> Iterator[Row]:
    """Rows of `readings` whose value, quality or error is not that of the one before: the newest `limit`.

    The one before of the same element and attribute; the first that is seen of them has changed. What
    somebody wanted to write is compared with what somebody wanted to write. filters: as of `readings`.
    Raises StoreError, QuestionError.
    """
    yield from last(_changed(asked, filters), limit)


def _changed(asked: Askable, filters: dict[str, Any]) -> Iterator[Row]:
    before: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for _, row in timed_readings(asked, **filters):
        key = row["element"], row["attribute"], row["origin"] == _WRITE
        # The kind too: to Python 1, 1.0 and true are the same.
        now = row["value"], row["value_kind"], row["quality"], row["error_code"]
        if before.get(key) != now:
            before[key] = now
            yield row


def intervals(asked: Askable, *, every: int, limit: int = 50, **filters: Any) -> Iterator[Row]:
    """Rows with `INTERVAL_KEYS`, oldest first, one for each `every` nanoseconds, element and attribute.

    The newest `limit`, 0 for all; of what was read and pushed, unless origin is `write`. Intervals
    begin at multiples of their length; none has a row without a reading. count: of values, errors: of
    errors in their place. min, max, mean: of those that are numbers, booleans as 0 and 1. last,
    quality: of the last value. filters: as of `readings`. Raises StoreError, QuestionError.
    """
    yield from last(_intervals(asked, every, filters), limit)


def seen(asked: Askable, filters: dict[str, Any]) -> Iterator[tuple[int, Row]]:
    """(time, row) of what was read and pushed; of what was to be written, where that is asked for."""
    for time, row in timed_readings(asked, **filters):
        if row["origin"] != _WRITE or _WRITE in several(filters.get("origin")):
            yield time, row


def number_in(row: Row) -> Number | None:
    """The value of a reading as a number; None where it is none, or not finite."""
    value, kind = row["value"], row["value_kind"]
    if kind == "integer":
        return int(value)
    if kind == "boolean" or (kind == "float" and not isinstance(value, str)):
        return value + 0  # type: ignore[no-any-return]
    return None


@dataclass(slots=True)
class _Interval:
    """What is known of an interval so far."""

    count: int = 0
    numbers: int = 0
    least: Number | None = None
    most: Number | None = None
    total: Number = 0
    last: Any = None
    quality: Any = None
    errors: int = 0

    def add(self, row: Row) -> None:
        if row["value_kind"] == "error":
            self.errors += 1
            return
        self.count += 1
        self.last, self.quality = row["value"], row["quality"]
        number = number_in(row)
        if number is not None:
            self.numbers += 1
            self.total += number
            self.least = number if self.least is None else min(self.least, number)
            self.most = number if self.most is None else max(self.most, number)

    def columns(self) -> tuple[Any, ...]:
        """From `count` on."""
        mean = self.total / self.numbers if self.numbers else None
        ends = (json_integer(end) if isinstance(end, int) else end for end in (self.least, self.most))
        return self.count, *ends, mean, self.last, self.quality, self.errors


def _intervals(asked: Askable, every: int, filters: dict[str, Any]) -> Iterator[Row]:
    start: int | None = None
    found: dict[tuple[str, str], _Interval] = {}
    for time, row in seen(asked, filters):
        begun = time - time % every
        if begun != start:
            yield from _rows(start, found)
            start, found = begun, {}
        key = row["element"], row["attribute"]
        if key not in found:
            found[key] = _Interval()
        found[key].add(row)
    yield from _rows(start, found)


def _rows(start: int | None, found: dict[tuple[str, str], _Interval]) -> Iterator[Row]:
    for (element, attribute), interval in sorted(found.items(), key=lambda item: item[0]):
        values = (iso_time(start), element, attribute, *interval.columns())
        yield dict(zip(INTERVAL_KEYS, values, strict=True))
