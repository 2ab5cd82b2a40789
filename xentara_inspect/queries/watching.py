"""`watch`: what a plant says now, or said at any time of a recording, and who talks to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, NamedTuple

from xentara_inspect.protocol import identifiers
from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.following import Followed
from xentara_inspect.queries.latest import Latest, Reading, read_back, read_on
from xentara_inspect.queries.sessions import sessions
from xentara_inspect.queries.show import show
from xentara_inspect.queries.troubles import LISTED, errors_until, new_errors, with_findings
from xentara_inspect.queries.values import Row, attribute_name, error_name, named_number, reading_json
from xentara_inspect.queries.where import Several, several
from xentara_inspect.traffic.names import Names, uuid_text
from xentara_inspect.traffic.records import AttributeKey

QUALITY: Final = identifiers.ATTRIBUTES[identifiers.ATTRIBUTE_QUALITY]
"""What the attribute is called that tells how good the others are."""


class Value(NamedTuple):
    """A value that an attribute of an element had. As JSON has it; quality and error in words.

    time: nanoseconds since 1970. packet: its name, as `show` takes it.
    """

    attribute: str
    value: Any
    kind: str
    quality: str | None
    error: str | None
    time: int
    packet: str


@dataclass(frozen=True, slots=True)
class Element:
    """An element. name: its primary key, if it is known. values: attribute Value first."""

    uuid: str
    name: str | None
    values: Sequence[Value] = ()

    @property
    def quality(self) -> str | None:
        """The last one that was told, with a value or without."""
        told = (value.quality for value in self.values if value.attribute == QUALITY)
        return next(told, None)

    @property
    def newest(self) -> Value | None:
        """What was said last of it."""
        return max(self.values, key=lambda value: value.time, default=None)


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything at one time.

    time, first, last: nanoseconds since 1970; the recording goes from first to last. elements, rates
    (packets a second): by UUID. sessions: rows with `SESSION_KEYS`; troubles: with `TROUBLE_KEYS`; both
    the newest first. is_recorded: whether somebody records. behind: frames that are not indexed yet.
    """

    time: int
    first: int
    last: int
    elements: Mapping[str, Element]
    rates: Mapping[str, float]
    sessions: Sequence[Row]
    troubles: Sequence[Row]
    is_recorded: bool
    behind: int


