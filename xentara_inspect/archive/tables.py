"""Rows of a database as an archive has them: frames as columns of Parquet, all else as lines of JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from reprlib import repr  # noqa: A004 - not all of what somebody made up
from typing import Any, Final

import pyarrow as pa

from xentara_inspect.store.columns import loaded_attribute, loaded_integer, loaded_uuid
from xentara_inspect.store.journal_tables import JOURNAL_TABLES

_TYPES: Final = {
    "id": pa.int64(),
    "session_id": pa.int64(),
    "time": pa.timestamp("ns", "UTC"),
    "from_client": pa.bool_(),
    "is_text": pa.bool_(),
    "payload": pa.binary(),
    "redacted": pa.bool_(),
}
FRAMES: Final = pa.schema([(name, _TYPES[name]) for name in JOURNAL_TABLES["frames"].columns])
"""The columns of `frames`, each with the type that its values have."""

PARQUET: Final[dict[str, Any]] = {
    # Measured on events with noisy values and times: 16.7 bytes of 60, half a million a second on one core.
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": ["session_id"],
    "column_encoding": {
        "id": "DELTA_BINARY_PACKED",
        "time": "DELTA_BINARY_PACKED",
        "payload": "DELTA_BYTE_ARRAY",
    },
    "data_page_version": "2.0",
}
"""How Parquet files are written."""

_ADDED: Final = {"recorders": 1}
"""Columns that came, behind the others, since archives are written: those of before lack them."""

_HOLDS: Final[dict[type, tuple[type, ...]]] = {int: (int,), str: (str,), bytes: (int, str)}
"""Types of values by what a column is declared: one without affinity has integers from the wire."""
_BYTES: Final = ("packet",)
"""Columns of which that is not so."""
_NEVER_NULL: Final[dict[str, tuple[str, ...]]] = {
    "session_ends": ("session_id", "after_frame"),
    "chain": ("recording", "number"),
    "carried_elements": ("uuid",),
    "carried_subscriptions": ("session_id", "elements"),
    "carried_requests": ("session_id", "packet"),
}
"""Columns that SQLite would let be empty, and decoding not."""

STATE_TABLES: Final = tuple(name for name in JOURNAL_TABLES if name != "frames")


def frame_batch(rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
    """Rows of `frames` as columns. Raises ArrowInvalid, OverflowError, TypeError for other types."""
    columns = [
        column(values, field.type) for values, field in zip(zip(*rows, strict=True), FRAMES, strict=True)
    ]
    return pa.record_batch(columns, schema=FRAMES)


def column(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """A column of values, where times and truth values are integers. Raises as `frame_batch`."""
    return pa.array(values, pa.int64()).cast(type_) if _is_integer(type_) else pa.array(values, type_)


def _is_integer(type_: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(type_) or pa.types.is_boolean(type_))


def frame_rows(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    """Rows of `frames` out of columns."""
    return zip(*map(values, batch.columns), strict=True)


def values(column: pa.Array) -> list[Any]:
    """The values of a column as SQLite holds them: times and truth values are integers."""
    return list((column.cast(pa.int64()) if _is_integer(column.type) else column).to_pylist())


def state_line(table: str, row: Sequence[Any]) -> bytes:
    """A row of another table as a line of JSON: the table, then the values in the order of its columns."""
    return json.dumps([table, *map(_to_json, row)], separators=(",", ":")).encode() + b"\n"


def state_row(line: bytes) -> tuple[str, list[Any]]:
    """A table and a row of it. Raises what `content.reported` knows for no such line."""
    table, *stored = json.loads(line)
    if table not in STATE_TABLES:
        raise ValueError(f"no table {repr(table)}")
    columns = JOURNAL_TABLES[table].columns
    if not len(columns) - _ADDED.get(table, 0) <= len(stored) <= len(columns):
        raise ValueError(f"a row of {table} with {len(stored)} values")
    row = [_from_json(value) for value in stored]
    for name, value in zip(columns, row, strict=False):
        if not _fits(table, name, value):
            raise ValueError(f"{name} of {table} is {repr(value)}")
    return table, row


def _fits(table: str, name: str, value: Any) -> bool:
    """Whether a column can have a value. Raises ValueError, TypeError for what nobody could decode with."""
    layout = JOURNAL_TABLES[table]
    column = layout.columns[name]
    if value is None:
        return name not in layout.key and column.default is None and name not in _NEVER_NULL.get(table, ())
    if isinstance(value, str):
        value.encode()
    if type(value) is int and not -(1 << 63) <= value < 1 << 63:
        return False
    if type(value) not in ((bytes,) if name in _BYTES else _HOLDS[column.type]):
        return False
    if name in _READ:
        _READ[name](value)
    return True


def _read_elements(text: str) -> None:
    for uuid, attributes in json.loads(text):
        loaded_uuid(uuid)
        for attribute in attributes:
            loaded_attribute(attribute)


_READ: Final[dict[str, Callable[[Any], object]]] = {
    "uuid": loaded_uuid,
    "element": loaded_uuid,
    "attribute": loaded_attribute,
    "category": loaded_integer,
    "access": loaded_integer,
    "data_type": loaded_integer,
    "elements": _read_elements,
    "state": json.loads,
}
"""What decoding makes of columns of what was carried over; it raises where that cannot be done."""


def _to_json(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _from_json(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value
