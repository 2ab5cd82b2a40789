"""Packets of a report in annotated notation, as `show` has them, and why they failed; without secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xentara_inspect.queries.databases import Databases
from xentara_inspect.queries.show import show
from xentara_inspect.queries.values import Row
from xentara_inspect.queries.why import why
from xentara_inspect.web.listed import NOTATION
from xentara_inspect.web.secrets import holds_secret


class Side(NamedTuple):
    """What one side sent. left_out: characters of the notation that are not there."""

    title: str
    time: str
    notation: str
    left_out: int = 0


class Evidence(NamedTuple):
    """What was said. line: the row of `log`. causes: rows of `why`, what explains it."""

    id: str
    line: Row
    sides: Sequence[Side]
    causes: Sequence[Row]


def evidence(databases: Databases, names: Sequence[str]) -> Iterator[Evidence]:
    """What stands under names. Raises StoreError, QuestionError."""
    for name in names:
        row = show(databases, name)
        if row is not None:
            yield Evidence(name, row, list(_sides(databases, row)), why(databases, name)["causes"])


def _sides(databases: Databases, row: Row) -> Iterator[Side]:
    for key, title in (("request", "Client"), ("response", "Server")):
        side = row[key]
        if side is None:
            continue
        notation = side["notation"]
        if holds_secret(databases, str(side["frame"]), from_client=key == "request"):
            notation = "# not shown: the message holds secrets that were kept"
        yield Side(title, side["time"], notation[:NOTATION], max(0, len(notation) - NOTATION))
