"""The generated part of `lake.md`: its tables, from their descriptions in `lake`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from xentara_inspect.lake.table_types import ORIGIN
from xentara_inspect.lake.tables import TABLES


def _tables() -> str:
    parts = []
    for name, table in TABLES.items():
        columns = [f"| {column} | {about.type} | {about.says} |" for column, about in table.columns.items()]
        parts.append("\n".join([f"### {name}", "", f"A row is {table.says}.", "", *_HEAD, *columns]))
    return "\n\n".join(parts)


def _origin() -> str:
    return "\n".join([*_HEAD, *(f"| {name} | {type_} | {says} |" for name, (type_, says) in ORIGIN.items())])


_HEAD: Final = ("| column | type | |", "|---|---|---|")

LAKE_PARTS: Final[dict[str, Callable[[], str]]] = {"lake tables": _tables, "lake origin": _origin}
