"""Connections as what two recordings are compared by: what was asked, in its order, and what came of it.

Of an exchange there are numbers of what it says, and where to find it again: 48 bytes however long it is.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, NamedTuple

from xentara_inspect.queries.carried import superseded
from xentara_inspect.queries.comparable import (
    Asked,
    Comparable,
    Given,
    Structure,
    Written,
    asked_by,
    number_of,
)
from xentara_inspect.queries.databases import Database, Databases
from xentara_inspect.queries.differences import outcome
from xentara_inspect.queries.exchanges import ExchangeSearch
from xentara_inspect.queries.ignoring import Ignored
from xentara_inspect.queries.lines import LogLines
from xentara_inspect.queries.newest import OLDEST_FIRST
from xentara_inspect.queries.parsed_frames import Shown
from xentara_inspect.queries.values import command_name, element_name
from xentara_inspect.queries.where import Several, Where
from xentara_inspect.store.columns import loaded_integer
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Response
from xentara_inspect.traffic.records import Status

_EXCHANGES: Final = """
    SELECT e.id, e.session_id, e.opcode, e.element_id, e.status, e.error_code, e.latency, e.requested,
           e.response_id
    FROM exchanges e"""
_MALFORMED: Final = """
    SELECT p.id, f.session_id, f.from_client FROM packets p JOIN frames f ON f.id = p.id >> 24"""
_NOT_KNOWN: Final = -1
"""A latency that there is none of."""


class Label(NamedTuple):
    """What an exchange is about, for people. element: primary key, else UUID."""

    command: str | None
    element: str | None


@dataclass(slots=True)
class Lane:
    """Exchanges in their order, an array for each thing that is known of them.

    ids: addresses. homes: indices of their files. asked: numbers of what was asked, without a value that was
    to be written; whole: with it. answers: numbers of what came of it. latencies: in ns, -1 for none.
    """

    ids: array[int] = field(default_factory=lambda: array("q"))
    homes: array[int] = field(default_factory=lambda: array("q"))
    asked: array[int] = field(default_factory=lambda: array("q"))
    whole: array[int] = field(default_factory=lambda: array("q"))
    answers: array[int] = field(default_factory=lambda: array("q"))
    latencies: array[int] = field(default_factory=lambda: array("q"))

    def add(self, *numbers: int) -> None:
        """One more, in the order of the arrays."""
        for column, number in zip(self._columns(), numbers, strict=True):
            column.append(number)

    def sort(self) -> None:
        """Put them into the order of their addresses."""
        places = sorted(range(len(self.ids)), key=self.ids.__getitem__)
        for column in self._columns():
            column[:] = array("q", [column[place] for place in places])

    def _columns(self) -> tuple[array[int], ...]:
        return self.ids, self.homes, self.asked, self.whole, self.answers, self.latencies


class Span(NamedTuple):
    """When a connection opened and closed, ns since 1970. closed: None where nobody knows."""

    opened: int
    closed: int | None


@dataclass(slots=True)
class Conversation:
    """A connection. name: as `sessions` has it. requests: what the client sent, with what came of it.

    unasked: responses without a request, and what of the server is malformed. end: why there never was a
    connection, or the code that closed it.
    """

    name: str
    key: tuple[int, int]
    span: Span
    end: str | None = None
    requests: Lane = field(default_factory=Lane)
    unasked: Lane = field(default_factory=Lane)
    given: Given = field(default_factory=Given)


class Conversations:
    """The connections of one side, and its exchanges as structure.

    labels: what to call exchanges, by the number of what was asked; None for what does not count. without:
    addresses of requests that do not count either.
    """

    def __init__(
        self,
        databases: Databases,
        names: Names,
        ignored: Ignored,
        labels: dict[int, Label | None],
        without: Collection[int] = (),
    ) -> None:
        self.databases = databases
        self._names = names
        self._ignored = ignored
        self._labels = labels
        self._without = without
        self._lines = [LogLines(file, names) for file in databases.files]

    def read(self, session: Several[int | str]) -> list[Conversation]:
        """The connections in the order in which they opened. Raises StoreError, QuestionError."""
        found: dict[tuple[int, int], Conversation] = {}
        later = superseded(self.databases)
        for file, sessions in self.databases.asked_for(session):
            talks = dict(_sessions(file, sessions, found))
            where = Where()
            where.equal("e.session_id", sessions)
            where.none_of("e.id", later[file.index].exchanges)
            for row in file.rows(f"{_EXCHANGES}{where.sql} ORDER BY e.id", where.parameters):
                self._add(file, row, talks[row["session_id"]])
            self._add_malformed(file, sessions, talks)
        for talk in found.values():
            talk.requests.sort()
            talk.unasked.sort()
        return sorted(found.values(), key=lambda talk: (talk.span.opened, talk.key))

    def answer(self, home: int, place: int) -> Structure:
        """What came of a request, as structure; None for what is malformed. home: the index of its file."""
        file, row = self._row(home, place)
        return self._answer(file, row) if row is not None else None

    def written(self, home: int, place: int) -> Written | None:
        """What was to be written; None where nothing was, or nothing that counts."""
        file, row = self._row(home, place)
        return self._asked(file, row, Given()).written if row is not None else None

    def parameters(self, home: int, place: int) -> Structure:
        """The parameters of a request, without a value to be written; None where there is none."""
        file, row = self._row(home, place)
        if row is None or row["requested"] is None:
            return None
        return self._asked(file, row, Given()).structure[1]

    def response(self, home: int, place: int) -> Shown | None:
        """The packet that answered a request; None for none."""
        _, row = self._row(home, place)
        return self._lines[home].frames.packet(row["response_id"]) if row is not None else None

    def time(self, home: int, place: int) -> int:
        """When something came, ns since 1970: a request's answer where there is one, else the request."""
        _, row = self._row(home, place)
        return (row["requested"] or 0) + (row["latency"] or 0) if row is not None else 0

    def summary(self, home: int, place: int) -> str:
        """A line for people about an exchange, or what is malformed."""
        lines = self._lines[home]
        exchange, packet = Where(), Where()
        exchange.equal("e.id", place)
        packet.equal("p.id", place)
        found = chain(
            lines.exchanges(ExchangeSearch(exchange), OLDEST_FIRST), lines.malformed(packet, OLDEST_FIRST)
        )
        summary = next((str(line["summary"]) for _, line in found), "")
        answer = self.answer(home, place) if not summary else None
        return outcome(answer) if answer is not None else summary

    def _row(self, home: int, place: int) -> tuple[Database, Any]:
        file = self.databases.files[home]
        return file, file.row(f"{_EXCHANGES} WHERE e.id = ?", place)

    def _add(self, file: Database, row: Any, talk: Conversation) -> None:
        if row["id"] in self._without:
            return
        if self._ignored.opcodes and loaded_integer(row["opcode"]) in self._ignored.opcodes:
            return
        said = self._asked(file, row, talk.given)
        answer = self._answer(file, row)
        request = row["requested"] is not None
        asked = said.number if request else number_of(["unasked", answer])
        label = self._label(asked, file, row)
        response = self._lines[file.index].frames.packet(row["response_id"])
        if request and response is not None and isinstance(response.packet, Response):
            talk.given.learn(asked, loaded_integer(row["opcode"]) or 0, response.packet)
        if label is None:
            return
        whole = said.whole(asked)
        latency = row["latency"] if row["latency"] is not None else _NOT_KNOWN
        lane = talk.requests if request else talk.unasked
        lane.add(row["id"], file.index, asked, whole, number_of([said.written, answer]), latency)

    def _add_malformed(
        self, file: Database, sessions: Sequence[int] | None, talks: dict[int, Conversation]
    ) -> None:
        where = Where()
        where.add("p.kind = 'malformed'")
        where.equal("f.session_id", sessions)
        for row in file.rows(f"{_MALFORMED}{where.sql} ORDER BY p.id", where.parameters):
            shown = self._lines[file.index].frames.packet(row["id"])
            talk = talks[row["session_id"]]
            if row["id"] in self._without:
                continue
            lane = talk.requests if row["from_client"] else talk.unasked
            if shown is not None:
                item = shown.packet.item
                said = shown.payload[item.start : item.end] if item is not None else shown.payload
                number = number_of(["malformed", bool(row["from_client"]), said.hex()])
                self._labels[number] = Label(None, None)
                lane.add(row["id"], file.index, number, number, 0, _NOT_KNOWN)

    def _asked(self, file: Database, row: Any, given: Given) -> Asked:
        """What was asked. given: by the server so far."""
        request = self._lines[file.index].request(row)
        if request is None:
            return Asked([loaded_integer(row["opcode"]), None], None)
        return asked_by(request, self._names, given, self._ignored.is_attribute)

    def _answer(self, file: Database, row: Any) -> Structure:
        response = self._lines[file.index].frames.packet(row["response_id"])
        status = Status.UNANSWERED.value if row["status"] == Status.PENDING else row["status"]
        found = {}
        if response is not None:
            found = self._structure(response, loaded_integer(row["opcode"]), None)
        return {"status": status} | {key: found[key] for key in ("result", "error") if key in found}

    def _structure(self, shown: Shown, opcode: int | None, given: Given | None) -> Structure:
        decoder = Comparable(shown.payload, self._names, opcode, given, self._ignored.is_attribute)
        return decoder.packet(shown.packet)

    def _label(self, asked: int, file: Database, row: Any) -> Label | None:
        """What to call an exchange; None where it is about what does not count."""
        if asked not in self._labels:
            lines = self._lines[file.index]
            named = lines.named(lines.request(row))
            element = element_name(file.element(row["element_id"]), self._names)
            texts = named.texts(self._names)
            label = Label(
                command_name(row["opcode"]) or (str(row["opcode"]) if row["opcode"] is not None else None),
                element or (texts[0] if len(texts) == 1 else None),
            )
            self._labels[asked] = None if self._ignored.is_named(named) else label
        return self._labels[asked]


def _sessions(
    file: Database,
    sessions: Sequence[int] | None,
    found: dict[tuple[int, int], Conversation],
) -> Iterator[tuple[int, Conversation]]:
    """The conversations of a file by session; those that are new are put to the others."""
    where = Where()
    where.equal("id", sessions)
    sql = f"SELECT id, opened, closed, refused, close_code FROM sessions{where.sql}"  # noqa: S608 - a text of ours
    for row in file.rows(sql, where.parameters):
        key = file.recording.index, row["id"]
        span = Span(row["opened"] or 0, row["closed"])
        if key not in found:
            found[key] = Conversation(str(file.number(row["id"])), key, span)
        talk = found[key]
        talk.span = span
        closed = f"closed with code {row['close_code']}" if row["close_code"] is not None else None
        talk.end = f"refused: {row['refused']}" if row["refused"] is not None else closed
        yield row["id"], talk
