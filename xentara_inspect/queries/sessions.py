"""`sessions` and `subscriptions`: what may go on from one file of a rotated recording to the next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from xentara_inspect.queries.databases import Asked, Part, recording_of
from xentara_inspect.queries.values import Row, attribute_name, clear_errors, element_name, iso_time
from xentara_inspect.queries.where import Where
from xentara_inspect.traffic.names import Names

SESSION_KEYS: Final = (
    "id", "client", "server", "path", "subprotocol", "user", "opened", "closed", "close_code",
    "close_reason", "source", "frames", "requests", "errors", "events", "findings", "dropped",
)  # fmt: skip
SUBSCRIPTION_KEYS: Final = ("id", "session", "uuid", "elements", "opened", "closed")

_COUNTED: Final = ("frames", "requests", "errors", "events", "findings", "dropped")
_ENDING: Final = ("closed", "close_code", "close_reason")

_SESSIONS: Final = """
    SELECT id, client, server, path, subprotocol, user, opened, closed, close_code, close_reason, source,
           frame_count, coalesce(requests, 0), coalesce(errors, 0), coalesce(events, 0),
           coalesce(findings, 0), dropped
    FROM sessions
    LEFT JOIN (SELECT session_id, sum(request_id IS NOT NULL) AS requests, sum(status = 'error') AS errors
               FROM exchanges GROUP BY session_id) e ON e.session_id = sessions.id
    LEFT JOIN (SELECT session_id, count(*) AS events FROM events GROUP BY session_id) v
      ON v.session_id = sessions.id
    LEFT JOIN (SELECT session_id, count(*) AS findings FROM findings GROUP BY session_id) f
      ON f.session_id = sessions.id
    ORDER BY opened, sessions.id"""

_Opened = tuple[int, int, int]  # (time in nanoseconds, index of the database, id in it)


def sessions(asked: Asked) -> Iterator[Row]:
    """Rows with `SESSION_KEYS`, oldest first. Raises StoreError.

    A session that several databases share is one row: named and described as in the first, counts
    added up, and ended as the last of them says.
    """
    merged: dict[int | str, tuple[_Opened, Row]] = {}
    for part in recording_of(asked).parts:
        for key, row in _sessions(part):
            if row["id"] not in merged:
                merged[row["id"]] = key, row
                continue
            _, whole = merged[row["id"]]
            whole |= {count: whole[count] + row[count] for count in _COUNTED}
            whole |= {end: row[end] for end in _ENDING}
    for _, row in sorted(merged.values(), key=lambda pair: pair[0]):
        yield row


@clear_errors
def _sessions(part: Part) -> Iterator[tuple[_Opened, Row]]:
    for row in part.connection.execute(_SESSIONS):
        session = dict(zip(SESSION_KEYS, row, strict=True))
        key = (session["opened"] or 0, part.index, session["id"])
        session["id"] = part.session_name(session["id"])
        yield key, session | {"opened": iso_time(session["opened"]), "closed": iso_time(session["closed"])}


def subscriptions(asked: Asked, *, session: int | str | None = None) -> Iterator[Row]:
    """Rows with `SUBSCRIPTION_KEYS`, oldest first. Raises StoreError.

    elements: objects with `element` and `attributes`, by name where that is known. One that was open
    when a new database was begun is one row, named as in the first and closed as in the last.
    """
    recording = recording_of(asked)
    found: list[tuple[_Opened, Row]] = []
    latest: dict[tuple[Any, ...], Row] = {}
    for part, sessions_there in recording.asked_for(session):
        for key, row, carried in _subscriptions(part, sessions_there, recording.names):
            identity = row["session"], row["uuid"], row["opened"]
            if carried and identity in latest:
                latest[identity]["closed"] = row["closed"]
            else:
                found.append((key, row))
                latest[identity] = row
    for _, row in sorted(found, key=lambda pair: pair[0]):
        yield row


@clear_errors
def _subscriptions(
    part: Part, sessions_there: list[int] | None, names: Names
) -> Iterator[tuple[_Opened, Row, bool]]:
    where = Where()
    where.one_of("session_id", sessions_there)
    for row_id, session_id, uuid, stored, opened, closed, carried in part.connection.execute(
        f"SELECT id, session_id, uuid, elements, opened, closed, carried_id FROM subscriptions{where.sql}",  # noqa: S608
        where.parameters,
    ):
        subscribed = [
            {
                "element": element_name(entry["element"], names),
                "attributes": [attribute_name(key, entry["element"], names) for key in entry["attributes"]],
            }
            for entry in json.loads(stored)
        ]
        named = part.named(row_id), part.session_name(session_id)
        values = (*named, uuid, subscribed, iso_time(opened), iso_time(closed))
        row = dict(zip(SUBSCRIPTION_KEYS, values, strict=True))
        yield (opened or 0, part.index, row_id), row, carried is not None
