"""The generated parts of `schema.md`: tables from their descriptions in `store`, views from SQLite."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.derived_tables import DERIVED_TABLES
from xentara_inspect.store.journal_tables import JOURNAL_TABLES
from xentara_inspect.store.schema import COMMAND_ERRORS, NAME_TABLES, Column, Table
from xentara_inspect.store.views import VIEWS

_TYPES: Final = {int: "INTEGER", str: "TEXT", bytes: "any"}


def _described(tables: Mapping[str, Table]) -> Callable[[], str]:
    return lambda: "\n\n".join(_section(name, table) for name, table in tables.items())


def _section(name: str, table: Table) -> str:
    lines = [f"### {name}", "", f"A row is {table.says}.", "", "| column | type | |", "|---|---|---|"]
    for column, about in table.columns.items():
        shown = f"**{column}**" if column in table.key else column
        lines.append(f"| {shown} | {_TYPES[about.type]} | {_said(about)} |")
    return "\n".join(lines)


def _said(column: Column) -> str:
    return f"{column.says} → `{column.references}`" if column.references else column.says


def _names() -> str:
    lines = ["| table | a number is |", "|---|---|"]
    lines += [f"| {name} | {table.says} |" for name, table in NAME_TABLES.items()]
    return "\n".join(lines)


def _views() -> str:
    lines = ["| view | columns |", "|---|---|"]
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_for_writing(Path(folder) / "a.db")) as database,
    ):
        for view in VIEWS:
            columns = _columns(database, view)
            lines.append(f"| {view} | {', '.join(columns)} |")
    return "\n".join(lines)


def _columns(database: sqlite3.Connection, view: str) -> list[str]:
    return [row[1] for row in database.execute(f"PRAGMA table_info({view})")]


SCHEMA_PARTS: Final[dict[str, Callable[[], str]]] = {
    "journal tables": _described(JOURNAL_TABLES),
    "derived tables": _described(DERIVED_TABLES),
    "name tables": _names,
    "command errors": _described({"command_errors": COMMAND_ERRORS}),
    "views": _views,
}
