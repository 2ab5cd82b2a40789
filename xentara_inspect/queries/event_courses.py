"""What elements went through, as events told it: the values of each attribute, one after the other.

A value that is told again is no news, and times never count: so a course is the same however often a server
repeats itself, and however fast it is.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from xentara_inspect.frames import frame_of
from xentara_inspect.protocol import objects
from xentara_inspect.protocol.shape_types import Integer
from xentara_inspect.queries.alignment import aligned
from xentara_inspect.queries.comparable import Comparable, number_of
from xentara_inspect.queries.conversations import Span
from xentara_inspect.queries.databases import Database, Databases
from xentara_inspect.queries.differences import NOTHING, Change, arrow, said
from xentara_inspect.queries.ignoring import Ignored
from xentara_inspect.queries.parsed_frames import ParsedFrames
from xentara_inspect.queries.readings import Unfolded, unfolded
from xentara_inspect.queries.values import error_name, named_number, reading_json
from xentara_inspect.queries.where import Several, Where
from xentara_inspect.queries.words import value_text
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.readings import AttributeKey, attribute_number

_EVENTS: Final = """
    SELECT p.id, f.session_id, p.element_id, r.position, r.attribute_id, r.value, r.value_kind, r.quality,
           r.quality_position, NULL
    FROM packets p JOIN frames f ON f.id = p.id >> 24
    LEFT JOIN attribute_values r ON r.packet_id = p.id"""
_OF_PACKET: Final = 3
_SHOWN: Final = 3
_LAST_SECOND: Final = 10**9
_ON_ITS_WAY: Final = 50_000_000
"""Nanoseconds that an event may take, and is lost in where a connection closes."""
_ERROR: Final = "error "
"""How the text of an error begins; that of a text begins with a quote."""


class Subject(NamedTuple):
    """What a course is of. element: its UUID; attribute: None for events that tell no value."""

    element: bytes | None
    attribute: AttributeKey | None


@dataclass(slots=True)
class Course:
    """Values in their order: numbers of what they are, addresses and files of the events that told them.

    last: what counts of the last one.
    """

    values: array[int] = field(default_factory=lambda: array("q"))
    ids: array[int] = field(default_factory=lambda: array("q"))
    homes: array[int] = field(default_factory=lambda: array("q"))
    last: Any = None

    def add(self, value: Any, home: int, place: int) -> None:
        """A value that is another than the last."""
        self.last = value
        self.values.append(number_of(value))
        self.ids.append(place)
        self.homes.append(home)


Courses = dict[Subject, Course]


class Apart(NamedTuple):
    """How courses differ. a, b: home and address of the first events that do, None for none."""

    change: Change
    a: tuple[int, int] | None
    b: tuple[int, int] | None


class EventCourses:
    """The courses of one side."""

    def __init__(self, databases: Databases, names: Names, ignored: Ignored) -> None:
        self.databases = databases
        self._names = names
        self._ignored = ignored
        self._frames = [ParsedFrames(file) for file in databases.files]

    def read(self, session: Several[int | str]) -> dict[tuple[int, int], Courses]:
        """The courses of each connection, by index of the recording and number. Raises StoreError."""
        found: dict[tuple[int, int], Courses] = {}
        for file, sessions in self.databases.asked_for(session):
            where = Where()
            where.add("p.kind = 'event'")
            where.equal("f.session_id", sessions)
            ignored = self._ignored.elements_in(file)
            rows = file.tuples(f"{_EVENTS}{where.sql} ORDER BY p.id, r.position", where.parameters)
            for (place, session_id, element_id), packet in groupby(rows, key=itemgetter(slice(_OF_PACKET))):
                if element_id not in ignored:
                    courses = found.setdefault((file.recording.index, session_id), {})
                    element = file.element(element_id)
                    for attribute, value in self._values(file, place, [row[_OF_PACKET:] for row in packet]):
                        subject = Subject(element, attribute)
                        course = courses.get(subject) or courses.setdefault(subject, Course())
                        if course.last != value:
                            course.add(value, file.index, place)
        return found

    def _values(
        self, file: Database, place: int, rows: Sequence[Sequence[Any]]
    ) -> Iterator[tuple[AttributeKey | None, Any]]:
        """What counts of the values that an event tells; of the event itself where it tells none."""
        if rows[0][0] is None:
            yield None, self._structure(file, place)
            return
        for reading in unfolded(rows):
            attribute = file.attribute(reading.attribute_id)
            if not self._ignored.is_attribute_key(attribute):
                yield attribute, _comparable(reading)

    def _structure(self, file: Database, place: int) -> Any:
        shown = self._frames[file.index].packet(place)
        if shown is None:
            return None
        decoder = Comparable(shown.payload, self._names, None, None, self._ignored.is_attribute)
        return decoder.packet(shown.packet)

    def time(self, home: int, place: int) -> int:
        """When an event came, ns since 1970. home: the index of its file."""
        row = self.databases.files[home].row("SELECT time FROM frames WHERE id = ?", frame_of(place))
        return row["time"] if row is not None else 0

    def text(self, subject: Subject, home: int, place: int) -> str:
        """The value of an attribute that an event tells."""
        file = self.databases.files[home]
        if subject.attribute is None:
            return said(self._structure(file, place))
        rows = file.tuples(
            "SELECT position, attribute_id, value, value_kind, quality, quality_position, NULL"
            " FROM attribute_values WHERE packet_id = ? ORDER BY position",
            (place,),
        )
        for reading in reversed(unfolded(list(rows))):
            if file.attribute(reading.attribute_id) == subject.attribute:
                return _text(subject.attribute, reading)
        return NOTHING


@dataclass(frozen=True, slots=True)
class CourseOf:
    """A course, where it was read, and on which connection."""

    courses: EventCourses
    course: Course
    span: Span

    def without(self, places: set[int]) -> list[int]:
        """All places but these."""
        return [place for place in range(len(self.course.values)) if place not in places]

    def texts(self, subject: Subject, places: Sequence[int]) -> list[str]:
        """The first few values at places."""
        found = (self.first([place]) for place in places[:_SHOWN])
        return [self.courses.text(subject, *where) for where in found if where is not None]

    def time(self, place: int) -> int:
        """When a value was told; where there is none before the first, when the connection opened."""
        if place < 0:
            return self.span.opened
        return self.courses.time(self.course.homes[place], self.course.ids[place])

    def first(self, places: Sequence[int]) -> tuple[int, int] | None:
        """Home and address of the first of places."""
        return (self.course.homes[places[0]], self.course.ids[places[0]]) if places else None


def _comparable(reading: Unfolded) -> str:
    """What counts of a value: all that a text can tell, where equal numbers may be of different types."""
    if reading.kind == "time":
        return "time"
    return f"{reading.kind} {reading.value if reading.kind != 'error' else reading.error_code!r}"


def _text(attribute: AttributeKey, reading: Unfolded) -> str:
    if reading.kind == "error":
        return f"{_ERROR}{error_name(reading.error_code, None) or reading.error_code}"
    number = attribute_number(attribute)
    shape = objects.ATTRIBUTE_VALUE_SHAPES.get(number) if isinstance(number, int) else None
    if reading.kind == "integer" and isinstance(shape, Integer) and shape.values is not None:
        return str(named_number(reading.value, shape.values))
    return said(reading_json(reading.value, reading.kind))


def is_cut_off(short: CourseOf, long: CourseOf) -> bool:
    """Whether a course only lacks what came in the other's last second, when its own connection was over.

    Counted from the last value that both have: to the millisecond no client ends a connection twice alike.
    """
    common = len(short.course.values)
    if common >= len(long.course.values) or long.course.values[:common] != short.course.values:
        return False
    if short.span.closed is None or long.span.closed is None:
        return False
    told = long.time(common)
    went_on = short.span.closed - short.time(common - 1)
    return told - long.time(common - 1) > went_on - _ON_ITS_WAY and long.span.closed - told <= _LAST_SECOND


def apart(subject: Subject, name: str, a: CourseOf, b: CourseOf) -> Apart | None:
    """How the courses of one subject differ on two sides; None where they do not. name: of the attribute.

    `missing` and `extra` are values that only one side has, `value` and `error` those with others in place.
    """
    if is_cut_off(a, b) or is_cut_off(b, a):
        return None
    pairs = aligned(a.course.values, b.course.values)
    only_a, only_b = a.without({place for place, _ in pairs}), b.without({place for _, place in pairs})
    if not only_a and not only_b:
        return None
    texts_a, texts_b = a.texts(subject, only_a), b.texts(subject, only_b)
    more = max(len(only_a), len(only_b)) - 1
    if only_a and only_b:
        kind = "error" if any(text.startswith(_ERROR) for text in (texts_a[0], texts_b[0])) else "value"
        detail = arrow(texts_a[0], texts_b[0])
    else:
        kind = "missing" if only_a else "extra"
        detail = ", ".join(map(value_text, texts_a or texts_b))
        more -= len(texts_a or texts_b) - 1
    change = Change(
        kind, f"{name + ' in' if name else 'in'} events: {detail}" + (f" and {more} more" if more > 0 else "")
    )
    return Apart(change, a.first(only_a), b.first(only_b))
