"""`names`: what elements are called, and from where that is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from xentara_inspect.queries.databases import Askable, as_databases
from xentara_inspect.queries.elements import chosen, wanted_element
from xentara_inspect.queries.grep import wanted_text
from xentara_inspect.queries.values import Row
from xentara_inspect.queries.where import Several
from xentara_inspect.traffic.names import Names, uuid_text

NAME_KEYS: Final = ("uuid", "name", "source", "otherwise")

TRAFFIC: Final = "traffic"
"""The source of names that the traffic told; others are names of files."""


def names(
    asked: Askable, *, limit: int = 50, element: Several[str] = None, grep: str | None = None
) -> Iterator[Row]:
    """Rows with `NAME_KEYS`, by name: the `limit` that were seen last, 0 for all. Raises StoreError.

    Elements of files that never occurred come before those that did. otherwise: what a file calls an
    element that the traffic calls otherwise, else None. grep: a text in the row. Raises QuestionError for
    an element that is not known.
    """
    databases = as_databases(asked)
    wanted, text = wanted_element(element, databases), wanted_text(grep, databases)
    known = databases.names
    unseen = [element for element in known.given if element not in known.elements]
    rows = [row for element in [*unseen, *known.elements] if (row := _row(element, known)) is not None]
    yield from sorted(chosen(rows, wanted, text)[-limit:], key=lambda row: (row["name"], row["uuid"]))


def _row(element: bytes, known: Names) -> Row | None:
    """None for an element without a name."""
    told, given = known.elements.get(element), known.given.get(element)
    if told is not None:
        otherwise = given.name if given is not None and given.name != told else None
        values = (uuid_text(element), told, TRAFFIC, otherwise)
    elif given is not None:
        values = (uuid_text(element), given.name, given.source, None)
    else:
        return None
    return dict(zip(NAME_KEYS, values, strict=True))
