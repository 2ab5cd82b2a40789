"""`log`: exchanges, events and malformed frames in one list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from xentara_inspect.protocol import commands as tables
from xentara_inspect.protocol.error_codes import ERROR_NAMES
from xentara_inspect.queries.carried import superseded
from xentara_inspect.queries.databases import Askable, as_databases
from xentara_inspect.queries.elements import WantedElement
from xentara_inspect.queries.events import EventLines
from xentara_inspect.queries.lines import EXCHANGE_TIME, LOG_KEYS, LogLines
from xentara_inspect.queries.newest import InDirection, Keyed, merged
from xentara_inspect.queries.subscriptions import subscriptions_of_events
from xentara_inspect.queries.unknown import not_known
from xentara_inspect.queries.values import Row
from xentara_inspect.queries.where import Where
from xentara_inspect.store.columns import stored_integer

__all__ = ["LOG_KEYS", "LogFilter", "log"]

_NUMBER: Final = re.compile(r"-?[0-9]{1,40}")


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What to list. since, until: nanoseconds since 1970, end exclusive.

    commands: by name or opcode. element: primary key or UUID. error: code or name.
    """

    session: int | str | None = None
    commands: Sequence[str | int] = ()
    status: str | None = None
    element: str | None = None
    error: str | int | None = None
    message_id: int | None = None
    since: int | None = None
    until: int | None = None

    @property
    def wants_exchanges_only(self) -> bool:
        """Whether something is asked for that only exchanges have."""
        asked = (self.status, self.error, self.message_id)
        return bool(self.commands) or any(value is not None for value in asked)


def log(
    asked: Askable,
    *,
    limit: int = 50,
    with_events: bool = False,
    with_malformed: bool = True,
    **filters: Any,
) -> Iterator[Row]:
    """Rows with `LOG_KEYS`, oldest first: the newest `limit` of them, 0 for all.

    filters: the fields of `LogFilter`. What asks for something that only exchanges have leaves out
    events and malformed frames. Raises StoreError; QuestionError for what is not known.
    """
    databases = as_databases(asked)
    wanted = LogFilter(**filters)
    element = WantedElement(wanted.element, databases) if wanted.element is not None else None
    later = superseded(databases)
    of_exchanges = _of_exchanges(wanted)
    found = subscriptions_of_events(databases)
    lists: list[InDirection] = []
    for file, session_id in databases.asked_for(wanted.session):
        lines = LogLines(file, databases.names)
        where = of_exchanges.also("1")
        where.equal("e.session_id", session_id)
        where.none_of("e.id", later[file.index].exchanges)
        lists.append(partial(lines.exchanges, where, element))
        if wanted.wants_exchanges_only:
            continue
        where = Where()
        where.equal("f.session_id", session_id)
        where.between("f.time", wanted.since, wanted.until)
        keys = element.keys_in(file) if element is not None else None
        if with_events and keys != []:
            events = EventLines(file, databases.names, found[file.recording.index])
            lists.append(partial(_events, lines, events, where, keys, limit))
        if with_malformed and element is None:
            lists.append(partial(lines.malformed, where))
    is_empty = True
    for row in merged(lists, limit):
        is_empty = False
        yield row
    # A lookup of what there is not names an element, too.
    if is_empty and element is not None and not element.is_known:
        raise element.unknown()


def _events(
    lines: LogLines,
    events: EventLines,
    where: Where,
    elements: Sequence[int] | None,
    limit: int,
    direction: str,
) -> Iterator[Keyed]:
    for key, event in events.rows(where, elements, limit, direction):
        yield key, lines.event(event)


def _of_exchanges(wanted: LogFilter) -> Where:
    """What is asked of exchanges `e` in every file. Raises QuestionError."""
    where = Where()
    where.between(EXCHANGE_TIME, wanted.since, wanted.until)
    where.one_of("e.opcode", [_opcode(name) for name in wanted.commands] or None)
    where.equal("e.status", wanted.status)
    where.equal("e.message_id", wanted.message_id)
    if wanted.error is not None:
        where.any_of(_errors(str(wanted.error)))
    return where


def _opcode(name: str | int) -> int:
    opcode = tables.OPCODES.get(str(name).lower())
    if opcode is None:
        if not _NUMBER.fullmatch(str(name)):
            raise not_known("command", str(name), tables.OPCODES)
        opcode = int(name)
    return opcode


def _errors(wanted: str) -> list[tuple[str, Sequence[Any]]]:
    """Conditions of which one holds for the errors that a code or name means.

    A code may have another name as the answer to some commands: then the name means it with those alone.
    """
    if _NUMBER.fullmatch(wanted):
        return [("e.error_code = ?", (stored_integer(int(wanted)),))]
    name = wanted.lower().replace("-", " ").replace("_", " ")
    special = [
        (row.opcode, code, called)
        for row in tables.COMMANDS.values()
        for code, called in row.error_names.items()
    ]
    found: list[tuple[str, Sequence[Any]]] = [
        ("(e.error_code = ? AND e.opcode = ?)", (code, opcode))
        for opcode, code, called in special
        if called.lower() == name
    ]
    for code, called in ERROR_NAMES.items():
        if called.lower() == name:
            others = ", ".join(str(opcode) for opcode, other, _ in special if other == code)
            found.append((f"(e.error_code = ? AND coalesce(e.opcode, -1) NOT IN ({others}))", (code,)))
    if not found:
        raise not_known("error", wanted, {*ERROR_NAMES.values(), *(called for *_, called in special)})
    return found
