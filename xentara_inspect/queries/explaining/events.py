"""Events: for which subscription they came, how good and how late their values are."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Final

from xentara_inspect.frames import POSITION_BITS
from xentara_inspect.protocol import identifiers
from xentara_inspect.queries.causes import Cause, Fact, code_of_error
from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.explaining.access import user_of
from xentara_inspect.queries.explaining.past import Past, Value
from xentara_inspect.queries.explaining.words import SECOND, count, span
from xentara_inspect.queries.explaining.writes import described_as
from xentara_inspect.queries.subscriptions import SubscriptionsOfEvents
from xentara_inspect.queries.words import attribute_text, element_text
from xentara_inspect.store.addresses import parse_address
from xentara_inspect.store.columns import loaded_integer

_LATE: Final = SECOND
"""An event that comes so long after its source time is late."""
_NEIGHBOURS: Final = 200
"""So many events around it tell whether all are."""
_NEAR: Final = 10_000
"""Around it is within so many messages."""
_NO_CODE: Final = "an error without a code"
_EVENT: Final = """
    SELECT p.element_id, p.source_time, f.time, f.session_id FROM packets p JOIN frames f ON f.id = p.id >> 24
    WHERE p.id = ? AND p.kind = 'event'"""


class EventSeen:
    """An event, and whom it is for."""

    def __init__(self, past: Past, file: Database, place: int) -> None:
        """Raises StoreError."""
        row = file.row(_EVENT, place)
        self.past, self.file, self.place = past, file, place
        self.is_there = row is not None
        self.element = file.element(row["element_id"]) if row is not None else None
        self.time: int = row["time"] if row is not None else 0
        self.source_time = loaded_integer(row["source_time"]) if row is not None else None
        self.session: int = row["session_id"] if row is not None else 0
        self.values = past.values(file, place)
        self.attributes = {value.attribute for value in self.values}

    def whose(self) -> Fact:
        """The subscription it came for, and who asked. Raises StoreError."""
        owners = SubscriptionsOfEvents(self.file.recording)
        name = owners.of(self.session, self.element, self.attributes, self.place, self.time)
        if name is None:
            others = owners.naming(self.session, self.element) if self.element is not None else ()
            is_named = any(one.is_open(self.place, self.time) for one in others)
            asked_for = "these attributes of the element" if is_named else "the element"
            return Fact(f"no open subscription of this connection asked for {asked_for}")
        place = parse_address(name.rpartition(":")[2])
        talk = self.past.talk(place) if place is not None else None
        asked = f", asked for {span(self.time - talk.time)} before" if talk is not None else ""
        user = user_of(self.past, self.session)
        return Fact(f"of the subscription {name}{asked} by {user or 'an unnamed user'}", (name,))


def causes_of_event(seen: EventSeen) -> Iterator[Cause]:
    """What is wrong with an event, the specification aside. Raises StoreError."""
    name = element_text(seen.element, seen.past.names) or "the event"
    yield from errors_in(seen.past, seen.element, seen.values, name, None, seen.whose())
    yield from _quality(seen, name)
    yield from _late(seen, name)


def errors_in(
    past: Past, element: bytes | None, values: list[Value], name: str, opcode: int | None, *facts: Fact
) -> Iterator[Cause]:
    """Attributes that a read or an event has an error for in place of a value. opcode: None for an event."""
    for value in values:
        if value.kind == "error":
            attribute = attribute_text(value.attribute, past.names, element or b"")
            code = code_of_error(value.error, opcode)
            why = f"{code.replace('-', ' ')} ({value.error})" if value.error is not None else _NO_CODE
            summary = f"{name}: {attribute} has no value: {why}"
            known = described_as(past, element, value.attribute) if element is not None else ()
            yield Cause(code, summary, (*known, *facts))


def _quality(seen: EventSeen, name: str) -> Iterator[Cause]:
    quality = next((value.quality for value in seen.values if value.quality is not None), None)
    if quality is None or quality == identifiers.QUALITY_GOOD or seen.element is None:
        return
    called = identifiers.QUALITIES.get(quality, str(quality)).lower()
    facts = [seen.whose()]
    for file, place, time in seen.past.about(seen.element, "event", session=seen.session, before=seen.place):
        before = next((value.quality for value in seen.past.values(file, place)), None)
        if before is not None and before != quality:
            good = identifiers.QUALITIES.get(before, str(before)).lower()
            facts.append(seen.past.fact(f"it was {good} {span(seen.time - time)} before", place))
            break
    yield Cause("quality-not-good", f"{name}: the quality is {called}", tuple(facts))


def _late(seen: EventSeen, name: str) -> Iterator[Cause]:
    if seen.source_time is None or seen.time - seen.source_time <= _LATE or seen.element is None:
        return
    if next(seen.past.about(seen.element, "event", session=seen.session, before=seen.place), None) is None:
        return  # the first one tells a value that was there before anybody asked
    late = seen.time - seen.source_time
    others = _others_late(seen)
    usual = median(others) if others else 0
    if late - usual <= _LATE:
        return  # all of them are: the clocks differ
    compared = Fact("no other event is near it to compare with")
    if others:
        said = f"{count(len(others), 'event')} around it came {span(usual)} after their source time (median)"
        compared = Fact(said)
    summary = f"{name}: came {span(late)} after its source time"
    yield Cause("late-event", summary, (seen.whose(), compared))


def _others_late(seen: EventSeen) -> list[int]:
    """How long after their source times the events around it came."""
    sql = (
        "SELECT f.time - p.source_time FROM packets p JOIN frames f ON f.id = p.id >> 24"
        " WHERE p.id BETWEEN ? AND ? AND p.id <> ? AND p.kind = 'event' AND f.session_id = ?"
        " AND typeof(p.source_time) = 'integer'"
        " ORDER BY p.id{0} LIMIT ?"
    )
    found: list[int] = []
    near = _NEAR << POSITION_BITS
    for low, high, direction in (
        (seen.place - near, seen.place, " DESC"),
        (seen.place, seen.place + near, ""),
    ):
        parameters = (low, high, seen.place, seen.session, _NEIGHBOURS // 2)
        found += [late for (late,) in seen.file.tuples(sql.format(direction), parameters)]
    return found
