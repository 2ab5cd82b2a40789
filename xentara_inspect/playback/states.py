"""What each attribute was told to be, and when: by reads and events, not by what was written."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from xentara_inspect.playback.attributes import data_change, entries_of
from xentara_inspect.protocol import identifiers
from xentara_inspect.queries.databases import Databases
from xentara_inspect.queries.parsed_frames import Shown
from xentara_inspect.queries.where import Several, Where
from xentara_inspect.traffic.packets import Response
from xentara_inspect.traffic.readings import AttributeKey, attribute_number

_READINGS: Final = """
    SELECT r.packet_id, f.time, p.element_id, r.attribute_id, r.quality_position
    FROM packets p CROSS JOIN frames f ON f.id = p.id >> 24
    CROSS JOIN attribute_values r ON r.packet_id = p.id"""


class _History:
    """When an attribute was told, and where: sorted by time."""

    def __init__(self) -> None:
        self.times = array("q")
        self.homes = array("q")
        self.ids = array("q")

    def add(self, time: int, home: int, place: int) -> None:
        index = len(self.times)
        if index and self.ids[-1] == place:
            return
        if index and self.times[-1] > time:  # connections were imported one by one
            index = bisect_right(self.times, time)
        self.times.insert(index, time)
        self.homes.insert(index, home)
        self.ids.insert(index, place)


class States:
    """The histories by element and attribute, well-known ones by number."""

    def __init__(self) -> None:
        self._histories: dict[tuple[bytes, AttributeKey], _History] = {}

    def add(self, element: bytes, attribute: AttributeKey, time: int, home: int, place: int) -> None:
        """That an attribute was told in a packet."""
        self._histories.setdefault((element, attribute), _History()).add(time, home, place)

    def is_known(self, element: bytes, attribute: AttributeKey) -> bool:
        """Whether an attribute was ever told."""
        return (element, attribute) in self._histories

    def at(self, element: bytes, attribute: AttributeKey, time: int) -> tuple[int, int] | None:
        """Home and address of the packet that told an attribute last by a time, else first behind it."""
        history = self._histories.get((element, attribute))
        if history is None:
            return None
        place = max(0, bisect_right(history.times, time) - 1)
        return history.homes[place], history.ids[place]

    @staticmethod
    def entry(shown: Shown, attribute: AttributeKey) -> bytes | None:
        """What a packet tells of an attribute, as it was sent; the last word counts."""
        change = data_change(shown)
        attributes = change.attributes if change is not None else None
        if isinstance(shown.packet, Response):
            attributes = shown.packet.body
        found = [one.told for one in entries_of(attributes, shown.payload) if one.attribute == attribute]
        return found[-1] if found else None


def read_states(databases: Databases, session: Several[int | str]) -> States:
    """What connections were told. Raises StoreError, QuestionError."""
    states = States()
    for file, sessions in databases.asked_for(session):
        where = Where()
        where.add("p.kind <> 'request'")
        where.equal("f.session_id", sessions)
        sql = f"{_READINGS}{where.sql} ORDER BY p.id"
        for place, time, element_id, attribute_id, quality in file.tuples(sql, where.parameters):
            element = file.element(element_id)
            for attribute in _attributes(file.attribute(attribute_id), quality):
                if element is not None:
                    states.add(element, attribute, time, file.index, place)
    return states


def _attributes(attribute: AttributeKey, quality_position: int | None) -> Iterator[AttributeKey]:
    """The attributes that a row stands for: Quality has none of its own where there are others."""
    yield attribute_number(attribute)
    if quality_position is not None and attribute_number(attribute) != identifiers.ATTRIBUTE_QUALITY:
        yield identifiers.ATTRIBUTE_QUALITY
