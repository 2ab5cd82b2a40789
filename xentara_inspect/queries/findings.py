"""`findings`: where the traffic departs from the specification."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from xentara_inspect.frames import frame_of
from xentara_inspect.queries.databases import Askable, Database, as_databases
from xentara_inspect.queries.newest import Keyed, merged
from xentara_inspect.queries.unknown import not_known
from xentara_inspect.queries.values import Row, iso_time
from xentara_inspect.queries.where import Where
from xentara_inspect.traffic.rules import INTERNAL_ERROR, RULES

FINDING_KEYS: Final = ("id", "session", "time", "code", "severity", "message", "frame", "exchange")

_FINDINGS: Final = "SELECT id, time, session_id, code, severity, message, address, exchange_id FROM findings"


def findings(
    asked: Askable,
    *,
    limit: int = 50,
    session: int | str | None = None,
    code: str | None = None,
    severity: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `FINDING_KEYS`, oldest first: the newest `limit`, 0 for all.

    since, until: nanoseconds since 1970, end exclusive. Raises StoreError; QuestionError for a code that
    there is not.
    """
    databases = as_databases(asked)
    if code is not None:
        known = {*RULES, INTERNAL_ERROR}
        if code not in known:
            raise not_known("finding code", code, known)
    lists = []
    for file, session_id in databases.asked_for(session):
        where = Where()
        where.equal("session_id", session_id)
        where.equal("code", code)
        where.equal("severity", severity)
        where.between("time", since, until)
        lists.append(partial(_findings, file, where))
    yield from merged(lists, limit)


def findings_where(file: Database, condition: str, *parameters: int) -> list[Row]:
    """Rows with `FINDING_KEYS` for a condition in SQL on findings of one file. Raises StoreError."""
    where = Where()
    where.add(condition, *parameters)
    return list(merged([partial(_findings, file, where)]))


def _findings(file: Database, where: Where, direction: str) -> Iterator[Keyed]:
    sql = f"{_FINDINGS}{where.sql} ORDER BY time{direction}, id{direction}"
    for row in file.rows(sql, where.parameters):
        exchange = row["exchange_id"]
        address = row["address"] if row["address"] is not None else exchange  # at the end of a session
        yield (
            (row["time"], file.index, row["id"]),
            {
                "id": file.own_number(row["id"]),
                "session": file.number(row["session_id"]) if row["session_id"] is not None else None,
                "time": iso_time(row["time"]),
                "code": row["code"],
                "severity": row["severity"],
                "message": row["message"],
                "frame": file.number(frame_of(address)) if address is not None else None,
                "exchange": file.place_name(exchange) if exchange is not None else None,
            },
        )
