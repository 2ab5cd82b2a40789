"""`readings`: every attribute value that was seen in events, read results and writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from xentara_inspect.protocol import identifiers
from xentara_inspect.queries.carried import superseded
from xentara_inspect.queries.databases import Askable, Database, Databases, as_databases
from xentara_inspect.queries.elements import wanted_element
from xentara_inspect.queries.found import FoundPackets
from xentara_inspect.queries.grep import Grep, wanted_text
from xentara_inspect.queries.newest import NEWEST_FIRST, InDirection, Keyed, merged, timed
from xentara_inspect.queries.timeline import packets_in_time
from xentara_inspect.queries.unknown import not_known
from xentara_inspect.queries.value_tests import WantedValues, wanted_values
from xentara_inspect.queries.values import (
    Row,
    attribute_name,
    element_name,
    error_name,
    iso_time,
    json_integer,
    reading_json,
    reading_kind,
)
from xentara_inspect.queries.where import Several, Where, among, several
from xentara_inspect.store.columns import loaded_integer, loaded_uuid
from xentara_inspect.store.schema import QUALITY_ID
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Kind
from xentara_inspect.traffic.records import Origin

READING_KEYS: Final = (
    "packet", "session", "time", "source_time", "element", "attribute", "value", "value_kind", "quality",
    "error_code", "error_name", "origin",
)  # fmt: skip


_COLUMNS: Final = (
    "r.packet_id, f.time, f.session_id, p.kind, p.opcode, p.element_id, p.source_time,"
    " r.position, r.attribute_id, r.value, r.value_kind, r.quality, r.quality_position,"
    " CASE p.kind WHEN 'request' THEN (SELECT error_code FROM exchanges WHERE id = p.id) END"
)
_OF_PACKET: Final = 7
"""So many of the columns are alike for all readings of a packet."""
_QUALITY_COLUMN: Final = -3
_SEARCHED: Final = ("attribute", "value", "error_code", "error_name")
_AS_THEY_ARE: Final = ("float", "text")
"""Kinds whose values JSON has as SQLite has them."""
_JOINED: Final = "CROSS JOIN attribute_values r ON r.packet_id = p.id"
_ORIGINS: Final = {
    Kind.EVENT.value: Origin.EVENT.value,
    Kind.SUCCESS.value: Origin.READ.value,
    Kind.REQUEST.value: Origin.WRITE.value,
}
"""Where a reading was seen, by the kind of its packet."""
_KINDS: Final = {origin: kind for kind, origin in _ORIGINS.items()}


class Unfolded(NamedTuple):
    """A reading as its packet had it."""

    position: int
    attribute_id: int
    value: Any
    kind: str
    error_code: int | str | None


def unfolded(rows: Sequence[Sequence[Any]]) -> list[Unfolded]:
    """The readings of one packet, by position, with the Quality that needed no row of its own.

    rows: position, attribute_id, value, value_kind, quality, quality_position of `attribute_values`,
    and why the packet, a write, was refused; at least one.
    """
    readings = [
        Unfolded(position, attribute, None, kind, value)
        if kind == "error"
        else Unfolded(position, attribute, value, kind or reading_kind(value), refusal)
        for position, attribute, value, kind, _, _, refusal in rows
    ]
    _, _, _, _, quality, place, _ = rows[0]
    if place is not None:
        readings.append(Unfolded(place, QUALITY_ID, quality, "integer", None))
    readings.sort()
    return readings


def readings(asked: Askable, *, limit: int = 50, **filters: Any) -> Iterator[Row]:
    """Rows with `READING_KEYS`, oldest first: the newest `limit`, 0 for all. Raises StoreError.

    filters: session, element; attribute: by name, number or UUID; origin: event, read or write; value:
    comparisons of which a value passes one; grep: a text in names, value or error; since, until:
    nanoseconds since 1970, end exclusive; ended: whether writes are left out that may still be refused.
    Raises QuestionError for what is not known.
    """
    yield from merged(_lists(asked, limit, **filters), limit)


def timed_readings(asked: Askable, **filters: Any) -> Iterator[tuple[int, Row]]:
    """(time in nanoseconds, row) of all of them, oldest first, as they are read.

    filters: as of `readings`.
    """
    yield from timed(_lists(asked, 0, **filters))


def _lists(
    asked: Askable,
    limit: int,
    *,
    session: Several[int | str] = None,
    element: Several[str] = None,
    attribute: Several[str] = None,
    origin: Several[str] = None,
    value: Several[str] = None,
    grep: str | None = None,
    since: int | None = None,
    until: int | None = None,
    ended: bool = False,
) -> list[InDirection]:
    """The readings of each file. limit: how many will be taken."""
    databases = as_databases(asked)
    wanted, text = wanted_element(element, databases), wanted_text(grep, databases)
    values = wanted_values(value)
    attributes = [_attributes_called(name, databases) for name in several(attribute)]
    later = superseded(databases)
    lists: list[InDirection] = []
    for file, session_id in databases.asked_for(session):
        elements = wanted.keys_in(file) if wanted is not None else None
        if elements == []:
            continue
        where = Where()
        where.equal("f.session_id", session_id)
        where.between("f.time", since, until)
        where.equal("p.kind", [_KINDS[name] for name in several(origin)])
        if ended:
            over, _ = among("p.id", later[file.index].ended)
            where.add(f"((SELECT status FROM exchanges WHERE id = p.id) IS NOT 'pending' OR {over})")  # noqa: S608
        lines = _ReadingLines(file, databases.names, later[file.index].refused)
        if attributes:
            lines.only = [key for found in attributes for key in found[file.index]]
        lines.values, lines.text = values, text
        lists.append(partial(lines.rows, where, elements, limit))
    return lists


class _ReadingLines:
    """Makes rows of the readings of one file.

    only: keys of the attributes wanted; values: what they pass; text: what they have; None for all.
    """

    def __init__(self, file: Database, names: Names, refused: Mapping[int, int | str]) -> None:
        self._file = file
        self._names = names
        self._refused = refused
        self.only: Sequence[int] | None = None
        self.values: WantedValues | None = None
        self.text: Grep | None = None
        self._attribute_names: dict[tuple[int | None, int], str] = {}
        self._element_names: dict[int | None, str | None] = {None: None}

    def rows(
        self, where: Where, elements: Sequence[int] | None, limit: int, direction: str
    ) -> Iterator[Keyed]:
        """Rows with `READING_KEYS` in a direction. elements: keys; limit: how many will be taken."""
        if self.only is not None:
            chosen, _ = among("r.attribute_id", self.only)
            where = where.also(
                f"({chosen} OR r.quality_position IS NOT NULL)" if QUALITY_ID in self.only else chosen
            )
        sql = packets_in_time(
            self._file,
            _COLUMNS,
            where,
            direction,
            elements=elements,
            found=self._searched(),
            limit=limit,
            joined=_JOINED,
        )
        recording = self._file.recording.index
        stored = self._file.tuples(sql, where.parameters)
        for address, group in groupby(stored, key=itemgetter(0)):
            packet = list(group)
            found = unfolded([row[_OF_PACKET:] for row in packet])
            if self.only is not None:
                found = [reading for reading in found if reading.attribute_id in self.only]
            if self.values is not None:
                found = [reading for reading in found if self.values.passes(reading.value, reading.kind)]
            if direction == NEWEST_FIRST:
                found.reverse()
            key = packet[0][1], recording, address
            for row in self._packet_rows(packet[0], found):
                yield key, row

    def _packet_rows(self, packet: Sequence[Any], found: Iterable[Unfolded]) -> Iterator[Row]:
        """The rows of one packet. packet: a row of `_COLUMNS`."""
        address, time, session_id, packet_kind, opcode, element_id, source_time = packet[:_OF_PACKET]
        name = self._file.place_name(address)
        session = self._file.number(session_id)
        seen = iso_time(time)
        told = iso_time(source_time)
        element = self._element_name(element_id)
        quality = json_integer(packet[_QUALITY_COLUMN])
        origin = _ORIGINS[packet_kind]
        refusal = self._refused.get(address) if self._refused else None
        is_found = self.text is None or self._file.element(element_id) in self.text.elements
        for _, attribute_id, value, kind, code in found:
            code = code if refusal is None else refusal
            row = {
                "packet": name,
                "session": session,
                "time": seen,
                "source_time": told,
                "element": element,
                "attribute": self._attribute_name(element_id, attribute_id),
                "value": value if kind in _AS_THEY_ARE else reading_json(value, kind),
                "value_kind": kind,
                "quality": quality,
                "error_code": json_integer(code),
                "error_name": None if code is None else error_name(code, opcode),
                "origin": origin,
            }
            if is_found or self._has_text(attribute_id, row):
                yield row

    def _searched(self) -> list[FoundPackets]:
        found = [self.values.packets(self._file)] if self.values is not None else []
        if self.text is not None:
            found.append(self.text.packets_of_readings(self._file, self._refused))
        return found

    def _has_text(self, attribute_id: int, row: Row) -> bool:
        """Whether a row has the text that is asked for, its element aside."""
        if self.text is None:
            return True
        attribute = self._file.attribute(attribute_id)
        if isinstance(attribute, bytes) and self.text.has_uuid(attribute):
            return True
        quality = identifiers.QUALITIES.get(row["quality"], "")
        return self.text.has(quality) or any(self.text.is_in(row[key]) for key in _SEARCHED)

    def _element_name(self, row_id: int | None) -> str | None:
        if row_id not in self._element_names:
            self._element_names[row_id] = element_name(self._file.element(row_id), self._names)
        return self._element_names[row_id]

    def _attribute_name(self, element_id: int | None, attribute_id: int) -> str:
        key = element_id, attribute_id
        name = self._attribute_names.get(key)
        if name is None:
            attribute = self._file.attribute(attribute_id)
            name = attribute_name(attribute, self._file.element(element_id), self._names)
            self._attribute_names[key] = name
        return name


def _attributes_called(wanted: str, databases: Databases) -> list[list[int]]:
    """Keys of the attributes that a name, number or UUID may mean, by file. Raises QuestionError."""
    lowered = wanted.strip().lower()
    named = {uuid for (_, uuid), name in databases.names.attributes.items() if name.lower() == lowered}
    found: list[list[int]] = []
    known: set[str] = set(identifiers.ATTRIBUTES.values()) | set(databases.names.attributes.values())
    for file in databases.files:
        found.append([])
        for row in file.rows("SELECT id, number, uuid FROM attributes"):
            words = {str(row["number"]), str(row["uuid"])}
            number = loaded_integer(row["number"])
            if number is not None:
                words.add(identifiers.ATTRIBUTES.get(number, "").lower())
            if lowered in words or (row["uuid"] is not None and loaded_uuid(row["uuid"]) in named):
                found[-1].append(row["id"])
    if not any(found):
        raise not_known("attribute", wanted, known)
    return found
