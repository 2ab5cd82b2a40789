"""What a recording holds around one thing.

Packets are looked for near by only, whatever the size of the recording is; exchanges of some kinds in all of
it, which is one look at the table of exchanges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from xentara_inspect.frames import address
from xentara_inspect.queries import summaries
from xentara_inspect.queries.carried import carried_request, home_of
from xentara_inspect.queries.causes import SHOWN_IDS, Fact
from xentara_inspect.queries.databases import Database, Databases, Recording
from xentara_inspect.queries.newest import NEWEST_FIRST, OLDEST_FIRST
from xentara_inspect.queries.parsed_frames import ParsedFrames, Shown
from xentara_inspect.queries.readings import unfolded
from xentara_inspect.queries.timeline import stretches
from xentara_inspect.queries.values import command_name, reading_json
from xentara_inspect.queries.where import Several, Where, among
from xentara_inspect.store.columns import loaded_attribute, loaded_integer
from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.readings import AttributeKey, attribute_number

FEW: Final = 1000
"""So many exchanges that say who somebody is, or what an element is called, are looked through."""
_STRETCHES: Final = 20
"""So many stretches of about four thousand packets are looked through for an element."""
_TALK: Final = (
    "SELECT e.id, e.session_id, e.message_id, e.opcode, e.element_id, e.status, e.error_code, e.error_text,"
    " e.requested, e.responded, e.latency, e.response_id FROM exchanges e"
)
_PACKETS: Final = "SELECT p.id, f.time FROM packets p NOT INDEXED CROSS JOIN frames f ON f.id = p.id >> 24"
_DESCRIBED: Final = """
    SELECT a.access, a.data_type, a.name, coalesce(b.number, b.uuid) AS attribute FROM element_attributes a
    JOIN elements e ON e.id = a.element_id JOIN attributes b ON b.id = a.attribute_id WHERE e.uuid = ?"""


class Talk(NamedTuple):
    """An exchange as its file has it. opcode, error_code, message_id: of any size."""

    file: Database
    id: int
    session_id: int
    message_id: int | None
    opcode: int | None
    element: bytes | None
    status: str
    error_code: int | None
    error_text: str | None
    requested: int | None
    responded: int | None
    latency: int | None
    response_id: int | None

    @property
    def time(self) -> int:
        """When it began."""
        return self.requested if self.requested is not None else self.responded or 0


class Value(NamedTuple):
    """An attribute's value in a packet. value: as JSON has it; of an error its code is in `error`."""

    place: int
    attribute: AttributeKey
    value: Any
    kind: str
    quality: int | None
    error: int | None


class Described(NamedTuple):
    """What meta_data told of an attribute."""

    attribute: AttributeKey
    name: str | None
    access: int | None
    data_type: int | None


