"""Sessions and names as they were when an earlier process stopped, from the tables."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from xentara_inspect.frames import frame_of, position_in
from xentara_inspect.protocol import commands
from xentara_inspect.protocol.error_codes import DUPLICATE_CLIENT_HELLO
from xentara_inspect.protocol.identifiers import ATTRIBUTE_VALUE
from xentara_inspect.store.columns import loaded_attribute, loaded_integer, loaded_uuid
from xentara_inspect.store.given_names import FROM_FILE, StoredNames
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.habits import ENDING
from xentara_inspect.traffic.learning import element_of
from xentara_inspect.traffic.memory import State
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Request
from xentara_inspect.traffic.records import (
    AttributeKey,
    Exchange,
    Resumed,
    Status,
    SubscribedElements,
    SubscriptionOpened,
)

_SUBSCRIBED: Final = """
    SELECT s.id, s.uuid, e.uuid, coalesce(a.number, a.uuid)
    FROM subscriptions s
    LEFT JOIN subscription_items i ON i.subscription_id = s.id
    LEFT JOIN elements e ON e.id = i.element_id
    LEFT JOIN attributes a ON a.id = i.attribute_id
    WHERE s.uuid IS NOT NULL {0} ORDER BY s.id, i.position"""
STILL_CARRIED: Final = (
    "SELECT id, from_client, requested, packet FROM carried_requests c WHERE session_id = ?"
    " AND NOT EXISTS (SELECT 1 FROM exchanges WHERE id = c.id) ORDER BY id"
)
"""Selects the requests of files before that a session still waits for."""


def load_names(connection: sqlite3.Connection) -> Names:
    """All names that the database knows. Raises sqlite3.Error."""
    names = Names(given=StoredNames(connection))
    for uuid, primary_key, category in connection.execute(
        "SELECT uuid, CASE WHEN learned_from IS NOT ? THEN primary_key END, category"
        " FROM elements ORDER BY id",
        (FROM_FILE,),
    ):
        element = loaded_uuid(uuid)
        names.elements[element] = primary_key
        number = loaded_integer(category)
        if number is not None:
            names.categories[element] = number
    for element, attribute, name in connection.execute(
        "SELECT e.uuid, a.uuid, ea.name FROM element_attributes ea JOIN elements e ON e.id = element_id"
        " JOIN attributes a ON a.id = attribute_id"
        " WHERE ea.name IS NOT NULL AND a.number IS NULL ORDER BY ea.rowid"
    ):
        names.learn_attribute(loaded_uuid(element), loaded_uuid(attribute), name)
    for element, attribute, data_type in connection.execute(
        "SELECT e.uuid, coalesce(a.number, a.uuid), data_type FROM element_attributes ea"
        " JOIN elements e ON e.id = element_id JOIN attributes a ON a.id = attribute_id"
        " WHERE data_type IS NOT NULL AND coalesce(a.number, ?1) = ?1 ORDER BY ea.rowid",
        (ATTRIBUTE_VALUE,),
    ):
        known = loaded_integer(data_type)
        if known is not None:
            names.learn_data_type(loaded_uuid(element), loaded_attribute(attribute), known)
    for opened in open_subscriptions(connection, ""):
        names.subscriptions[opened.uuid] = tuple(element for element, _ in opened.elements)
    return names


def load_session(connection: sqlite3.Connection, session_id: int) -> Resumed:
    """The state of a session after all of its frames that are indexed. Raises sqlite3.Error."""
    return Resumed(
        pending=[*_carried(connection, session_id), *_pending(connection, session_id)],
        hello_granted=is_greeted(connection, session_id),
        subscriptions=list(
            open_subscriptions(connection, "AND s.session_id = ? AND s.closed IS NULL", session_id)
        ),
        remembered=list(remembered(connection, session_id)),
    )


def is_greeted(connection: sqlite3.Connection, session_id: int) -> bool:
    """Whether a session's client_hello was granted, here or in a file before, or was not the first."""
    found = connection.execute(
        "SELECT 1 FROM exchanges WHERE session_id = ? AND opcode = ? AND (status = ? OR error_code = ?)"
        " UNION ALL SELECT 1 FROM sessions WHERE id = ? AND greeted LIMIT 1",
        (session_id, commands.CLIENT_HELLO, Status.OK.value, DUPLICATE_CLIENT_HELLO, session_id),
    )
    return found.fetchone() is not None


