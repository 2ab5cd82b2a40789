"""What of a lake is read for each question of `queries`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from pyarrow import compute

from xentara_inspect.lake.tables import TABLES
from xentara_inspect.protocol import commands

_UNNEEDED: Final = {
    "exchanges": ("time", "command", "element_name", "error"),
    "events": ("element_name",),
    "readings": ("element_name", "attribute", "error"),
    "subscriptions": ("element_name", "attribute"),
    "attributes": ("access",),
}
"""Columns that follow from others."""
_PACKETS: Final = ("request", "response", "packet")

Filters = Mapping[str, Any]


class Needed(NamedTuple):
    """What is read of a table. with_packets: their bytes, too. condition: on its rows."""

    table: str
    with_packets: bool = False
    condition: Any = None

    @property
    def columns(self) -> list[str]:
        """Of the lake."""
        left_out = {*_UNNEEDED.get(self.table, ()), *(() if self.with_packets else _PACKETS)}
        return [column for column in TABLES[self.table].columns if column not in left_out]


def _of_log(filters: Filters) -> list[Needed]:
    events = _of_events(filters) if filters.get("with_events") else []
    return [Needed("exchanges", True), Needed("malformed"), Needed("findings"), *events]


def _of_events(_filters: Filters) -> list[Needed]:
    return [Needed("events", True), Needed("readings", condition=compute.field("origin") == "event")]


def _of_readings(_filters: Filters) -> list[Needed]:
    # Whether a write was refused its exchange says.
    return [Needed("readings"), Needed("exchanges", condition=compute.field("opcode") == commands.WRITE)]


def _of_stats(filters: Filters) -> list[Needed]:
    by = filters.get("by", "command")
    events = [Needed("events")] if by not in ("command", "error") else []
    return [Needed("exchanges", True), *events, *([Needed("readings")] if by == "element" else [])]


def _of_findings(_filters: Filters) -> list[Needed]:
    return [Needed("findings")]


def _of_sessions(filters: Filters) -> list[Needed]:
    if filters.get("element"):
        return [Needed("exchanges", True), Needed("events")]
    # A server names the user where HTTP names none.
    named = compute.field("opcode") == commands.SERVER_INFORMATION_COMMAND
    return [Needed("exchanges", True, named)]


def _of_all(_filters: Filters) -> list[Needed]:
    return [
        Needed(table, with_packets=True)
        for table in ("events", "readings", "exchanges", "malformed", "findings")
    ]


ALL: Final = "all"
"""Whatever may be asked."""

QUESTIONS: Final[dict[str, Callable[[Filters], list[Needed]]]] = {
    "log": _of_log,
    "events": _of_events,
    "readings": _of_readings,
    "changes": _of_readings,
    "intervals": _of_readings,
    "lines_to_draw": _of_readings,
    "stats": _of_stats,
    "findings": _of_findings,
    "sessions": _of_sessions,
    ALL: _of_all,
}
"""What is needed for a question, by the name of its function."""