class Watching:
    """Looks at databases again and again. Not for two threads at the same time."""

    def __init__(self, patterns: Sequence[str], session: Several[int | str] = None) -> None:
        """Raises StoreError; QuestionError for a session that is not there."""
        self._followed = Followed(patterns)
        self._sessions = several(session)
        self._files = self._followed.databases.asked_for(self._sessions)
        self._latest: Latest | None = None
        self._read: dict[int, int] = {}
        self._indexed: dict[int, int] = {}
        self._told: object = None
        self._elements: dict[str, Element] = {}
        self._errors: list[Row] = []

    @property
    def labels(self) -> list[str]:
        """What the recordings are called."""
        return [recording.files[-1].label for recording in self._followed.databases.recordings]

    def close(self) -> None:
        """Close the databases."""
        self._followed.close()

    def now(self, clock: int) -> Picture:
        """The picture as it is, where nobody records as it was at the end. clock: nanoseconds since 1970.

        Reads only what has come since it was asked last. Raises StoreError, QuestionError.
        """
        if self._followed.follow():
            self._files = self._followed.databases.asked_for(self._sessions)
            self._latest = None
        is_recorded = self._is_recorded()
        bounds = _, last = self._bounds()
        time = max(clock, last) if is_recorded else last
        names_changed = self._learn_names()
        if self._latest is None or self._is_rebuilt():
            self._latest = self._begin(last)
            self._elements.clear()
            names_changed = True
        else:
            self._go_on(self._latest, time)
        if names_changed:
            self._latest.changed |= self._known(self._latest)
        for uuid in self._latest.changed:
            self._elements[uuid_text(uuid)] = self._element(uuid, self._latest)
        self._latest.changed.clear()
        rates = self._latest.rates(time)
        return self._picture(time, bounds, dict(self._elements), rates, self._errors, is_recorded)

    def at(self, time: int) -> Picture:
        """The picture at a time, with the names that are known by now. Raises StoreError."""
        latest = self._back_from(time)
        elements = {uuid_text(uuid): self._element(uuid, latest) for uuid in self._known(latest)}
        errors = errors_until(self._files, self._names, time)
        rates = latest.rates(time)
        return self._picture(time, self._bounds(), elements, rates, errors, self._is_recorded())

    def next_message(self, time: int, forwards: bool) -> int:
        """When the message before or behind a time passed; the same time where there is none."""
        sql = (
            "SELECT time FROM frames WHERE time > ? ORDER BY time LIMIT 1"
            if forwards
            else "SELECT time FROM frames WHERE time < ? ORDER BY time DESC LIMIT 1"
        )
        found = [row[0] for file, _ in self._files for row in file.tuples(sql, (time,))]
        return (min(found) if forwards else max(found)) if found else time

    def details(self, name: str) -> Row | None:
        """A row with `SHOW_KEYS`. Raises StoreError, QuestionError."""
        return show(self._followed.databases, name)

    @property
    def _names(self) -> Names:
        return self._followed.databases.names

    def _picture(
        self,
        time: int,
        bounds: tuple[int, int],
        elements: Mapping[str, Element],
        rates: Mapping[bytes, float],
        errors: Sequence[Row],
        is_recorded: bool,
    ) -> Picture:
        databases = self._followed.databases
        connected = list(sessions(databases, limit=0 if self._sessions else LISTED, until=time + 1))[::-1]
        if self._sessions:
            connected = [row for row in connected if str(row["id"]) in map(str, self._sessions)]
        first, last = bounds
        return Picture(
            time,
            first,
            max(time, last) if is_recorded else last,
            elements,
            {uuid_text(uuid): rate for uuid, rate in rates.items()},
            connected,
            with_findings(databases, self._sessions, errors, time),
            is_recorded,
            databases.unindexed_frames(),
        )

    # What was read, and what is new

    def _begin(self, last: int) -> Latest:
        """Everything at the end, and how far that is."""
        with self._followed.snapshot():
            latest = self._back_from(last)
            self._errors = errors_until(self._files, self._names, last)
            for file, _ in self._files:
                self._read[file.index] = self._last_packet(file)
                self._indexed[file.index] = self._checkpoint(file)
        return latest

    def _go_on(self, latest: Latest, time: int) -> None:
        for file, session in self._files:
            after, last = self._read[file.index], self._last_packet(file)
            if last > after:
                read_on(latest, file, session, after, time)
                self._errors = [*new_errors(file, session, self._names, after), *self._errors][:LISTED]
                self._read[file.index] = last
            self._indexed[file.index] = self._checkpoint(file)

    def _back_from(self, time: int) -> Latest:
        latest = Latest()
        for recording in self._followed.databases.recordings:
            mine = [(file, session) for file, session in self._files if file.recording is recording]
            read_back(latest, reversed(mine), time)
        return latest

    def _is_rebuilt(self) -> bool:
        """Whether what is derived is built anew since it was read."""
        return any(self._checkpoint(file) < self._indexed[file.index] for file, _ in self._files)

    def _learn_names(self) -> bool:
        """Have names that were told since. Returns whether there are any."""
        told = [tuple(row) for file, _ in self._files for row in file.tuples(_NAMES_TOLD)]
        if told == self._told:
            return False
        self._told = told
        self._followed.databases.forget_names()
        return True

    def _last_packet(self, file: Database) -> int:
        return int(next(file.tuples("SELECT coalesce(max(id), 0) FROM packets"))[0])

    def _checkpoint(self, file: Database) -> int:
        return int(next(file.tuples("SELECT frame_id FROM checkpoint"))[0])

    def _is_recorded(self) -> bool:
        return any(file.is_recorded() for file, _ in self._files)

    def _bounds(self) -> tuple[int, int]:
        """When the first frame passed, and the last or the end of a session; 0 where there are none."""
        found = [row for file, sessions in self._files for row in _bounds_of(file, sessions)]
        first = min((began for began, *_ in found if began is not None), default=0)
        ends = [closed or last for _, last, closed in found] if self._sessions else []
        ends = ends or [end for _, *row in found for end in row]
        return first, max((end for end in ends if end is not None), default=0)

    # Elements

    def _known(self, latest: Latest) -> set[bytes]:
        """The elements that there are: all that anybody told of, of one session those that it heard of."""
        return {*(() if self._sessions else self._names.elements), *latest.readings}

    def _element(self, uuid: bytes, latest: Latest) -> Element:
        known = latest.readings.get(uuid, {})
        values = [
            self._value(uuid, attribute, reading) for attribute, reading in sorted(known.items(), key=_order)
        ]
        return Element(uuid_text(uuid), self._names.element(uuid), values)

    def _value(self, uuid: bytes, attribute: AttributeKey, reading: Reading) -> Value:
        quality = named_number(reading.quality, identifiers.QUALITIES)
        code = reading.error_code
        return Value(
            attribute_name(attribute, uuid, self._names),
            reading_json(reading.value, reading.kind),
            reading.kind,
            str(quality) if quality is not None else None,
            (error_name(code, reading.opcode) or f"error {code}") if code is not None else None,
            reading.time,
            reading.file.place_name(reading.place[1]),
        )


_NAMES_TOLD: Final = """
    SELECT count(*), count(primary_key), count(category), (SELECT count(*) FROM element_attributes)
    FROM elements"""


_BOUNDS: Final = """
    SELECT (SELECT min(time) FROM frames), (SELECT max(time) FROM frames),
           (SELECT max(closed) FROM sessions)"""
_SESSION_BOUNDS: Final = "SELECT opened, (SELECT max(time) FROM frames), closed FROM sessions WHERE id = ?"


def _bounds_of(file: Database, sessions: list[int] | None) -> Iterator[tuple[Any, ...]]:
    if sessions is None:
        return file.tuples(_BOUNDS)
    return chain.from_iterable(file.tuples(_SESSION_BOUNDS, (session,)) for session in sessions)


def _order(item: tuple[AttributeKey, Reading]) -> tuple[bool, bool, str]:
    attribute, _ = item
    is_value = attribute == identifiers.ATTRIBUTE_VALUE
    return not is_value, isinstance(attribute, bytes), str(attribute).zfill(4)