def has_unfinished(connection: sqlite3.Connection, session_id: int) -> bool:
    """Whether the end of a session has something to say: of requests that wait, or of habits."""
    if connection.execute(STILL_CARRIED, (session_id,)).fetchone() is not None:
        return True
    found = connection.execute(
        "SELECT 1 FROM exchanges WHERE session_id = ? AND status = 'pending'"
        " UNION ALL SELECT 1 FROM habits WHERE session_id = ? AND kind IN (?, ?) LIMIT 1",
        (session_id, session_id, *ENDING),
    )
    return found.fetchone() is not None


def remembered(connection: sqlite3.Connection, session_id: int) -> Iterator[tuple[str, str, State]]:
    """Kind, subject and state of what the checks of a session's habits remember."""
    for kind, subject, state in connection.execute(
        "SELECT kind, subject, state FROM habits WHERE session_id = ?", (session_id,)
    ):
        yield kind, subject, tuple(json.loads(state))


def open_subscriptions(
    connection: sqlite3.Connection, condition: str, *parameters: Any
) -> Iterator[SubscriptionOpened]:
    """Subscriptions that were granted, oldest first. condition: SQL on `subscriptions s`, with its AND."""
    rows = connection.execute(_SUBSCRIBED.format(condition), parameters)
    for (address, uuid), items in groupby(rows, key=lambda row: (row[0], row[1])):
        yield SubscriptionOpened(address, loaded_uuid(uuid), _elements(items))


def _elements(items: Iterator[tuple[Any, ...]]) -> SubscribedElements:
    """Elements in the order of the request; one that it named twice in a row is one."""
    found: list[tuple[bytes, tuple[AttributeKey, ...]]] = []
    for element, entries in groupby(items, key=lambda item: item[2]):
        if element is not None:
            keys = tuple(loaded_attribute(key) for *_, key in entries if key is not None)
            found.append((loaded_uuid(element), keys))
    return tuple(found)


def _carried(connection: sqlite3.Connection, session_id: int) -> Iterator[tuple[Exchange, Request]]:
    """Requests of files before that still wait; their packets are no rows here."""
    for place, from_client, requested, payload in connection.execute(STILL_CARRIED, (session_id,)):
        request = packets.parse(payload).packets[0]
        if isinstance(request, Request):
            yield waiting_exchange(place, request, requested, bool(from_client)), request


def _pending(connection: sqlite3.Connection, session_id: int) -> Iterator[tuple[Exchange, Request]]:
    for place, requested, from_client, request, _ in waiting_requests(connection, session_id):
        yield waiting_exchange(place, request, requested, bool(from_client)), request


def waiting_requests(
    connection: sqlite3.Connection, session_id: int
) -> Iterator[tuple[int, int, int, Request, bytes]]:
    """Requests of this file that have no answer so far, oldest first.

    Yields address, time, whether the client sent it, the request parsed anew, and its frame's payload.
    """
    waiting = connection.execute(
        "SELECT id, requested FROM exchanges WHERE session_id = ? AND status = 'pending' ORDER BY id",
        (session_id,),
    ).fetchall()
    for frame_id, exchanges in groupby(waiting, key=lambda row: frame_of(row[0])):
        payload, from_client = connection.execute(
            "SELECT payload, from_client FROM frames WHERE id = ?", (frame_id,)
        ).fetchone()
        asked = {position_in(place): (place, requested) for place, requested in exchanges}
        for request in packets.parse(payload).packets:
            if request.position in asked and isinstance(request, Request):
                yield *asked[request.position], from_client, request, payload


def waiting_exchange(place: int, request: Request, requested: int, from_client: bool) -> Exchange:
    """The exchange of a request that has no answer so far."""
    return Exchange(
        address=place,
        message_id=request.message_id,
        opcode=request.opcode,
        element=element_of(request),
        status=Status.PENDING,
        requested=requested,
        from_client=from_client,
    )
