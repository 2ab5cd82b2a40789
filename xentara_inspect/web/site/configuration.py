"""What Datasette is told of our databases: which tables come first, what they are, questions, limits.

All of it follows from the descriptions in `store`. Versions before 1.0 read it as metadata, later ones as
metadata and configuration.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from xentara_inspect.store.derived_tables import DERIVED_TABLES
from xentara_inspect.store.journal_tables import JOURNAL_TABLES
from xentara_inspect.store.questions import QUESTIONS
from xentara_inspect.store.schema import COMMAND_ERRORS, NAME_TABLES, Table
from xentara_inspect.store.view_texts import VIEW_ROWS, view_columns

SETTINGS: Final = {
    "sql_time_limit_ms": 5000,
    "facet_time_limit_ms": 1000,
    "default_page_size": 50,
    "default_facet_size": 8,
    "suggest_facets": False,
    "max_returned_rows": 1000,
    "default_cache_ttl": 0,  # a recording goes on
    "allow_download": False,  # one that is recorded into is whole only with its log
}

FIRST: Final = {
    "exchanges_readable": ("Requests and responses", ("command", "status", "error", "element")),
    "events_readable": ("Events", ("element", "event_type")),
    "readings_readable": ("Readings", ()),
    "findings_readable": ("Findings", ("severity", "code")),
    "subscriptions_readable": ("Subscriptions", ("status", "element")),
    "sessions_readable": ("Connections", ("user", "closed_by")),
}
"""What a person wants first: views by what they are called, and what they are counted by."""

_ELEMENTS: Final = "elements"
"""The one table among them."""

_NEWEST_FIRST: Final = {
    "exchanges_readable": "exchange_id",
    "events_readable": "packet_id",
    "findings_readable": "id",
    "subscriptions_readable": "subscription_id",
    "sessions_readable": "id",
}
"""Columns whose order SQLite has at hand; of readings it would have to sort all."""
_FACETS: Final = {
    "packets": ("kind", "opcode"),
    "exchanges": ("opcode", "status"),
    "elements": ("category", "learned_from"),
    "findings": ("severity", "code"),
}
_SHOWN: Final = (
    "sessions", "frames", "packets", "exchanges", "elements", "attributes", "subscriptions", "findings",
)  # fmt: skip
"""Tables that are not hidden."""
_OTHERS: Final = ("_sqlite_migrations",)
_LABELS: Final = {"elements": "name", "attributes": "name", "sessions": "client", "name_files": "source"}
"""Columns that other tables show in the place of a number."""


TITLE: Final = "Xentara traffic"


def first_lists() -> list[tuple[str, str, str]]:
    """What a person wants first: name of the view or table, what it is called, what a row is."""
    lists = [(view, title, VIEW_ROWS[view]) for view, (title, _) in FIRST.items()]
    row, *_ = DERIVED_TABLES[_ELEMENTS].says.split(";")
    return [*lists, (_ELEMENTS, _ELEMENTS.capitalize(), row)]


def configuration(file: sqlite3.Connection) -> dict[str, Any]:
    """What Datasette is told of a database. Raises sqlite3.Error."""
    return {"tables": _tables(file), "queries": _queries()}


def _tables(file: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    described = JOURNAL_TABLES | DERIVED_TABLES | {"command_errors": COMMAND_ERRORS}
    return {
        **{name: _table(name, table) for name, table in described.items()},
        **{
            name: {"description": _sentence(table.says), "hidden": True, "label_column": "name"}
            for name, table in NAME_TABLES.items()
        },
        **{name: {"hidden": True} for name in _OTHERS},
        **{name: _view(name, file) for name in VIEW_ROWS},
    }


def _table(name: str, table: Table) -> dict[str, Any]:
    about: dict[str, Any] = {
        "description": _sentence(table.says),
        "columns": {column: _plain(said.says) for column, said in table.columns.items()},
        "hidden": name not in _SHOWN,
        "facets": list(_FACETS.get(name, ())),
    }
    if name in _LABELS:
        about["label_column"] = _LABELS[name]
    if name in _SHOWN:
        about["sort_desc"] = table.primary_key
    return about


def _view(name: str, file: sqlite3.Connection) -> dict[str, Any]:
    title, facets = FIRST.get(name, (name, ()))
    about: dict[str, Any] = {
        "title": title,
        "description": _sentence(VIEW_ROWS[name]),
        "columns": {column: _plain(says) for column, says in view_columns(file, name).items() if says},
        "facets": list(facets),
    }
    if name in _NEWEST_FIRST:
        about["sort_desc"] = _NEWEST_FIRST[name]
    return about


def _sentence(row: str) -> str:
    return f"A row is {_plain(row)}."


def _plain(says: str) -> str:
    """Without the marks of Markdown."""
    return says.replace("`", "")


def _queries() -> dict[str, dict[str, str]]:
    return {name: {"sql": question.sql, "title": question.title} for name, question in QUESTIONS.items()}
