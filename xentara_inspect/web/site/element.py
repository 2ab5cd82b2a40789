"""What the page of an element shows: its newest values, drawn and listed, and where more of it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from xentara_inspect.protocol.identifiers import QUALITIES
from xentara_inspect.queries.databases import Databases
from xentara_inspect.queries.readings import readings
from xentara_inspect.queries.series import Line, lines_to_draw
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.queries.values import Row
from xentara_inspect.web import charts
from xentara_inspect.web.drawing import Drawing
from xentara_inspect.web.site.paths import element_path, exchange_path, list_path
from xentara_inspect.web.times import Clock, nanoseconds

_DRAWN: Final = 5000
"""Readings of which a drawing is made, the newest; a page is to be there at once."""
_LISTED: Final = 50
_USUAL: Final = "Value"
_LISTS: Final = (
    ("exchanges_readable", "requests"),
    ("events_readable", "events"),
    ("readings_readable", "readings"),
    ("subscriptions_readable", "subscriptions"),
)


def element(databases: Databases, database: str, asked: dict[str, str]) -> dict[str, Any] | None:
    """An element by its key (id) or name; None if there is none. Raises StoreError, QuestionError.

    attribute, of what is asked: the one to draw. attributes: (name, page where it is drawn), that of which
    most was seen first.
    """
    file = next((file for file in databases.files if file.label == database), None)
    if file is None:
        return None
    key = asked.get("id", "")
    column, value = ("id", int(key)) if key.isdecimal() and len(key) < 19 else ("name", asked.get("name"))
    row = file.row(f"SELECT id, uuid, name, category FROM elements WHERE {column} = ?", value)  # noqa: S608
    if row is None:
        return None
    seen = list(readings(databases, element=[row["uuid"]], limit=_DRAWN))
    names = [name for name, _ in Counter(reading["attribute"] for reading in seen).most_common()]
    attribute = asked.get("attribute") or (_USUAL if _USUAL in names else next(iter(names), _USUAL))
    drawing = _drawing(databases, row["uuid"], attribute, seen)
    return {
        "database": database,
        "name": row["name"],
        "uuid": row["uuid"],
        "attribute": attribute,
        "attributes": [(name, element_path(database, row["id"], attribute=name)) for name in names],
        "drawing": drawing,
        "is_cut": len(seen) == _DRAWN,
        "drawn": _DRAWN,
        "readings": [reading for reading in reversed(seen) if reading["attribute"] == attribute][:_LISTED],
        "qualities": QUALITIES,
        "lists": [(name, list_path(database, view, element_id=row["id"])) for view, name in _LISTS],
        "link": lambda place: exchange_path(database, str(place).rpartition(":")[2]),
    }


def _drawing(databases: Databases, uuid: str, attribute: str, seen: Sequence[Row]) -> Drawing | None:
    """The values of an attribute over time; None where they are no numbers."""
    if not seen:
        return None
    first, last = (nanoseconds(reading["time"]) for reading in (seen[0], seen[-1]))
    try:
        lines = lines_to_draw(databases, element=[uuid], attribute=[attribute], since=first)
    except QuestionError:
        return None
    curves: dict[str, Line] = {line.name: line for line in lines[:1]}
    return next((drawing for _, drawing in charts.values(curves, Clock(first, last))), None)
