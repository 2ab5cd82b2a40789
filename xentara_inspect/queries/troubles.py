"""Errors and findings in one list, the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from xentara_inspect.queries.databases import Database, Databases
from xentara_inspect.queries.exchanges import EXCHANGE_TIME, ExchangeSearch
from xentara_inspect.queries.findings import findings
from xentara_inspect.queries.lines import LogLines
from xentara_inspect.queries.newest import NEWEST_FIRST, Keyed, merged
from xentara_inspect.queries.values import Row
from xentara_inspect.queries.where import Several, Where, among
from xentara_inspect.traffic.names import Names

TROUBLE_KEYS: Final = ("id", "session", "time", "severity", "text")
LISTED: Final = 50
"""How many are listed at most."""


def errors_until(files: Sequence[tuple[Database, Several[int]]], names: Names, time: int) -> list[Row]:
    """Rows with `TROUBLE_KEYS` of requests answered by an error, made until a time. Raises StoreError.

    files: each with the sessions that are asked for, None for all. time: nanoseconds since 1970.
    """
    lists = []
    for file, session in files:
        where = Where()
        where.equal("e.session_id", session)
        where.between(EXCHANGE_TIME, None, time + 1)
        lists.append(partial(_errors, file, names, where))
    return [_error(row) for row in merged(lists, LISTED)][::-1]


def new_errors(file: Database, session: Several[int], names: Names, after: int) -> list[Row]:
    """The same of one file, where the answer stands behind an address. Raises StoreError."""
    answers = file.tuples(
        "SELECT id FROM packets WHERE id > ? AND kind = 'error' ORDER BY id DESC LIMIT ?", (after, LISTED)
    )
    where = Where()
    where.equal("e.session_id", session)
    where.any_of([among("e.response_id", [row_id for (row_id,) in answers])])
    return [_error(row) for _, row in _errors(file, names, where, NEWEST_FIRST)]


def with_findings(
    databases: Databases, session: Several[int | str], errors: Sequence[Row], time: int
) -> list[Row]:
    """Errors, and findings until a time. Raises StoreError."""
    told = map(_finding, findings(databases, limit=LISTED, session=session, until=time + 1))
    return sorted([*errors, *told], key=lambda row: str(row["time"]), reverse=True)[:LISTED]


def _errors(file: Database, names: Names, where: Where, direction: str) -> Iterator[Keyed]:
    search = ExchangeSearch(where.also("e.status = 'error'"))
    return LogLines(file, names).exchanges(search, direction)


def _error(row: Row) -> Row:
    return _trouble(row, row["id"], "error", f"{row['command'] or row['opcode']} {row['summary']}")


def _finding(row: Row) -> Row:
    place = row["exchange"] or row["frame"]
    name = str(place) if place is not None else None
    return _trouble(row, name, row["severity"], f"{row['code']}: {row['message']}")


def _trouble(row: Row, name: str | None, severity: str, text: str) -> Row:
    values = (name, row["session"], row["time"], severity, text)
    return dict(zip(TROUBLE_KEYS, values, strict=True))
