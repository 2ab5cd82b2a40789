"""Rows of a decoded database as columns, with what their keys stand for."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from xentara_inspect.archive import tables
from xentara_inspect.lake.table_types import ORIGIN, LakeColumn, LakeTable


class Columns:
    """Makes columns of the rows of one table. What a key stands for is asked once."""

    def __init__(self, database: sqlite3.Connection, table: LakeTable, origin: Sequence[Any]) -> None:
        """origin: values of `ORIGIN`."""
        self._database = database
        self._table = table
        self._schema = table.schema
        self._origin = [
            pa.scalar(value, type_) for value, (type_, _) in zip(origin, ORIGIN.values(), strict=True)
        ]
        self._texts: dict[str, dict[Any, str | None]] = {}

    def batch(self, rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
        """Rows of the table's SELECT as columns. Raises sqlite3.Error."""
        columns = [
            self._column(values, column)
            for values, column in zip(zip(*rows, strict=True), self._table.columns.values(), strict=True)
        ]
        columns += [pa.repeat(value, len(rows)) for value in self._origin]
        return pa.record_batch(columns, schema=self._schema)

    def _column(self, values: Sequence[Any], column: LakeColumn) -> pa.Array:
        if column.text is not None:
            return self._named(values, column.text)
        return tables.column(values, column.type)

    def _named(self, keys: Sequence[Any], text: str) -> pa.Array:
        known = self._texts.setdefault(text, {None: None})
        different = {*keys}
        for key in different - known.keys():
            row = self._database.execute(text, (key,)).fetchone()
            known[key] = row[0] if row is not None else None
        if len(different) == 1:
            return pa.repeat(pa.scalar(known[keys[0]], pa.string()), len(keys))
        if any(isinstance(key, str) for key in different):  # numbers that 64 bits do not carry
            return pa.array(map(known.__getitem__, keys), pa.string())
        encoded = pa.array(keys, pa.int64()).dictionary_encode()
        texts = pa.array(map(known.__getitem__, encoded.dictionary.to_pylist()), pa.string())
        return texts.take(encoded.indices)
