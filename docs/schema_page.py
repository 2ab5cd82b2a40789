"""Generated parts: tables and views of `schema.md` as `store` describes them, questions of `queries.md`."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.derived_tables import DERIVED_TABLES
from xentara_inspect.store.journal_tables import JOURNAL_TABLES
from xentara_inspect.store.questions import QUESTIONS, Question
from xentara_inspect.store.schema import COMMAND_ERRORS, NAME_TABLES, Column, Table
from xentara_inspect.store.view_texts import VIEW_ROWS, view_columns
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
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_for_writing(Path(folder) / "a.db")) as database,
    ):
        return "\n\n".join(_view(view, view_columns(database, view)) for view in VIEWS)


def _view(name: str, columns: Mapping[str, str | None]) -> str:
    lines = [f"### {name}", "", f"A row is {VIEW_ROWS[name]}.", "", "| column | |", "|---|---|"]
    return "\n".join([*lines, *(f"| {column} | {says} |" for column, says in columns.items())])


def _questions() -> str:
    return "\n\n".join(map(_asked, QUESTIONS.values()))


def _asked(question: Question) -> str:
    """A question with the command that asks it."""
    given = "".join(f" -p {name} {shlex.quote(answer)}" for name, answer in question.answers.items())
    command = f'$ sqlite-utils plant.db "{question.sql}"{given} --table'
    return f"{question.title}\n\n```console\n{command}\n```"


SCHEMA_PARTS: Final[dict[str, Callable[[], str]]] = {
    "journal tables": _described(JOURNAL_TABLES),
    "derived tables": _described(DERIVED_TABLES),
    "name tables": _names,
    "command errors": _described({"command_errors": COMMAND_ERRORS}),
    "views": _views,
    "questions": _questions,
}
