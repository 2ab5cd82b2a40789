"""`findings`: where the traffic departs from the specification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from xentara_inspect.frames import frame_of
from xentara_inspect.queries.databases import Askable, Database, as_databases
from xentara_inspect.queries.elements import wanted_element
from xentara_inspect.queries.grep import wanted_text
from xentara_inspect.queries.newest import Keyed, merged
from xentara_inspect.queries.unknown import not_known
from xentara_inspect.queries.values import Row, iso_time
from xentara_inspect.queries.where import Condition, Several, Where, among, contains, several
from xentara_inspect.traffic.rules import RULES

FINDING_KEYS: Final = ("id", "session", "time", "code", "severity", "message", "frame", "exchange")

RULE_KEYS: Final = ("code", "severity", "asks", "source", "remedy", "count", "example")

_FINDINGS: Final = "SELECT id, time, session_id, code, severity, message, address, exchange_id FROM findings"


def findings(
    asked: Askable,
    *,
    limit: int = 50,
    session: Several[int | str] = None,
    element: Several[str] = None,
    code: Several[str] = None,
    severity: Several[str] = None,
    grep: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `FINDING_KEYS`, oldest first: the newest `limit`, 0 for all.

    element: about what is said of it. grep: a text in code or message, or in the name of the element
    that what is said is about. since, until: nanoseconds since 1970, end exclusive. Raises StoreError;
    QuestionError for what is not known.
    """
    databases = as_databases(asked)
    for unknown in sorted({*several(code)} - {*RULES}):
        raise not_known("finding code", unknown, RULES)
    wanted, text = wanted_element(element, databases), wanted_text(grep, databases)
    lists = []
    for file, session_id in databases.asked_for(session):
        where = Where()
        where.equal("session_id", session_id)
        where.equal("code", code)
        where.equal("severity", severity)
        where.between("time", since, until)
        if wanted is not None:
            where.any_of(_about(wanted.keys_in(file)))
        if text is not None:
            said = [contains(column, text.text) for column in ("code", "message")]
            where.any_of([*said, *_about(file.element_keys(text.elements))])
        if file.news is not None:
            where.add(file.news.of_findings("id"))
        lists.append(partial(_findings, file, where))
    yield from merged(lists, limit)


def explained(asked: Askable, code: str) -> Row:
    """A row with `RULE_KEYS`: the rule of a finding, how many of it there are, and where the last one is.

    example: what `show` takes; None where there is none, or it is about nothing that can be shown.
    Raises StoreError; QuestionError for a code that is not known.
    """
    rule = RULES.get(code)
    if rule is None:
        raise not_known("finding code", code, RULES)
    databases = as_databases(asked)
    count = 0
    for file in databases.files:
        row = file.row("SELECT count(*) AS count FROM findings WHERE code = ?", code)
        count += row["count"] if row is not None else 0
    newest = next(findings(databases, limit=1, code=code), None) if count else None
    place = (newest["exchange"] or newest["frame"]) if newest is not None else None
    values = (code, rule.severity.value, rule.asks, rule.source, rule.remedy, count, place and str(place))
    return dict(zip(RULE_KEYS, values, strict=True))


def _about(elements: Sequence[int]) -> list[Condition]:
    """Conditions of which one holds for what is found in packets about elements. elements: their keys."""
    if not elements:
        return [("0", [])]
    keys, _ = among("element_id", elements)
    last = "CASE address & 16777215 WHEN 0 THEN address | 16777215 ELSE address END"  # of a frame, all
    return [
        (f"exchange_id IN (SELECT id FROM exchanges WHERE {keys})", []),  # noqa: S608 - keys of ours
        (f"exchange_id IN (SELECT subscription_id FROM subscription_items WHERE {keys})", []),  # noqa: S608
        (f"EXISTS (SELECT 1 FROM packets p WHERE p.id BETWEEN address AND {last} AND {keys})", []),  # noqa: S608
    ]


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
