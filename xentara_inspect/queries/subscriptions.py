"""`subscriptions`: what was asked for, refused ones too; and which of them an event belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from xentara_inspect.protocol import commands
from xentara_inspect.queries.databases import Askable, Database, Databases, Recording, as_databases
from xentara_inspect.queries.elements import wanted_element
from xentara_inspect.queries.grep import Grep, wanted_text
from xentara_inspect.queries.newest import in_direction, merged
from xentara_inspect.queries.values import (
    Row,
    attribute_name,
    element_name,
    error_name,
    iso_time,
    json_integer,
)
from xentara_inspect.queries.where import Condition, Several, Where, among
from xentara_inspect.traffic.names import uuid_text

SUBSCRIPTION_KEYS: Final = (
    "id", "session", "uuid", "elements", "opened", "closed", "status", "error_code", "error_name",
)  # fmt: skip

_SUBSCRIPTIONS: Final = """
    SELECT s.id, s.session_id, s.uuid, s.opened, s.closed, s.error_code, i.element_id, i.attribute_id
    FROM subscriptions s LEFT JOIN subscription_items i ON i.subscription_id = s.id"""


def subscriptions(
    asked: Askable,
    *,
    limit: int = 50,
    session: Several[int | str] = None,
    element: Several[str] = None,
    grep: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `SUBSCRIPTION_KEYS`, oldest first: the newest `limit`, 0 for all. Raises StoreError.

    since, until: only those that were open, or refused, then. grep: a text in the row, or in what the
    elements are called. elements: objects with `element` and
    `attributes`, by name where that is known. status: open, closed or refused. One that was open when a
    new file was begun is one row, closed as in the last. Raises QuestionError for what is not known.
    """
    databases = as_databases(asked)
    wanted, text = wanted_element(element, databases), wanted_text(grep, databases)
    found: dict[tuple[int, int], Row] = {}
    times: dict[tuple[int, int], int] = {}
    for file, session_id in databases.asked_for(session):
        where = Where()
        where.equal("s.session_id", session_id)
        where.between("s.opened", None, until)
        if since is not None:
            where.add("(s.closed IS NULL AND s.uuid IS NOT NULL OR coalesce(s.closed, s.opened) >= ?)", since)
        if wanted is not None:
            where.any_of([_naming(wanted.keys_in(file))])
        named = _named_by(file, text) if text is not None else set()
        for address, opened, row in _subscriptions(file, where, databases):
            if text is not None and address not in named and not text.is_in(row):
                continue
            key = file.recording.index, address
            before = found.setdefault(key, row)
            if before is not row:
                before |= {"closed": row["closed"], "status": row["status"]}
            times.setdefault(key, opened)
    yield from merged([in_direction([((times[key], *key), row) for key, row in found.items()])], limit)


def _naming(elements: Sequence[int]) -> Condition:
    """That a subscription names one of the elements. elements: their keys."""
    keys, _ = among("element_id", elements)
    return f"s.id IN (SELECT subscription_id FROM subscription_items WHERE {keys})", []  # noqa: S608


def _named_by(file: Database, text: Grep) -> set[int]:
    """Ids of the subscriptions to elements whose name or UUID has a text."""
    condition, _ = _naming(file.element_keys(text.elements))
    return {row_id for (row_id,) in file.tuples(f"SELECT id FROM subscriptions s WHERE {condition}")}  # noqa: S608


def _subscriptions(file: Database, where: Where, databases: Databases) -> Iterator[tuple[int, int, Row]]:
    """(address, when it was opened, row) of each."""
    rows = file.rows(f"{_SUBSCRIPTIONS}{where.sql} ORDER BY s.id, i.position", where.parameters)
    for address, group in groupby(rows, key=lambda row: row["id"]):
        items = list(group)
        first = items[0]
        refused = first["uuid"] is None
        values = (
            file.place_name(address),
            file.number(first["session_id"]),
            first["uuid"],
            _asked_for(file, items, databases),
            iso_time(first["opened"]),
            iso_time(first["closed"]),
            "refused" if refused else "open" if first["closed"] is None else "closed",
            json_integer(first["error_code"]),
            error_name(first["error_code"], commands.SUBSCRIBE),
        )
        yield address, first["opened"] or 0, dict(zip(SUBSCRIPTION_KEYS, values, strict=True))


def _asked_for(file: Database, items: list[Any], databases: Databases) -> list[Row]:
    found = []
    for element_id, group in groupby(items, key=lambda item: item["element_id"]):
        element = file.element(element_id)
        if element is None:
            continue
        attributes = [
            attribute_name(file.attribute(item["attribute_id"]), element, databases.names)
            for item in group
            if item["attribute_id"] is not None
        ]
        found.append({"element": element_name(element, databases.names), "attributes": attributes})
    return found


def subscriptions_of_events(databases: Databases) -> list[SubscriptionsOfEvents]:
    """What finds the subscriptions of events, by the index of their recording."""
    return [SubscriptionsOfEvents(recording) for recording in databases.recordings]


class SubscriptionsOfEvents:
    """Finds the subscription that an event came for: the event itself does not say it.

    It is one of the event's session that was asked for before, names the element, was granted, and not
    yet closed; of several the last.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._of_element: dict[tuple[int, bytes], list[tuple[int, int | None]]] = {}

    def of(self, session_id: int, element: bytes | None, address: int, time: int) -> str | None:
        """The name of the subscription of an event about an element. Raises StoreError."""
        if element is None:
            return None
        key = session_id, element
        if key not in self._of_element:
            self._of_element[key] = self._candidates(session_id, element)
        for subscription, closed in self._of_element[key]:
            if subscription < address and (closed is None or closed >= time):
                return self._recording.files[0].place_name(subscription)
        return None

    def _candidates(self, session_id: int, element: bytes) -> list[tuple[int, int | None]]:
        """(address, when it was closed) of those that name an element, the last first."""
        found: dict[int, int | None] = {}
        for file in self._recording.files:
            for row in file.rows(
                "SELECT s.id, s.closed FROM elements e JOIN subscription_items i ON i.element_id = e.id"
                " JOIN subscriptions s ON s.id = i.subscription_id"
                " WHERE e.uuid = ? AND s.session_id = ? AND s.uuid IS NOT NULL",
                (uuid_text(element), session_id),
            ):
                found[row["id"]] = row["closed"]
        return sorted(found.items(), reverse=True)
