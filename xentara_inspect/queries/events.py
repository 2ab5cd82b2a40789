"""`events`: what servers pushed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from xentara_inspect.notation.messages import annotate_packet
from xentara_inspect.protocol import identifiers
from xentara_inspect.queries import summaries
from xentara_inspect.queries.databases import Askable, Database, as_databases
from xentara_inspect.queries.elements import wanted_element
from xentara_inspect.queries.found import FoundPackets
from xentara_inspect.queries.grep import wanted_text
from xentara_inspect.queries.newest import Keyed, merged
from xentara_inspect.queries.parsed_frames import ParsedFrames
from xentara_inspect.queries.readings import Unfolded, unfolded
from xentara_inspect.queries.subscriptions import (
    SubscriptionsOfEvents,
    attributes_of,
    subscriptions_of_events,
)
from xentara_inspect.queries.timeline import packets_in_time
from xentara_inspect.queries.value_tests import WantedValues, wanted_values
from xentara_inspect.queries.values import (
    Row,
    attribute_name,
    element_name,
    error_name,
    iso_time,
    json_integer,
    named_number,
    reading_json,
)
from xentara_inspect.queries.where import Several, Where
from xentara_inspect.store.schema import QUALITY_ID
from xentara_inspect.traffic.names import Names

EVENT_KEYS: Final = (
    "id", "session", "time", "source_time", "event_type", "element", "values", "subscription", "summary",
)  # fmt: skip

_COLUMNS: Final = "f.time, f.session_id, p.id, p.event_type, p.element_id, p.source_time"


def events(
    asked: Askable,
    *,
    limit: int = 50,
    session: Several[int | str] = None,
    element: Several[str] = None,
    value: Several[str] = None,
    grep: str | None = None,
    since: int | None = None,
    until: int | None = None,
    with_notation: bool = False,
) -> Iterator[Row]:
    """Rows with `EVENT_KEYS`, oldest first: the newest `limit`, 0 for all. Raises StoreError.

    values: by the attribute's name; an error in place of a value is an object with its code and name.
    value: comparisons of which one of the values passes one, Quality aside. grep: a text in names,
    values, errors, or notation as far as that is stored. with_notation: each with `notation` too,
    written with all names that are known by now. since, until:
    nanoseconds since 1970, end exclusive. Raises QuestionError for what is not known.
    """
    databases = as_databases(asked)
    wanted, text = wanted_element(element, databases), wanted_text(grep, databases)
    values = wanted_values(value)
    found = subscriptions_of_events(databases)
    lists = []
    for file, session_id in databases.asked_for(session):
        keys = wanted.keys_in(file) if wanted is not None else None
        if keys == []:
            continue
        lines = EventLines(file, databases.names, found[file.recording.index], with_notation=with_notation)
        where = Where()
        where.equal("f.session_id", session_id)
        where.between("f.time", since, until)
        searches = [search.packets(file) for search in (text, values) if search is not None]
        lists.append(partial(lines.rows, where, keys, limit, found=searches, values=values))
    yield from merged(lists, limit)


class EventLines:
    """Makes rows of the events of one file, with names as far as they are known now."""

    def __init__(
        self,
        file: Database,
        names: Names,
        subscriptions: SubscriptionsOfEvents,
        *,
        with_notation: bool = False,
    ) -> None:
        self._file = file
        self._names = names
        self._frames = ParsedFrames(file)
        self._subscriptions = subscriptions
        self._with_notation = with_notation

    def rows(
        self,
        where: Where,
        elements: Sequence[int] | None,
        limit: int,
        direction: str,
        *,
        found: Sequence[FoundPackets] = (),
        values: WantedValues | None = None,
    ) -> Iterator[Keyed]:
        """Rows with `EVENT_KEYS` in a direction. elements: keys; limit: how many will be taken.

        found: only those that are among each. values: what one of theirs must pass.
        """
        where = where.also("p.kind = 'event'")
        sql = packets_in_time(
            self._file, _COLUMNS, where, direction, elements=elements, found=found, limit=limit
        )
        for row in self._file.rows(sql, where.parameters):
            if values is not None and not any(
                values.passes(reading.value, reading.kind)
                for reading in self._readings(row["id"])
                if reading.attribute_id != QUALITY_ID
            ):
                continue
            yield (row["time"], self._file.recording.index, row["id"]), self._row(row)

    def one(self, address: int) -> Row | None:
        """The event at an address; None if there is none. Raises StoreError."""
        row = self._file.row(
            f"SELECT {_COLUMNS} FROM packets p JOIN frames f ON f.id = p.id >> 24"  # noqa: S608
            " WHERE p.id = ? AND p.kind = 'event'",
            address,
        )
        return self._row(row) if row is not None else None

    def _row(self, row: Any) -> Row:
        file, names, address = self._file, self._names, row["id"]
        element = file.element(row["element_id"])
        readings = self._readings(address)
        attributes = attributes_of(file, (reading.attribute_id for reading in readings))
        shown = self._frames.packet(address)
        event = {
            "id": file.place_name(address),
            "session": file.number(row["session_id"]),
            "time": iso_time(row["time"]),
            "source_time": iso_time(row["source_time"]),
            "event_type": named_number(row["event_type"], identifiers.EVENT_TYPES),
            "element": element_name(element, names),
            "values": self._values(readings, element),
            "subscription": self._subscriptions.of(
                row["session_id"], element, attributes, address, row["time"]
            ),
            "summary": summaries.of_event(shown, names) if shown is not None else "",
        }
        if self._with_notation:
            event["notation"] = annotate_packet(*shown, names=names) if shown is not None else None
        return event

    def _readings(self, address: int) -> list[Unfolded]:
        rows = self._file.tuples(
            "SELECT position, attribute_id, value, value_kind, quality, quality_position, NULL"
            " FROM attribute_values WHERE packet_id = ? ORDER BY position",
            (address,),
        )
        stored = list(rows)
        return unfolded(stored) if stored else []

    def _values(self, readings: Sequence[Unfolded], element: bytes | None) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for position, attribute_id, value, kind, code in readings:
            attribute = self._file.attribute(attribute_id)
            name = attribute_name(attribute, element, self._names)
            if name in values:  # two attributes of one name, or one attribute twice
                number = attribute if isinstance(attribute, int) else attribute.hex()
                name = f"{name} ({number})"
            if name in values:
                name = f"{name} {position + 1}"
            if kind == "error":
                values[name] = {
                    "error_code": json_integer(code),
                    "error_name": error_name(code, None),
                }
            else:
                values[name] = reading_json(value, kind)
        return values
