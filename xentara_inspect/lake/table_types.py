"""Columns and tables of a lake: how each is made of a decoded database, in SQL."""
# ruff: noqa: S608 - SQL is put together from names of ours only

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import pyarrow as pa

from xentara_inspect.frames import LAST_POSITION

TIME: Final = pa.timestamp("ns", "UTC")
INT: Final = pa.int64()
TEXT: Final = pa.string()
BYTES: Final = pa.binary()

ORIGIN: Final[dict[str, tuple[pa.DataType, str]]] = {
    "recorder": (TEXT, "name of the recorder"),
    "chain": (TEXT, "UUID of the recording"),
    "part": (INT, "which of its files"),
}
"""What every row says besides; `site` and `date` are in the path."""

USERS: Final = "users_named_by_the_server"
"""A temporary table, session_id and user, of what a query finds and no table has."""

PACKET: Final = "packet_bytes"
"""A function in SQL: the bytes of the packet at an address; NULL where there is none."""


class LakeColumn(NamedTuple):
    """A column: its type, the SQL of its value in a database, what it says.

    text: SQL for what a value stands for, by the value: of a column with few different ones.
    """

    type: pa.DataType
    sql: str
    says: str
    text: str | None = None


class LakeTable(NamedTuple):
    """A table. says: what a row is. rows: what is behind SELECT … FROM in a database.

    is_timed: whether a row is of the day of its `time`; else of the day on which its file began.
    """

    says: str
    rows: str
    columns: Mapping[str, LakeColumn]
    is_timed: bool = True

    @property
    def schema(self) -> pa.Schema:
        """Its columns in Parquet, with whom they came from."""
        own = [(name, column.type) for name, column in self.columns.items()]
        return pa.schema([*own, *((name, type_) for name, (type_, _) in ORIGIN.items())])

    @property
    def select(self) -> str:
        """SQL for its rows in a decoded database."""
        columns = ", ".join(f"{column.sql} AS {name}" for name, column in self.columns.items())
        return f"SELECT {columns} FROM {self.rows}"


def number(sql: str, says: str) -> LakeColumn:
    """A number from the wire, where it is one of 64 bits."""
    return LakeColumn(INT, f"CASE typeof({sql}) WHEN 'integer' THEN {sql} END", says)


def too_large(**numbers: str) -> LakeColumn:
    """Numbers from the wire that are in no column of 64 bits."""
    texts = ", ".join(
        f"'{name}', CASE typeof({sql}) WHEN 'text' THEN {sql} END" for name, sql in numbers.items()
    )
    types = ", ".join(f"typeof({sql})" for sql in numbers.values())
    sql = f"CASE WHEN 'text' IN ({types}) THEN json_patch('{{}}', json_object({texts})) END"
    return LakeColumn(TEXT, sql, "numbers that do not fit 64 bits: JSON, digits by column")


def packet_of(frame: str, address: str) -> str:
    """The bytes of a packet. One that is alone in its message is what stands behind the head of that."""
    alone = f"{address} & {LAST_POSITION} = 1 AND substr({frame}.payload, 1, 1) = x'81'"
    return f"CASE WHEN {alone} THEN substr({frame}.payload, 2) ELSE {PACKET}({address}) END"


def of_type(type_: pa.DataType, stored: str, says: str) -> LakeColumn:
    """The value of a reading, where it is stored as that."""
    return LakeColumn(type_, f"CASE typeof(x.value) WHEN '{stored}' THEN x.value END", says)


def named(table: str, sql: str, says: str) -> LakeColumn:
    """A number by its name in a table of names, else as it is."""
    name = f"SELECT CAST(coalesce((SELECT name FROM {table} WHERE number = key), key) AS TEXT)"
    return LakeColumn(TEXT, sql, says, f"{name} FROM (SELECT ? AS key)")


def error(opcode: str) -> LakeColumn:
    """The name of an error code. opcode: SQL of the command that it answers."""
    return LakeColumn(
        TEXT,
        "CASE WHEN x.error_code IS NOT NULL THEN"
        f" coalesce((SELECT name FROM command_errors WHERE opcode = {opcode} AND number = x.error_code),"
        " (SELECT name FROM error_codes WHERE number = x.error_code)) END",
        "name of the error",
    )
