"""Cells of Datasette's tables: IDs and elements that lead somewhere, notation as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup, escape

from xentara_inspect.store.addresses import parse_address
from xentara_inspect.web.site.paths import element_path, exchange_path, row_path

_PLACES: Final = ("id", "packet", "response", "place", "exchange", "subscription", "frame")
"""Columns of views and questions with what `show` takes."""
_NOTATION: Final = "notation"
_LINKS: Final = ("http://", "https://")


def cell(row: Any, value: object, column: str, table: str | None, database: str) -> Markup | None:
    """What stands in a cell; None for what Datasette makes of it. table: None for a question.

    What came over the network never becomes a link by itself.
    """
    if value is None or isinstance(value, (bytes, Mapping)):
        return None
    if _NOTATION in column and isinstance(value, str):
        return Markup('<pre class="xentara-notation">{}</pre>').format(value)
    is_view = table is None or table.endswith("_readable")
    if is_view:
        path = _leads_to(row, value, column, table, database)
        if path is not None:
            return Markup('<a href="{}">{}</a>').format(path, value)
    if isinstance(value, str) and value.strip().lower().startswith(_LINKS):
        return escape(value)
    if table == "elements" and column == "name":
        return Markup('<a href="{}">{}</a>').format(element_path(database, row["id"]), value)
    return None


def _leads_to(row: Any, value: object, column: str, table: str | None, database: str) -> str | None:
    if column in _PLACES and table != "sessions_readable":
        text = str(value)
        is_place = "p" in text or column == "frame"
        return exchange_path(database, text) if is_place and parse_address(text) is not None else None
    if column == "session_id" or (table == "sessions_readable" and column == "id"):
        return row_path(database, "sessions", value)
    if column == "element":
        key = _of_row(row, "element_id")
        return element_path(database, key if key is not None else str(value))
    return None


def _of_row(row: Any, column: str) -> int | None:
    try:
        value = row[column]
    except (IndexError, KeyError):
        return None
    return value if isinstance(value, int) else None
