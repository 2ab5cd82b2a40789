"""The newest readings of every element at a time, and how often they came: read back from there, then on.

Writes are left out: what a client asks for is not what the plant says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from xentara_inspect.frames import LIVE, address
from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.newest import NEWEST_FIRST
from xentara_inspect.queries.readings import unfolded
from xentara_inspect.queries.timeline import packets_in_time, stretches
from xentara_inspect.queries.where import Several, Where, among
from xentara_inspect.store.columns import loaded_uuid
from xentara_inspect.traffic.records import AttributeKey

WINDOW: Final = 10 * 10**9
"""Nanoseconds over which a rate is taken."""
LOOKED_THROUGH: Final = 10_000
"""Packets of a recording that are looked through before elements that were not among them are looked for."""

_COLUMNS: Final = (
    "p.id, f.time, p.element_id, p.opcode, r.position, r.attribute_id, r.value, r.value_kind, r.quality,"
    " r.quality_position, NULL"
)
_READING: Final = 4
"""Where the columns begin that `unfolded` takes."""
_QUALITY: Final = 8
_JOINED: Final = "CROSS JOIN attribute_values r ON r.packet_id = p.id"
_PACKETS: Final = f"SELECT {_COLUMNS} FROM packets p CROSS JOIN frames f ON f.id = p.id >> 24 {_JOINED}"  # noqa: S608
_ELEMENTS: Final = "SELECT id, uuid FROM elements"
Packet = list[tuple[Any, ...]]
"""The rows of a packet's readings."""


class Reading(NamedTuple):
    """A value as it was seen. Readings are in the order of time, as lists are.

    place: index of the recording, address, and position in the packet. value: as columns hold it.
    opcode: what it answers.
    """

    time: int
    place: tuple[int, int, int]
    file: Database
    value: Any
    kind: str
    quality: int | str | None
    error_code: int | str | None
    opcode: int | str | None


class Latest:
    """Of each element, by its UUID, the newest reading of each attribute; and those of the last seconds.

    changed: elements of which a reading is newer than when this was emptied last.
    """

    def __init__(self) -> None:
        self.readings: dict[bytes, dict[AttributeKey, Reading]] = {}
        self.changed: set[bytes] = set()
        self._recent: list[tuple[int, bytes]] = []
        self._counts: Counter[bytes] = Counter()

    def add(self, file: Database, packet: Packet, since: int) -> bytes | None:
        """Put in what a packet says. since: start of the window. Returns the element."""
        packet_id, time, element_id, opcode = packet[0][:_READING]
        element = file.element(element_id)
        if element is None:
            return None
        known = self.readings.setdefault(element, {})
        quality = packet[0][_QUALITY]
        for position, attribute_id, value, kind, code in unfolded([row[_READING:] for row in packet]):
            place = (file.recording.index, packet_id, position)
            attribute = file.attribute(attribute_id)
            before = known.get(attribute)
            if before is None or before[:2] < (time, place):
                known[attribute] = Reading(time, place, file, value, kind, quality, code, opcode)
                self.changed.add(element)
        if time > since:
            heappush(self._recent, (time, element))
            self._counts[element] += 1
        return element

    def rates(self, now: int) -> dict[bytes, float]:
        """Packets a second about each element that has said something in the window before `now`."""
        while self._recent and self._recent[0][0] <= now - WINDOW:
            _, element = heappop(self._recent)
            self._counts[element] -= 1
            if not self._counts[element]:
                del self._counts[element]
        return {element: count * 1e9 / WINDOW for element, count in self._counts.items()}


def read_on(latest: Latest, file: Database, session: Several[int], after: int, now: int) -> None:
    """Put in the packets of a file behind an address. Raises StoreError."""
    where = _where(session)
    where.add("p.id > ?", after)
    for packet in _in_a_row(file, where):
        latest.add(file, packet, now - WINDOW)


def read_back(latest: Latest, files: Iterable[tuple[Database, Several[int]]], time: int) -> None:
    """Put in what was known at a time. Raises StoreError.

    files: of one recording, the last one first, each with the sessions that are asked for. Looks through
    the packets before that time, at least those of the window; elements that are not among them are
    looked for where they occurred last. So of an element that talks on, attributes that were not seen
    for long may be missing.
    """
    left = LOOKED_THROUGH
    found: set[bytes | None] = set()
    for file, session in files:
        where = _where(session)
        where.between("f.time", None, time + 1)
        sql = packets_in_time(file, _COLUMNS, where, NEWEST_FIRST, joined=_JOINED)
        for packet in _packets(file.tuples(sql, where.parameters)):
            if left <= 0 and packet[0][1] <= time - WINDOW:
                found |= _look_for_others(latest, file, where, found, time)
                break
            left -= 1
            found.add(latest.add(file, packet, time - WINDOW))


def _look_for_others(
    latest: Latest, file: Database, where: Where, found: Collection[bytes | None], time: int
) -> set[bytes | None]:
    """Put in what the last stretches of a file say of elements that are not found. Returns those that are."""
    ids = [row_id for row_id, uuid in file.tuples(_ELEMENTS) if loaded_uuid(uuid) not in found]
    more: set[bytes | None] = set()
    in_order = _is_in_order(file)
    for first, end, elements in stretches(file, ids, time if in_order else None):
        wanted = [row_id for row_id in elements if not in_order or file.element(row_id) not in more]
        if not wanted:
            continue
        here = where.also(among("p.element_id", wanted)[0])
        here.add("p.id BETWEEN ? AND ?", address(first), address(end) - 1)
        for packet in _in_a_row(file, here):
            more.add(latest.add(file, packet, time))
    return more


def _is_in_order(file: Database) -> bool:
    """Whether frames have the order of time: not where several connections were read one by one."""
    row = file.row("SELECT count(*) AS imported FROM sessions WHERE source IS NOT ?", LIVE)
    return row is None or row["imported"] <= 1


def _where(session: Several[int]) -> Where:
    where = Where()
    where.add("p.kind <> 'request'")
    where.equal("f.session_id", session)
    return where


def _in_a_row(file: Database, where: Where) -> Iterator[Packet]:
    """Packets in the order of addresses."""
    sql = f"{_PACKETS}{where.sql} ORDER BY p.id, r.position"
    return _packets(file.tuples(sql, where.parameters))


def _packets(rows: Iterable[Sequence[Any]]) -> Iterator[Packet]:
    for _, group in groupby(rows, key=itemgetter(0)):
        yield [tuple(row) for row in group]
