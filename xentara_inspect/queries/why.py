"""`why`: the causes of what went wrong with a request, an event, a connection, a subscription, a finding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from xentara_inspect.escape import safe
from xentara_inspect.frames import address, frame_of, position_in
from xentara_inspect.queries.carried import home_of
from xentara_inspect.queries.causes import CAUSE_KEYS, Cause, cause_of, rule_of
from xentara_inspect.queries.databases import Askable, Database, Databases, as_databases
from xentara_inspect.queries.explaining import errors, sessions, waiting
from xentara_inspect.queries.explaining.events import EventSeen, causes_of_event
from xentara_inspect.queries.explaining.findings import causes_of_findings
from xentara_inspect.queries.explaining.past import Past, Talk
from xentara_inspect.queries.explaining.subscriptions import causes_of_subscription
from xentara_inspect.queries.ranges import LAST, last
from xentara_inspect.queries.show import show
from xentara_inspect.queries.subscriptions import subscribed_where
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.queries.values import Row
from xentara_inspect.queries.words import element_text
from xentara_inspect.store.addresses import parse_address
from xentara_inspect.traffic.names import uuid_from_text, uuid_text

__all__ = ["CAUSE_KEYS", "WHY_KEYS", "cause_of", "why"]

WHY_KEYS: Final = ("id", "about", "causes")
_IN_A_MESSAGE: Final = 20
"""So many packets of one message are explained, and as many of its findings."""
_SILENT: Final = "silent-subscription"
_NO_EVENTS: Final = "no-events"
"""The finding, once it had been silent for long, and the cause that tells the same of any."""
_OF_EXCHANGE: Final = (
    "id IN (SELECT id FROM findings WHERE exchange_id = ?"
    " UNION SELECT id FROM findings WHERE address IN (?, ?))"
)
_NAMED: Final = re.compile(r"(session|finding):(.+)", re.DOTALL)


def why(asked: Askable, what: str) -> Row:
    """A row with `WHY_KEYS` for what a name means; no causes where nothing went wrong.

    what: an address as `show` takes it, `last`, the UUID of a subscription, `session:3`, `finding:7`.
    about: a line for people. causes: rows with `CAUSE_KEYS`, the first one first to look at; evidence: what
    `show` takes; details: texts with the ids of what shows them. Packets and values are looked for near by
    only, exchanges of some kinds in the whole recording. Raises QuestionError for what is not there, or not
    clear; StoreError.
    """
    databases = as_databases(asked)
    what = what.strip()
    named = _NAMED.fullmatch(what)
    if named is not None:
        about, causes = (_session if named[1] == "session" else _finding)(databases, named[2])
        return _row(what, about, causes)
    uuid = uuid_from_text(what)
    if uuid is not None:
        return _subscription(databases, uuid, what)
    name = last(databases) if what == LAST else what
    if name is None:
        raise _nothing(what)
    return _place(databases, name)


def _row(name: str, about: str, causes: Iterable[Row]) -> Row:
    return {"id": name, "about": safe(about), "causes": list(causes)}


def _nothing(what: str, listed_by: str = "log") -> QuestionError:
    return QuestionError(f"{what} is not there; `xentara-inspect {listed_by}` lists what is")


def _session(databases: Databases, name: str) -> tuple[str, Iterator[Row]]:
    recording, number = databases.located(name)
    past = Past(databases, recording)
    row = sessions.session_row(past, int(number)) if number.isdecimal() and len(number) < 19 else None
    if row is None:
        raise _nothing(f"session {name}", "sessions")
    causes = sessions.causes_of_session(past, int(number))
    return sessions.about_session(row), (cause.row() for cause in causes)


def _finding(databases: Databases, name: str) -> tuple[str, list[Row]]:
    label, _, number = name.rpartition(":")
    files = [file for file in databases.files if not label or file.label == label]
    if len(files) > 1:
        raise QuestionError(f"{name} may be in each of {len(files)} databases: say {files[-1].label}:{name}")
    given = number.isdecimal() and number.isascii() and len(number) < 19
    past = Past(databases, files[0].recording) if files and given else None
    causes = _of_findings(past, files, "id = ?", int(number)) if past is not None else []
    if not causes:
        raise _nothing(f"finding {name}", "findings --json")
    return f"{causes[0]['code']}: {causes[0]['summary']}", causes


def _subscription(databases: Databases, uuid: bytes, what: str) -> Row:
    """Of several with one UUID the last."""
    found = subscribed_where(databases, databases.files, "uuid", uuid_text(uuid))
    if not found:
        known = "an element" if databases.names.is_element(uuid) else "not there"
        raise QuestionError(
            f"{what} is {known}, no subscription; `xentara-inspect subscriptions` lists these"
        )
    return _place(databases, found[-1].row["id"])


def _place(databases: Databases, name: str) -> Row:
    recording, text = databases.located(name)
    place = parse_address(text)
    home = home_of(recording, place) if place is not None else None
    if place is None or home is None:
        raise _nothing(name)
    past = Past(databases, recording)
    talk = past.talk(place)
    if talk is not None:
        return _row(past.name(talk.id), past.words(talk), _of_talk(past, talk))
    if not position_in(place):
        return _message(past, home, place)
    seen = EventSeen(past, home, place)
    if seen.is_there:
        about = f"event {element_text(seen.element, past.names)}".rstrip()
        causes = [
            *_of_findings(past, [home], "address = ?", place),
            *_rows(causes_of_event(seen), past.name(place)),
        ]
        return _row(past.name(place), about, causes)
    shown = show(databases, name)
    if shown is None:
        raise _nothing(name)
    return _row(
        shown["id"], f"{shown['kind']}: {shown['summary']}", _of_findings(past, [home], "address = ?", place)
    )


def _rows(causes: Iterable[Cause], *first: str) -> Iterator[Row]:
    return (cause.row(*first) for cause in causes)


def _of_talk(past: Past, talk: Talk) -> Iterator[Row]:
    """The causes of an exchange: what the client did, what the server answered, when."""
    found = _of_findings(past, past.files, _OF_EXCHANGE, talk.id, talk.id, talk.response_id or talk.id)
    told = [_of_status(past, talk), *errors.refused_attributes(past, talk), *waiting.slow(past, talk)]
    causes = [cause for cause in told if cause is not None]
    rules = [rule_of(cause.code) for cause in causes]
    was_found = any(row["code"] == _SILENT for row in found)
    for row in found:
        # Else it is the other side of one of these, or told below with all that shows it.
        if rule_of(row["code"]) not in rules and row["code"] != _SILENT:
            yield row
    yield from _rows(causes, past.name(talk.id))
    if errors.is_granted_subscription(talk):
        for subscribed in subscribed_where(past.databases, past.files, "id", talk.id):
            for cause in causes_of_subscription(past, subscribed):
                code = _SILENT if was_found and cause.code == _NO_EVENTS else cause.code
                yield replace(cause, code=code).row(subscribed.row["id"])


def _of_status(past: Past, talk: Talk) -> Cause | None:
    if talk.status == "error":
        return errors.refused(past, talk)
    if talk.status in ("unanswered", "pending"):
        return waiting.unanswered(past, talk)
    return waiting.unsolicited(past, talk) if talk.status == "unsolicited" else None


def _of_findings(past: Past, files: Sequence[Database], condition: str, *parameters: int) -> list[Row]:
    """A cause for each kind of finding."""
    found = causes_of_findings(past, files, condition, *parameters)
    return [cause.row(*([place] if place is not None else [])) for cause, place in found]


def _message(past: Past, home: Database, place: int) -> Row:
    """A whole message: its findings, then the causes of each exchange and event in it."""
    low, high = address(frame_of(place)), address(frame_of(place) + 1) - 1
    causes = _of_findings(past, [home], "address BETWEEN ? AND ?", low, high)
    found = {row["code"] for row in causes}  # of all packets together
    exchanges = list(
        home.tuples(
            "SELECT id FROM exchanges WHERE id BETWEEN ?1 AND ?2"
            " UNION SELECT id FROM exchanges WHERE response_id BETWEEN ?1 AND ?2 ORDER BY 1 LIMIT ?3",
            (low, high, _IN_A_MESSAGE),
        )
    )
    for (row_id,) in exchanges:
        talk = past.talk(row_id)
        if talk is not None:
            causes += [row for row in _of_talk(past, talk) if row["code"] not in found]
    events = "SELECT id FROM packets WHERE id BETWEEN ? AND ? AND kind = 'event' ORDER BY id LIMIT ?"
    for (row_id,) in list(home.tuples(events, (low, high, _IN_A_MESSAGE))):
        causes += _rows(causes_of_event(EventSeen(past, home, row_id)), past.name(row_id))
    packets = home.row("SELECT count(*) AS count FROM packets WHERE id BETWEEN ? AND ?", low, high)
    number = packets["count"] if packets is not None else 0
    return _row(past.name(place), f"message of {number} packet{'' if number == 1 else 's'}", causes)
