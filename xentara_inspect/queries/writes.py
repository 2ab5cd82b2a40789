"""Who changed what: values to be written and stages to be changed, by whom and with what result."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from xentara_inspect.protocol import commands
from xentara_inspect.protocol.objects import AUTHENTICATION
from xentara_inspect.protocol.shape_types import Object, Uuid, UuidRole
from xentara_inspect.queries.carried import superseded
from xentara_inspect.queries.databases import Askable, Recording, as_databases
from xentara_inspect.queries.exchanges import EXCHANGE_TIME, ExchangeSearch
from xentara_inspect.queries.lines import LogLines
from xentara_inspect.queries.named import named_by
from xentara_inspect.queries.newest import Keyed, merged
from xentara_inspect.queries.parsed_frames import ParsedFrames, Shown
from xentara_inspect.queries.sessions import sessions
from xentara_inspect.queries.values import Row, command_name, error_name, iso_time, json_integer
from xentara_inspect.queries.where import Several, Where
from xentara_inspect.queries.words import attribute_text, attribute_value
from xentara_inspect.traffic.fields import entries, text, uuid
from xentara_inspect.traffic.names import Names, uuid_text
from xentara_inspect.traffic.packets import Request, Response
from xentara_inspect.traffic.readings import attribute_key

WRITE_KEYS: Final = (
    "id", "session", "time", "user", "client", "command", "element", "attribute", "value", "status",
    "error_code", "error_name",
)  # fmt: skip

CHANGING: Final = (commands.WRITE, commands.RESUME, commands.SUSPEND, commands.SHUTDOWN)
"""Opcodes of the commands that change the plant."""

_NONE: Final = Object("", ())
_CREATE: Final = commands.COMMANDS[commands.CREATE_SUB_SESSION].parameters or _NONE
_CREATED: Final = f"""
    SELECT id, requested, response_id FROM exchanges
    WHERE session_id = ? AND opcode = {commands.CREATE_SUB_SESSION} AND status = 'ok' ORDER BY id"""  # noqa: S608


def writes(
    asked: Askable,
    *,
    limit: int = 50,
    session: Several[int | str] = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `WRITE_KEYS`, oldest first: the newest `limit`, 0 for all. Raises StoreError, QuestionError.

    user: of the sub-session whose rights were asked for, else of the connection; None where nobody is
    named. value: in words, not too long for a line; None of a command that takes none. since, until:
    nanoseconds since 1970, end exclusive.
    """
    databases = as_databases(asked)
    people = {row["id"]: row for row in sessions(databases, limit=0)}
    later = superseded(databases)
    lists = []
    for file, session_id in databases.asked_for(session):
        where = Where()
        where.add("e.requested IS NOT NULL")
        where.equal("e.opcode", list(CHANGING))
        where.equal("e.session_id", session_id)
        where.between(EXCHANGE_TIME, since, until)
        where.none_of("e.id", later[file.index].exchanges)
        lines = _WriteLines(LogLines(file, databases.names), people)
        lists.append(partial(lines.rows, ExchangeSearch(where)))
    yield from merged(lists, limit)


class _WriteLines:
    """Makes rows of one file. people: rows of `sessions` by their id."""

    def __init__(self, lines: LogLines, people: dict[Any, Row]) -> None:
        self._lines = lines
        self._people = people
        self._sub_sessions: dict[int, list[tuple[int, bytes, str]]] = {}

    def rows(self, search: ExchangeSearch, direction: str) -> Iterator[Keyed]:
        file = self._lines.file
        for row in file.rows(*search.sql(file, direction)):
            yield search.key(row, file), self._row(row, self._lines.request(row))

    def _row(self, row: Any, request: Shown | None) -> Row:
        file = self._lines.file
        session = file.number(row["session_id"])
        person = self._people.get(session, {})
        told: Row = {"element": None, "attribute": None, "value": None}
        user = None
        if request is not None and isinstance(request.packet, Request):
            told = self._told(request.packet, request.payload)
            user = self._user_of_sub_session(request.packet, row)
        values = {
            "id": file.place_name(row["id"]),
            "session": session,
            "time": iso_time(row["time"]),
            "user": user or person.get("user"),
            "client": person.get("client"),
            "command": command_name(row["opcode"]),
            "status": row["status"],
            "error_code": json_integer(row["error_code"]),
            "error_name": error_name(row["error_code"], row["opcode"]),
        } | told
        return {key: values[key] for key in WRITE_KEYS}

    def _told(self, request: Request, payload: bytes) -> Row:
        """What was to be written, and where."""
        names = self._lines.names
        named = named_by(request, names)
        elements = named.texts(names)
        given = entries(request.body, _parameters(request))
        identifier, value = given.get("attribute_id"), given.get("attribute_value")
        attribute = attribute_key(identifier) if identifier is not None else None
        element = named.elements[0] if named.elements else b""
        return {
            "element": elements[0] if elements else None,
            "attribute": attribute_text(attribute, names, element) if attribute is not None else None,
            "value": attribute_value(attribute, value, payload) if value is not None else None,
        }

    def _user_of_sub_session(self, request: Request, row: Any) -> str | None:
        """Whose rights were asked for: the last who had been granted a sub-session of that name before."""
        shape = _parameters(request)
        given = entries(request.body, shape)
        for field in shape.fields:
            if isinstance(field.shape, Uuid) and field.shape.role is UuidRole.SUB_SESSION:
                wanted = uuid(given.get(field.name))
                if wanted is not None:
                    created = self._created_in(row["session_id"])
                    users = [user for place, name, user in created if name == wanted and place < row["id"]]
                    return users[-1] if users else f"sub-session {uuid_text(wanted)}"
        return None

    def _created_in(self, session_id: int) -> list[tuple[int, bytes, str]]:
        if session_id not in self._sub_sessions:
            recording = self._lines.file.recording
            self._sub_sessions[session_id] = sorted(_sub_sessions(recording, session_id))
        return self._sub_sessions[session_id]


def _parameters(request: Request) -> Object:
    command = commands.COMMANDS.get(request.opcode)
    return (command.parameters if command is not None else None) or _NONE


def _sub_sessions(recording: Recording, session_id: int) -> Iterator[tuple[int, bytes, str]]:
    """(address, UUID, who) of the sub-sessions that were granted in a session. Raises StoreError."""
    for file in recording.files:
        frames = ParsedFrames(file)
        lines = LogLines(file, Names())
        for row in file.rows(_CREATED, (session_id,)):
            asked, answered = lines.request(row), frames.packet(row["response_id"])
            if asked is None or answered is None or not isinstance(answered.packet, Response):
                continue
            granted = uuid(answered.packet.body)
            if granted is not None and isinstance(asked.packet, Request):
                yield row["id"], granted, _who(asked.packet)


def _who(request: Request) -> str:
    """Who asked for a sub-session: by name, else by what proved it."""
    shown = entries(request.body, _CREATE).get("authentication_information")
    option = AUTHENTICATION.by_tag.get(shown.value) if shown is not None else None
    if shown is None or option is None or not isinstance(option.shape, Object):
        return "sub-session"
    name = text(entries(shown.children[0], option.shape).get("username"))
    return name or f"sub-session by {option.name.removesuffix(' Authentication')}"
