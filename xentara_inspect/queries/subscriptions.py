"""`subscriptions`: what was asked for, refused ones too; and which of them an event belongs to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from xentara_inspect.protocol import commands
from xentara_inspect.protocol.shape_types import Object
from xentara_inspect.queries.databases import Askable, Database, Databases, Recording, as_databases
from xentara_inspect.queries.elements import WantedElement, wanted_element
from xentara_inspect.queries.grep import Grep, wanted_text
from xentara_inspect.queries.parsed_frames import ParsedFrames
from xentara_inspect.queries.values import (
    Row,
    attribute_name,
    element_name,
    error_name,
    iso_time,
    json_integer,
)
from xentara_inspect.queries.where import Condition, Several, Where, among
from xentara_inspect.traffic.fields import entries, number
from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.packets import Request
from xentara_inspect.traffic.readings import AttributeKey, attribute_number

SUBSCRIPTION_KEYS: Final = (
    "id", "session", "uuid", "elements", "opened", "closed", "status", "error_code", "error_name",
    "maximum_update_rate_ms", "minimum_update_rate_ms",
)  # fmt: skip

_SUBSCRIBE: Final[Object] = commands.COMMANDS[commands.SUBSCRIBE].parameters or Object("", ())
_RATES: Final = {
    "maximum_update_rate_ms": "maximum_update_rate",
    "minimum_update_rate_ms": "minimum_update_rate",
}
"""Keys, and the parameters of `subscribe` that they show."""

_SUBSCRIPTIONS: Final = """
    SELECT s.id, s.session_id, s.uuid, s.opened, s.closed, s.error_code, i.element_id, i.attribute_id
    FROM subscriptions s LEFT JOIN subscription_items i ON i.subscription_id = s.id"""


class Subscribed(NamedTuple):
    """A subscription. home: the first file that has it; opened, closed: in nanoseconds since 1970.

    session: its connection; row: with the first of `SUBSCRIPTION_KEYS`. elements: the UUID of each of
    its `elements`.
    """

    home: Database
    address: int
    session: int
    opened: int
    closed: int | None
    row: Row
    elements: tuple[bytes, ...]


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
    new file was begun is one row, closed as in the last. The update rates are what was asked for:
    the shortest and the longest time between updates. Raises QuestionError for what is not known.
    """
    databases = as_databases(asked)
    wanted, text = wanted_element(element, databases), wanted_text(grep, databases)
    for subscribed in subscribed_then(databases, limit, session, wanted, text, since, until):
        yield subscribed.row | asked_rates(subscribed)


def subscribed_then(
    databases: Databases,
    limit: int,
    session: Several[int | str],
    wanted: WantedElement | None,
    text: Grep | None,
    since: int | None,
    until: int | None,
) -> list[Subscribed]:
    """The subscriptions that are asked for, oldest first. Raises StoreError, QuestionError."""
    found: list[Subscribed] = []
    for file, session_id in databases.asked_for(session):
        where = Where()
        where.equal("s.session_id", session_id)
        where.between("s.opened", None, until)
        if since is not None:
            where.add("(s.closed IS NULL AND s.uuid IS NOT NULL OR coalesce(s.closed, s.opened) >= ?)", since)
        if wanted is not None:
            where.any_of([_naming(wanted.keys_in(file))])
        named = _named_by(file, text) if text is not None else set()
        found += [
            subscribed
            for subscribed in _subscriptions(file, where, databases)
            if text is None or subscribed.address in named or text.is_in(subscribed.row)
        ]
    return _as_one(found)[-limit:]


def subscribed_where(
    databases: Databases, files: Sequence[Database], column: str, value: Any
) -> list[Subscribed]:
    """The subscriptions `s` with a value in a column, oldest first. Raises StoreError."""
    where = Where()
    where.equal(f"s.{column}", value)
    return _as_one(subscribed for file in files for subscribed in _subscriptions(file, where, databases))


def _as_one(told: Iterable[Subscribed]) -> list[Subscribed]:
    """Subscriptions, oldest first, each once, though several files have it. told: in the order of files."""
    found: dict[tuple[int, int], Subscribed] = {}
    for subscribed in told:
        key = subscribed.home.recording.index, subscribed.address
        before = found.setdefault(key, subscribed)
        if before is not subscribed:
            ending = {key: subscribed.row[key] for key in ("closed", "status")}
            found[key] = before._replace(closed=subscribed.closed, row=before.row | ending)
    in_order = sorted(found.items(), key=lambda item: (item[1].opened, *item[0]))
    return [subscribed for _, subscribed in in_order]


def asked_rates(subscribed: Subscribed) -> Row:
    """Milliseconds that updates were asked to be apart; None where the request does not say, or is not there.

    It is in the file that the subscription was asked for in. Raises StoreError.
    """
    for file in subscribed.home.recording.files:
        shown = ParsedFrames(file).packet(subscribed.address)
        if shown is not None and isinstance(shown.packet, Request):
            named = entries(shown.packet.body, _SUBSCRIBE)
            return {key: json_integer(number(named.get(name))) for key, name in _RATES.items()}
    return dict.fromkeys(_RATES)


