"""The lines of the log: exchanges and malformed packets of one file, with names as far as they are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from xentara_inspect.queries import summaries
from xentara_inspect.queries.carried import carried_request
from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.exchanges import ExchangeSearch
from xentara_inspect.queries.named import Named, named_by
from xentara_inspect.queries.newest import Keyed
from xentara_inspect.queries.parsed_frames import ParsedFrames, Shown
from xentara_inspect.queries.values import (
    Row,
    command_name,
    element_name,
    error_name,
    iso_time,
    json_integer,
    milliseconds,
)
from xentara_inspect.queries.where import Where
from xentara_inspect.store.columns import loaded_integer
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Request

LOG_KEYS: Final = (
    "kind", "id", "session", "time", "command", "opcode", "message_id", "status", "error_code",
    "error_name", "latency_ms", "element", "elements", "summary",
)  # fmt: skip

_MALFORMED: Final = """
    SELECT p.id, f.time, f.session_id,
           (SELECT message FROM findings WHERE address = p.id ORDER BY id LIMIT 1) AS message
    FROM packets p JOIN frames f ON f.id = p.id >> 24"""


class LogLines:
    """Makes rows with `LOG_KEYS` of one file."""

    def __init__(self, file: Database, names: Names) -> None:
        self.file = file
        self.names = names
        self.frames = ParsedFrames(file)

    def exchanges(self, search: ExchangeSearch, direction: str) -> Iterator[Keyed]:
        """Exchanges `e` in a direction."""
        element, text = search.element, search.text
        for row in self.file.rows(*search.sql(self.file, direction)):
            request = self.request(row)
            named = self.named(request)
            if element is not None and row["element_id"] is None and not element.is_among(named):
                continue
            line = self.line(row, request, named)
            if row["is_found"] or (text is not None and text.is_about(named.elements, line)):
                yield search.key(row, self.file), line

    def malformed(self, where: Where, direction: str) -> Iterator[Keyed]:
        """Malformed packets, and frames that are malformed as a whole, in a direction."""
        where = where.also("p.kind = 'malformed'")
        if self.file.news is not None:
            where = where.also(self.file.news.of_packets("p.id"))
        sql = f"{_MALFORMED}{where.sql} ORDER BY f.time{direction}, p.id{direction}"
        for row in self.file.rows(sql, where.parameters):
            yield self._key(row), self._line("malformed", row) | {"summary": row["message"] or ""}

    def event(self, event: Row) -> Row:
        """The line of a row of `events`."""
        line: Row = dict.fromkeys(LOG_KEYS)
        line |= {key: event[key] for key in ("id", "session", "time", "element", "summary")}
        return line | {"kind": "event", "elements": _listed(event["element"])}

    def frame(self, address: int, session_id: int, time: int, summary: str) -> Row:
        """A whole frame."""
        row = {"id": address, "session_id": session_id, "time": time}
        return self._line("frame", row) | {"summary": summary}

    def request(self, row: Any) -> Shown | None:
        """The request of an exchange; None where there is none. row: id and requested of it."""
        if row["requested"] is None:
            return None
        return self.frames.packet(row["id"]) or carried_request(self.file, row["id"])

    def named(self, request: Shown | None) -> Named:
        """What the request of an exchange names."""
        if request is None or not isinstance(request.packet, Request):
            return Named()
        return named_by(request.packet, self.names)

    def line(self, row: Any, request: Shown | None, named: Named) -> Row:
        """The line of an exchange. request: as it is there, and what it names."""
        response = self.frames.packet(row["response_id"])
        elements = named.texts(self.names)
        element = element_name(self.file.element(row["element_id"]), self.names)
        return self._line("exchange", row) | {
            "command": command_name(row["opcode"]),
            "opcode": json_integer(row["opcode"]),
            "message_id": json_integer(row["message_id"]),
            "status": row["status"],
            "error_code": json_integer(row["error_code"]),
            "error_name": error_name(row["error_code"], row["opcode"]),
            "latency_ms": milliseconds(row["latency"]),
            "element": element or (elements[0] if len(elements) == 1 else None),
            "elements": elements or _listed(element),
            "summary": summaries.of_exchange(loaded_integer(row["opcode"]), request, response, self.names),
        }

    def _key(self, row: Any) -> tuple[int, int, int]:
        return row["time"], self.file.recording.index, row["id"]

    def _line(self, kind: str, row: Any) -> Row:
        line: Row = dict.fromkeys(LOG_KEYS)
        return line | {
            "kind": kind,
            "id": self.file.place_name(row["id"]),
            "session": self.file.number(row["session_id"]),
            "time": iso_time(row["time"]),
            "elements": [],
        }


def _listed(element: str | None) -> list[str]:
    return [element] if element is not None else []
