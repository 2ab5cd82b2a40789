"""Lists as tables of Parquet, a file each: the rows that `--json` prints, their keys as typed columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet

from xentara_inspect.queries.contract import LISTS
from xentara_inspect.queries.databases import Databases
from xentara_inspect.queries.events import events
from xentara_inspect.queries.findings import findings
from xentara_inspect.queries.log import log
from xentara_inspect.queries.readings import readings
from xentara_inspect.queries.sessions import sessions
from xentara_inspect.queries.values import Row
from xentara_inspect.queries.where import Several, several

NUMBER: Final = "value_num"
"""Column of readings beside their keys: the value where it is a number or a truth value."""

_ROWS: Final = 20_000  # of a row group, and of the memory that is needed
_TIME: Final = pa.timestamp("ns", "UTC")
_INT: Final = pa.int64()
_TEXT: Final = pa.string()
_TYPES: Final = {"integer": _INT, "number": pa.float64(), "boolean": pa.bool_()}
_NUMBERED: Final = ("id", "session", "frame")
"""Keys that are numbers in one recording, and names such as plant-2:3 in several."""


def _sessions(databases: Databases, *, session: Several[int | str], **asked: Any) -> Iterator[Row]:
    """Of `sessions` those that are asked for by name."""
    chosen = {
        file.number(number) for file, numbers in databases.asked_for(session) for number in numbers or ()
    }
    rows = sessions(databases, **asked)
    return (row for row in rows if not several(session) or row["id"] in chosen)


QUESTIONS: Final[dict[str, Callable[..., Iterator[Row]]]] = {
    "sessions": _sessions,
    "log": log,
    "events": events,
    "readings": readings,
    "findings": findings,
}
"""What answers each list, given databases, `limit` and filters."""


def write_lists(
    databases: Databases, folder: Path, done: Callable[[int], None], **filters: Any
) -> dict[str, int]:
    """Write `LIST.parquet` of each list into a folder that is there. Returns how many rows each has.

    done: told of how many rows, each time. filters: those that the lists have in common. Raises StoreError,
    QuestionError, OSError.
    """
    counts = {}
    for name, question in QUESTIONS.items():
        schema = _schema(name, is_one=len(databases.recordings) == 1)
        rows = question(databases, limit=0, **filters)
        counts[name] = 0
        with parquet.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd") as writer:
            while some := list(islice(rows, _ROWS)):
                writer.write_batch(_batch(some, schema))
                counts[name] += len(some)
                done(len(some))
    return counts


def _schema(name: str, *, is_one: bool) -> pa.Schema:
    """The columns of a list. is_one: whether only one recording is asked."""
    columns = {
        key: _TEXT if key in _NUMBERED and not is_one else _type(said) for key, said in LISTS[name].items()
    }
    if name == "readings":
        columns[NUMBER] = pa.float64()
    return pa.schema([*columns.items()])


def _type(said: dict[str, Any]) -> pa.DataType:
    """The type of what JSON Schema says; objects, and what may be anything, are text."""
    types = said.get("type", "object")
    first = types if isinstance(types, str) else types[0]
    if said.get("format") == "date-time":
        return _TIME
    if first == "array":
        return pa.list_(_TEXT)
    return _TYPES.get(first, _TEXT)


def _batch(rows: Sequence[Row], schema: pa.Schema) -> pa.RecordBatch:
    columns = [_column([_value(row, field.name) for row in rows], field.type) for field in schema]
    return pa.record_batch(columns, schema=schema)


def _value(row: Row, key: str) -> Any:
    return row[key] if key != NUMBER else _number(row["value"], row["value_kind"])


def _number(value: Any, kind: str) -> float | None:
    return float(value) if kind in ("integer", "float", "boolean") and value is not None else None


def _column(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    if type_ == _TIME:
        return _times(values)
    if type_ == _INT:
        return pa.array(map(_integer, values), type_)
    return pa.array(map(_text, values) if type_ == _TEXT else values, type_)


def _integer(value: int | str | None) -> int | None:
    """A number of 64 bits; what is none has no place."""
    number = int(value) if value is not None else None
    return number if number is not None and -(1 << 63) <= number < 1 << 63 else None


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _times(texts: Iterable[str | None]) -> pa.Array:
    """Times of ISO texts, with all digits; one that 64 bits cannot carry has no place."""
    array = pa.array(texts, _TEXT)
    try:
        return array.cast(_TIME)
    except pa.ArrowInvalid:
        if len(array) == 1:
            return pa.nulls(1, _TIME)
        return pa.concat_arrays([_times([text]) for text in array.to_pylist()])
