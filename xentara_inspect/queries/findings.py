"""`findings`: where the traffic departs from the specification."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from xentara_inspect.queries.databases import Asked, Part, recording_of
from xentara_inspect.queries.merge import Keyed, merged
from xentara_inspect.queries.values import Row, clear_errors, iso_time
from xentara_inspect.queries.where import Where, newest

FINDING_KEYS: Final = ("id", "session", "time", "code", "severity", "message", "frame", "exchange")

_FINDINGS: Final = """
    SELECT n.id AS id, n.time AS time, n.session_id, n.code, n.severity, n.message,
           coalesce(n.frame_id, p.frame_id), first.frame_id, first.position, c.file, c.frame_id, c.position
    FROM findings n
    LEFT JOIN packets p ON p.id = n.packet_id
    LEFT JOIN exchanges e ON e.id = n.exchange_id
    LEFT JOIN carried_requests c ON c.id = e.carried_id
    LEFT JOIN packets first ON first.id = coalesce(e.request_id, e.response_id)"""


def findings(
    asked: Asked,
    *,
    session: int | str | None = None,
    code: str | None = None,
    severity: str | None = None,
) -> Iterator[Row]:
    """Rows with `FINDING_KEYS`, oldest first. Raises StoreError."""
    lists = []
    for part, sessions in recording_of(asked).asked_for(session):
        where = Where()
        where.one_of("n.session_id", sessions)
        where.equal("n.code", code)
        where.equal("n.severity", severity)
        lists.append(_findings(part, where))
    yield from merged(lists)


def found(part: Part, where: Where) -> list[Row]:
    """Rows with `FINDING_KEYS` for conditions on findings `n` of one database. Raises StoreError."""
    return list(merged([_findings(part, where)]))


@clear_errors
def _findings(part: Part, where: Where) -> Iterator[Keyed]:
    for row in part.connection.execute(newest(_FINDINGS, where, "time, id", 0), where.parameters):
        row_id, time, session_id, code, severity, message, frame, first, position, *carried = row
        exchange = part.packet_name(first, position) if first is not None else None
        if carried[0] is not None:
            exchange = "{0}:{2}.{3}".format(part.label_beside(carried[0]), *carried)
        yield (
            (time, part.index, row_id),
            {
                "id": part.named(row_id),
                "session": part.session_name(session_id),
                "time": iso_time(time),
                "code": code,
                "severity": severity,
                "message": message,
                "frame": part.named(frame) if frame is not None else None,
                "exchange": exchange,
            },
        )