def _naming(elements: Sequence[int]) -> Condition:
    """That a subscription names one of the elements. elements: their keys."""
    keys, _ = among("element_id", elements)
    return f"s.id IN (SELECT subscription_id FROM subscription_items WHERE {keys})", []  # noqa: S608


def _named_by(file: Database, text: Grep) -> set[int]:
    """Ids of the subscriptions to elements whose name or UUID has a text."""
    condition, _ = _naming(file.element_keys(text.elements))
    return {row_id for (row_id,) in file.tuples(f"SELECT id FROM subscriptions s WHERE {condition}")}  # noqa: S608


def _subscriptions(file: Database, where: Where, databases: Databases) -> Iterator[Subscribed]:
    rows = file.rows(f"{_SUBSCRIPTIONS}{where.sql} ORDER BY s.id, i.position", where.parameters)
    for address, group in groupby(rows, key=lambda row: row["id"]):
        items = list(group)
        first = items[0]
        refused = first["uuid"] is None
        elements = list(_asked_for(file, items, databases))
        values = (
            file.place_name(address),
            file.number(first["session_id"]),
            first["uuid"],
            [entry for _, entry in elements],
            iso_time(first["opened"]),
            iso_time(first["closed"]),
            "refused" if refused else "open" if first["closed"] is None else "closed",
            json_integer(first["error_code"]),
            error_name(first["error_code"], commands.SUBSCRIBE),
        )
        row = dict(zip(SUBSCRIPTION_KEYS, values, strict=False))
        uuids = tuple(uuid for uuid, _ in elements)
        opened = first["opened"] or 0
        yield Subscribed(file, address, first["session_id"], opened, first["closed"], row, uuids)


def _asked_for(file: Database, items: list[Any], databases: Databases) -> Iterator[tuple[bytes, Row]]:
    """(UUID of an element, how it is listed) of what a subscription asked for."""
    for element_id, group in groupby(items, key=lambda item: item["element_id"]):
        element = file.element(element_id)
        if element is None:
            continue
        attributes = [
            attribute_name(file.attribute(item["attribute_id"]), element, databases.names)
            for item in group
            if item["attribute_id"] is not None
        ]
        yield element, {"element": element_name(element, databases.names), "attributes": attributes}


def subscriptions_of_events(databases: Databases) -> list[SubscriptionsOfEvents]:
    """What finds the subscriptions of events, by the index of their recording."""
    return [SubscriptionsOfEvents(recording) for recording in databases.recordings]


class Naming(NamedTuple):
    """A granted subscription that names an element.

    closed: in nanoseconds since 1970. attributes: of the element; well-known ones by number.
    """

    address: int
    closed: int | None
    attributes: frozenset[AttributeKey]

    def serves(self, attributes: Collection[AttributeKey]) -> bool:
        """Whether an event with these attributes may be its own, its time aside."""
        return not attributes or not self.attributes.isdisjoint(attributes)

    def is_open(self, address: int, time: int) -> bool:
        """Whether it was asked for before an event, and not yet closed then."""
        return self.address < address and (self.closed is None or self.closed >= time)


class SubscriptionsOfEvents:
    """Finds the subscription that an event came for: the event itself does not say it.

    It is the last one of the event's session that was asked for before, was granted and not yet closed,
    and names the element and one of the event's attributes at least; any of them where it has none. The
    view `events_readable` says the same in SQL.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._of_element: dict[tuple[int, bytes], list[Naming]] = {}

    def of(
        self,
        session_id: int,
        element: bytes | None,
        attributes: Collection[AttributeKey],
        address: int,
        time: int,
    ) -> str | None:
        """The name of the subscription of an event about an element. Raises StoreError.

        attributes: that it has, as `attributes_of` gives them.
        """
        if element is None:
            return None
        for naming in self.naming(session_id, element):
            if naming.is_open(address, time) and naming.serves(attributes):
                return self._recording.files[0].place_name(naming.address)
        return None

    def naming(self, session_id: int, element: bytes) -> list[Naming]:
        """Those that name an element, the last first. Raises StoreError."""
        key = session_id, element
        if key not in self._of_element:
            self._of_element[key] = self._candidates(session_id, element)
        return self._of_element[key]

    def _candidates(self, session_id: int, element: bytes) -> list[Naming]:
        closed: dict[int, int | None] = {}
        asked: dict[int, set[AttributeKey]] = {}
        for file in self._recording.files:
            for row in file.rows(
                "SELECT s.id, s.closed, i.attribute_id FROM elements e"
                " JOIN subscription_items i ON i.element_id = e.id"
                " JOIN subscriptions s ON s.id = i.subscription_id"
                " WHERE e.uuid = ? AND s.session_id = ? AND s.uuid IS NOT NULL",
                (uuid_text(element), session_id),
            ):
                closed[row["id"]] = row["closed"]  # the last file knows
                attributes = asked.setdefault(row["id"], set())
                if row["attribute_id"] is not None:
                    attributes |= attributes_of(file, [row["attribute_id"]])
        return [
            Naming(address, closed[address], frozenset(asked[address]))
            for address in sorted(closed, reverse=True)
        ]


def attributes_of(file: Database, keys: Iterable[int]) -> frozenset[AttributeKey]:
    """Attributes by their keys in a file, as every file of a recording knows them. Raises StoreError."""
    return frozenset(attribute_number(file.attribute(key)) for key in keys)
