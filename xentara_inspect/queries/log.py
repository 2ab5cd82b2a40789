"""`log`: exchanges, events and malformed frames in one list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from xentara_inspect.queries.carried import superseded
from xentara_inspect.queries.databases import Askable, Database, Databases, as_databases
from xentara_inspect.queries.elements import WantedElement
from xentara_inspect.queries.errors import wanted_errors
from xentara_inspect.queries.events import EventLines
from xentara_inspect.queries.exchanges import EXCHANGE_TIME, ExchangeSearch, wanted_opcode
from xentara_inspect.queries.found import FoundPackets
from xentara_inspect.queries.grep import Grep, wanted_text
from xentara_inspect.queries.lines import LOG_KEYS, LogLines
from xentara_inspect.queries.newest import InDirection, Keyed, merged
from xentara_inspect.queries.subscriptions import subscriptions_of_events
from xentara_inspect.queries.values import Row
from xentara_inspect.queries.where import Several, Where, several

__all__ = ["LOG_KEYS", "LogFilter", "log"]


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What to list; of several values of one filter one is enough.

    commands: by name or opcode. element: primary key, pattern or UUID. error: code or name. grep: a text
    in names, values, errors or notation. slower_than: nanoseconds from request to response. since, until:
    nanoseconds since 1970, end exclusive.
    """

    session: Several[int | str] = None
    commands: Sequence[str | int] = ()
    status: Several[str] = None
    element: Several[str] = None
    error: Several[str | int] = None
    message_id: Several[int] = None
    grep: str | None = None
    slower_than: int | None = None
    since: int | None = None
    until: int | None = None

    @property
    def wants_exchanges_only(self) -> bool:
        """Whether something is asked for that only exchanges have."""
        asked = (self.commands, several(self.status), several(self.error), several(self.message_id))
        return any(asked) or self.slower_than is not None


def log(
    asked: Askable,
    *,
    limit: int = 50,
    with_events: bool = False,
    with_malformed: bool = True,
    slowest: bool = False,
    ended: bool = False,
    **filters: Any,
) -> Iterator[Row]:
    """Rows with `LOG_KEYS`, oldest first: the newest `limit` of them, 0 for all.

    filters: the fields of `LogFilter`. What asks for something that only exchanges have leaves out
    events and malformed frames. slowest: the slowest `limit` exchanges instead, the slowest first. ended:
    whether exchanges are left out that may still be answered. Raises StoreError; QuestionError for what
    is not known.
    """
    databases = as_databases(asked)
    wanted = LogFilter(**filters)
    element = WantedElement(several(wanted.element), databases) if several(wanted.element) else None
    if element is not None and len(several(wanted.element)) > 1:
        for name in element.unknown_names:
            next(log(databases, limit=1, element=name), None)  # raises where nobody asked for it either
    text = wanted_text(wanted.grep, databases)
    others = _Others(databases, wanted, element, text, limit)
    of_exchanges = conditions(wanted, ended=ended)
    lists: list[InDirection] = []
    for file, sessions, where in files_asked(databases, wanted.session, of_exchanges):
        found = text.packets(file) if text is not None else None
        lines = LogLines(file, databases.names)
        search = ExchangeSearch(where, element, text, found, limit if slowest else None)
        lists.append(partial(lines.exchanges, search))
        if not (slowest or wanted.wants_exchanges_only):
            lists += others.events(lines, sessions, found) if with_events else ()
            lists += others.malformed(lines, sessions, found) if with_malformed else ()
    is_empty = True
    for row in islice(merged(lists), limit or None) if slowest else merged(lists, limit):
        is_empty = False
        yield row
    # A lookup of what there is not names an element, too.
    if is_empty and element is not None and not element.is_known:
        raise element.unknown()


def files_asked(
    databases: Databases, session: Several[int | str], of_exchanges: Where
) -> Iterator[tuple[Database, Sequence[int] | None, Where]]:
    """The files to ask, with the sessions there, and what is asked of exchanges `e` in each."""
    later = superseded(databases)
    for file, sessions in databases.asked_for(session):
        where = of_exchanges.also("1")
        where.equal("e.session_id", sessions)
        where.none_of("e.id", later[file.index].exchanges)
        yield file, sessions, where


class _Others:
    """The lists of what is no exchange."""

    def __init__(
        self,
        databases: Databases,
        wanted: LogFilter,
        element: WantedElement | None,
        text: Grep | None,
        limit: int,
    ) -> None:
        self._names = databases.names
        self._subscriptions = subscriptions_of_events(databases)
        self._wanted = wanted
        self._element = element
        self._text = text
        self._limit = limit

    def events(
        self, lines: LogLines, sessions: Sequence[int] | None, found: FoundPackets | None
    ) -> Iterator[InDirection]:
        """The events of a file. found: the packets that have the text."""
        file = lines.file
        keys = self._element.keys_in(file) if self._element is not None else None
        if keys != []:
            events = EventLines(file, self._names, self._subscriptions[file.recording.index])
            searched = [found] if found is not None else []
            where = self._where(sessions)
            rows = partial(events.rows, where, keys, self._limit, found=searched)
            yield partial(_event_lines, lines, rows)

    def malformed(
        self, lines: LogLines, sessions: Sequence[int] | None, found: FoundPackets | None
    ) -> Iterator[InDirection]:
        """What is malformed, which is about no element."""
        if self._element is None:
            where = self._where(sessions)
            if self._text is not None and found is not None:
                where.any_of([(found.have("p.id"), []), self._text.malformed])
            yield partial(lines.malformed, where)

    def _where(self, sessions: Sequence[int] | None) -> Where:
        where = Where()
        where.equal("f.session_id", sessions)
        where.between("f.time", self._wanted.since, self._wanted.until)
        return where


def _event_lines(lines: LogLines, rows: InDirection, direction: str) -> Iterator[Keyed]:
    for key, event in rows(direction):
        yield key, lines.event(event)


def conditions(wanted: LogFilter, *, ended: bool) -> Where:
    """What is asked of exchanges `e` in every file. Raises QuestionError."""
    where = Where()
    if ended:
        where.add("e.status <> 'pending'")
    where.between(EXCHANGE_TIME, wanted.since, wanted.until)
    where.equal("e.opcode", [wanted_opcode(name) for name in wanted.commands])
    where.equal("e.status", wanted.status)
    where.equal("e.message_id", wanted.message_id)
    where.any_of([condition for error in several(wanted.error) for condition in wanted_errors(error)])
    if wanted.slower_than is not None:
        where.add("e.latency > ?", wanted.slower_than)
    return where
