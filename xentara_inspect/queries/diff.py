"""`diff`: what two recordings, or two connections, do not have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

from xentara_inspect.escape import safe
from xentara_inspect.queries.alignment import Match, matches
from xentara_inspect.queries.conversations import Conversation, Conversations, Label, Lane, Span
from xentara_inspect.queries.databases import Askable, Databases, as_databases
from xentara_inspect.queries.differences import Change, changes, changes_of_answers, said, told_apart
from xentara_inspect.queries.event_courses import Course, CourseOf, Courses, EventCourses, Subject, apart
from xentara_inspect.queries.ignoring import Ignored
from xentara_inspect.queries.session_pairs import paired
from xentara_inspect.queries.values import Row, attribute_name, element_name, milliseconds
from xentara_inspect.queries.where import Several

DIFF_KEYS: Final = ("kind", "a", "b", "command", "element", "detail")

Key = tuple[int, int]
"""A connection: the index of its recording, and its number there."""


class Tolerance(NamedTuple):
    """From where on latencies differ: by more nanoseconds, or by more than so many times.

    only_slower: whether only the second may not be slower.
    """

    nanoseconds: int | None = None
    factor: float | None = None
    only_slower: bool = False

    def is_exceeded(self, one: int, other: int) -> bool:
        """Whether latencies differ so much."""
        less, more = (one, other) if one <= other or self.only_slower else (other, one)
        if self.factor is not None:
            return more > less * self.factor
        return self.nanoseconds is not None and more - less > self.nanoseconds


class Group(NamedTuple):
    """Exchanges of a pair of connections that are about the same. session: `1`, or `1 and 2`."""

    session: str
    command: str | None
    element: str | None


class Difference(NamedTuple):
    """A row with `DIFF_KEYS`, and the group that it belongs to."""

    row: Row
    group: Group


def diff(a: Askable, b: Askable, **options: Any) -> Iterator[Row]:
    """Rows with `DIFF_KEYS`, by connection in the order of what was said; options: of `Comparison`."""
    for difference in Comparison(as_databases(a), as_databases(b), **options).differences():
        yield difference.row


class _Side(NamedTuple):
    databases: Databases
    conversations: Conversations
    courses: EventCourses
    session: Several[int | str]

    def place_name(self, home: int, place: int) -> str:
        """The name of what stands at an address. home: the index of its file."""
        return self.databases.files[home].place_name(place)

    def name(self, lane: Lane, place: int) -> str:
        """The name of an exchange."""
        return self.place_name(lane.homes[place], lane.ids[place])


class _Pair(NamedTuple):
    """Connections that are compared; None where there is no other."""

    a: Conversation | None
    b: Conversation | None

    @property
    def name(self) -> str:
        """What both are called, such as `1`, `1 and 2`."""
        return " and ".join(dict.fromkeys(talk.name for talk in self if talk is not None))


class _Alike:
    """Finds what only the other side was asked, of the same command about the same element.

    labels: by the number of what was asked.
    """

    def __init__(self, labels: dict[int, Label | None], a: Lane, b: Lane) -> None:
        self._labels = labels
        self._lanes = a, b
        self._places: tuple[dict[Label, int], dict[Label, int]] | None = None

    def place(self, lane: Lane, place: int) -> int | None:
        """The place of the first such in the other lane; None for none."""
        label = self._labels[lane.asked[place]]
        if label is None or label.command is None:
            return None
        if self._places is None:
            here, there = (set(side.asked) for side in self._lanes)
            self._places = self._first(self._lanes[0], there), self._first(self._lanes[1], here)
        return self._places[1 if lane is self._lanes[0] else 0].get(label)

    def _first(self, lane: Lane, without: set[int]) -> dict[Label, int]:
        """The first place of each label, but for what was asked on both sides."""
        found: dict[Label, int] = {}
        for place, asked in enumerate(lane.asked):
            label = self._labels[asked] if asked not in without else None
            if label is not None:
                found.setdefault(label, place)
        return found


class Comparison:
    """Two sides, and what is compared. groups: how many exchanges of each there were, as they are read."""

    def __init__(
        self,
        a: Databases,
        b: Databases,
        *,
        session_a: Several[int | str] = None,
        session_b: Several[int | str] = None,
        ignore: Sequence[str] = (),
        latency: Tolerance | None = None,
        without: Collection[int] = (),
    ) -> None:
        """session_a, session_b: only these connections. ignore: `ignoring.WORDS`. latency: None for any.

        without: addresses of requests of the first side that were not sent again.
        Raises QuestionError for what is not known, StoreError.
        """
        both = Databases([(file.connection, file.label) for file in (*a.files, *b.files)])
        self._names = both.names
        self._ignored = Ignored(ignore, both)
        self._tolerance = latency
        self._labels: dict[int, Label | None] = {}
        self._a, self._b = self._side(a, session_a, without), self._side(b, session_b)
        self.groups: Counter[Group] = Counter()

    def _side(
        self, databases: Databases, session: Several[int | str], without: Collection[int] = ()
    ) -> _Side:
        talks = Conversations(databases, self._names, self._ignored, self._labels, without)
        return _Side(databases, talks, EventCourses(databases, self._names, self._ignored), session)

    def differences(self) -> Iterator[Difference]:
        """What differs, by pair of connections, in the order of what was said. Raises StoreError."""
        sides = self._a, self._b
        here, there = (side.conversations.read(side.session) for side in sides)
        courses = [side.courses.read(side.session) if not self._ignored.events else {} for side in sides]
        for a, b in paired(here, there):
            for difference in self._of_pair(_Pair(a, b), courses[0], courses[1]):
                if difference.row["kind"] not in self._ignored.kinds:
                    yield difference

    def _of_pair(
        self, pair: _Pair, courses_a: dict[Key, Courses], courses_b: dict[Key, Courses]
    ) -> Iterator[Difference]:
        yield from self._of_end(pair)
        for lane in ("requests", "unasked"):
            a, b = (getattr(talk, lane) if talk is not None else Lane() for talk in (pair.a, pair.b))
            alike = _Alike(self._labels, a, b)
            for match in matches(a.whole, b.whole, a.asked, b.asked):
                yield from self._of_match(pair.name, match, a, b, alike)
        here = courses_a.get(pair.a.key, {}) if pair.a is not None else {}
        there = courses_b.get(pair.b.key, {}) if pair.b is not None else {}
        for subject in dict.fromkeys((*here, *there)):
            yield from self._of_courses(pair, subject, here.get(subject), there.get(subject))

    def _of_end(self, pair: _Pair) -> Iterator[Difference]:
        """How connections ended, where both say so; and those without a request that only one side has."""
        group = Group(pair.name, None, None)
        self.groups[group] += 1
        ends = [talk.end if talk is not None else None for talk in (pair.a, pair.b)]
        if pair.a is None or pair.b is None:
            only = pair.a or pair.b
            if only is not None and not only.requests.ids:
                detail = f"connection {only.name}" + (f", {safe(only.end)}" if only.end is not None else "")
                yield _difference("missing" if pair.a is not None else "extra", None, None, group, detail)
        elif ends[0] != ends[1] and None not in ends:
            detail = f"connection: {' → '.join(safe(str(end)) for end in ends)}"
            yield _difference("error", None, None, group, detail)

    def _of_match(self, session: str, match: Match, a: Lane, b: Lane, alike: _Alike) -> Iterator[Difference]:
        """What differs in exchanges that belong together, or that only one side has."""
        lane, place = (a, match.a) if match.a is not None else (b, match.b or 0)
        group = Group(session, *(self._labels[lane.asked[place]] or Label(None, None)))
        self.groups[group] += 1
        name_a = self._a.name(a, match.a) if match.a is not None else None
        name_b = self._b.name(b, match.b) if match.b is not None else None
        if match.a is None or match.b is None:
            sides = (self._a, b, self._b) if match.b is None else (self._b, a, self._a)
            detail = self._only_there(lane, place, *sides, alike)
            yield _difference("missing" if match.b is None else "extra", name_a, name_b, group, detail)
            return
        if match.is_moved:
            detail = f"comes {'later' if match.comes_later else 'earlier'} in B"
            yield _difference("order", name_a, name_b, group, detail)
        if a.answers[match.a] != b.answers[match.b]:
            for kind, detail in self._changes(match.a, match.b, a, b):
                yield _difference(kind, name_a, name_b, group, detail)
        one, other = a.latencies[match.a], b.latencies[match.b]
        if self._tolerance is not None and min(one, other) >= 0 and self._tolerance.is_exceeded(one, other):
            detail = f"{milliseconds(one):.3f} ms → {milliseconds(other):.3f} ms"
            yield _difference("latency", name_a, name_b, group, detail)

    def _only_there(
        self, lane: Lane, place: int, side: _Side, others: Lane, other: _Side, alike: _Alike
    ) -> str:
        """What is said of an exchange that only one side has, and how it differs from one of the other."""
        here = lane.homes[place], lane.ids[place]
        detail = side.conversations.summary(*here)
        like = alike.place(lane, place)
        if like is None:
            return detail
        there = others.homes[like], others.ids[like]
        parameters = side.conversations.parameters(*here), other.conversations.parameters(*there)
        return told_apart(detail, *parameters)

    def _changes(self, place_a: int, place_b: int, a: Lane, b: Lane) -> Iterator[Change]:
        here, there = (a.homes[place_a], a.ids[place_a]), (b.homes[place_b], b.ids[place_b])
        one, other = self._a.conversations, self._b.conversations
        if a.whole[place_a] != b.whole[place_b]:
            value, instead = one.written(*here), other.written(*there)
            if value is not None and instead is not None:
                yield from changes(value.value, instead.value, f"written {said(value.attribute)}", "value")
        yield from changes_of_answers(one.answer(*here), other.answer(*there))

    def _of_courses(
        self, pair: _Pair, subject: Subject, a: Course | None, b: Course | None
    ) -> Iterator[Difference]:
        """How what an element went through differs."""
        spans = [talk.span if talk is not None else Span(0, None) for talk in (pair.a, pair.b)]
        group = Group(pair.name, None, element_name(subject.element, self._names))
        self.groups[group] += 1
        attribute = subject.attribute
        name = attribute_name(attribute, subject.element, self._names) if attribute is not None else ""
        found = apart(
            subject,
            name,
            CourseOf(self._a.courses, a or Course(), spans[0]),
            CourseOf(self._b.courses, b or Course(), spans[1]),
        )
        if found is not None:
            name_a = self._a.place_name(*found.a) if found.a is not None else None
            name_b = self._b.place_name(*found.b) if found.b is not None else None
            yield _difference(found.change.kind, name_a, name_b, group, found.change.detail)


def _difference(kind: str, a: str | None, b: str | None, group: Group, detail: str) -> Difference:
    values = (kind, a, b, group.command, group.element, detail)
    return Difference(dict(zip(DIFF_KEYS, values, strict=True)), group)