class Past:
    """Asks the files of one recording."""

    def __init__(self, databases: Databases, recording: Recording) -> None:
        self.databases = databases
        self.names = databases.names
        self.files = recording.files
        self._recording = recording
        self._frames = {file.index: ParsedFrames(file) for file in recording.files}

    def name(self, place: int) -> str:
        """What `show` calls a place."""
        return self.files[0].place_name(place)

    def fact(self, text: str, *places: int | None) -> Fact:
        """Something that stands at these places."""
        there = (place for place in places if place is not None)
        return Fact(text, tuple(map(self.name, islice(there, SHOWN_IDS))))

    def talk(self, place: int) -> Talk | None:
        """The exchange of a packet, as the file has it that knows its end. Raises StoreError."""
        home = home_of(self._recording, place)
        if home is None:
            return None
        for column in ("id", "response_id"):
            where = Where()
            where.equal(f"e.{column}", place)
            for talk in _talks(home, where, 1):
                return talk
        return None

    def listed_as(self, place: int) -> int:
        """The place by which `log` lists what has a packet: of a response its request. Raises StoreError."""
        talk = self.talk(place)
        return talk.id if talk is not None else place

    def talks(self, where: Where, limit: int = FEW) -> list[Talk]:
        """Exchanges `e`, the newest first. Each once, as the last file has it. Raises StoreError."""
        found: dict[int, Talk] = {}
        for file in reversed(self.files):
            for talk in _talks(file, where, limit):
                found.setdefault(talk.id, talk)
        return list(islice(found.values(), limit))

    def told(
        self,
        opcodes: Sequence[int],
        *,
        session: int | None = None,
        before: int | None = None,
        answered: int | None = None,
    ) -> list[Talk]:
        """The last exchanges of some commands, before a place, of one connection or all.

        answered: at which time.
        """
        where = Where()
        where.equal("e.session_id", session)
        where.equal("e.responded", answered)
        where.add(among("e.opcode", opcodes)[0])
        if before is not None:
            where.add("e.id < ?", before)
        return self.talks(where)

    def asked_for(self, element: bytes, error_code: int) -> list[Talk]:
        """The last exchanges about an element that were answered by an error."""
        where = Where()
        where.equal("e.error_code", error_code)
        found: dict[int, Talk] = {}
        for file in reversed(self.files):
            keys = file.element_keys([element])
            if keys:
                about = where.also(among("e.element_id", keys)[0])
                found |= {talk.id: talk for talk in _talks(file, about, FEW) if talk.id not in found}
        return list(found.values())

    def request(self, talk: Talk) -> Shown | None:
        """The request of an exchange. Raises StoreError."""
        if talk.requested is None:
            return None
        for file in self.files:
            shown = self._frames[file.index].packet(talk.id) or carried_request(file, talk.id)
            if shown is not None:
                return shown
        return None

    def packet(self, file: Database, place: int | None) -> Shown | None:
        """A packet of a file. Raises StoreError."""
        return self._frames[file.index].packet(place)

    def response(self, talk: Talk) -> Shown | None:
        """The response of an exchange. Raises StoreError."""
        return self.packet(talk.file, talk.response_id)

    def words(self, talk: Talk) -> str:
        """An exchange in a short line, safe to print."""
        command = command_name(talk.opcode) or (
            "response" if talk.opcode is None else f"opcode {talk.opcode}"
        )
        said = summaries.of_exchange(talk.opcode, self.request(talk), self.response(talk), self.names)
        return f"{command} {said}".rstrip()

    def about(
        self,
        element: bytes,
        kind: Several[str],
        *,
        session: int | None = None,
        after: int = 0,
        before: int | None = None,
        newest: bool = True,
    ) -> Iterator[tuple[Database, int, int]]:
        """Packets of some kinds about an element between two places: (file, address, time), the newest first.

        Looks through the nearest stretches only. Raises StoreError.
        """
        direction = NEWEST_FIRST if newest else OLDEST_FIRST
        for file in reversed(self.files) if newest else self.files:
            keys = file.element_keys([element])
            nearest = [
                (first, end)
                for first, end, _ in (stretches(file, keys) if keys else ())
                if address(end) > after and (before is None or address(first) < before)
            ]
            for first, end in nearest[:_STRETCHES] if newest else nearest[::-1][:_STRETCHES]:
                where = Where()
                where.add("p.id BETWEEN ? AND ?", address(first), address(end) - 1)
                where.add("p.id > ?", after)
                where.equal("p.kind", kind)
                where.add(among("p.element_id", keys)[0])
                where.equal("f.session_id", session)
                if before is not None:
                    where.add("p.id < ?", before)
                rows = file.tuples(f"{_PACKETS}{where.sql} ORDER BY p.id{direction}", where.parameters)
                for place, time in rows:
                    yield file, place, time

    def values(self, file: Database, place: int) -> list[Value]:
        """The attribute values of a packet. Raises StoreError."""
        rows = list(
            file.tuples(
                "SELECT position, attribute_id, value, value_kind, quality, quality_position, NULL"
                " FROM attribute_values WHERE packet_id = ? ORDER BY position",
                (place,),
            )
        )
        quality = loaded_integer(rows[0][4]) if rows else None
        return [
            Value(
                place,
                attribute_number(file.attribute(reading.attribute_id)),
                None if reading.kind == "error" else reading_json(reading.value, reading.kind),
                reading.kind,
                quality,
                loaded_integer(reading.error_code),
            )
            for reading in (unfolded(rows) if rows else ())
        ]

    def described(self, element: bytes) -> list[Described]:
        """The attributes of an element, as meta_data told them. Raises StoreError."""
        found: dict[AttributeKey, Described] = {}
        for file in self.files:
            for row in file.rows(_DESCRIBED, (uuid_text(element),)):
                key = attribute_number(loaded_attribute(row["attribute"]))
                access, data_type = loaded_integer(row["access"]), loaded_integer(row["data_type"])
                found[key] = Described(key, row["name"], access, data_type)
        return list(found.values())


def _talks(file: Database, where: Where, limit: int) -> Iterator[Talk]:
    """Exchanges of one file, the newest first."""
    for row in file.rows(f"{_TALK}{where.sql} ORDER BY e.id DESC LIMIT {limit}", where.parameters):
        yield Talk(
            file,
            row["id"],
            row["session_id"],
            loaded_integer(row["message_id"]),
            loaded_integer(row["opcode"]),
            file.element(row["element_id"]),
            row["status"],
            loaded_integer(row["error_code"]),
            row["error_text"],
            row["requested"],
            row["responded"],
            row["latency"],
            row["response_id"],
        )
