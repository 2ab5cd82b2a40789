"""Findings as causes: the message of each, and what else the traffic tells of some."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from xentara_inspect.protocol.shape_types import UuidRole
from xentara_inspect.queries.causes import Cause, Fact
from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.explaining import access, errors, waiting
from xentara_inspect.queries.explaining.events import EventSeen
from xentara_inspect.queries.explaining.failed import Failed
from xentara_inspect.queries.explaining.past import Past, Talk
from xentara_inspect.queries.explaining.words import span
from xentara_inspect.queries.findings import findings_where
from xentara_inspect.queries.subscriptions import SubscriptionsOfEvents
from xentara_inspect.queries.values import Row

_KINDS: Final = 20
"""So many kinds of findings are told of one thing."""


def causes_of_findings(
    past: Past, files: Sequence[Database], condition: str, *parameters: int
) -> Iterator[tuple[Cause, str | None]]:
    """A cause for each kind of finding, with the place where it was found first. Raises StoreError.

    condition: in SQL, on findings.
    """
    found: dict[str, list[tuple[Database, Row]]] = {}
    for file in files:
        for row in findings_where(file, condition, *parameters):
            found.setdefault(row["code"], []).append((file, row))
    for code, rows in islice(found.items(), _KINDS):
        (file, first), *others = rows
        places = [place for _, row in rows if (place := place_of(row)) is not None]
        facts = tuple(_told(past, file, first))
        if others:
            facts += (Fact(f"{len(others)} more like it: {others[0][1]['message']}", tuple(places[1:])),)
        yield Cause(code, first["message"], facts), places[0] if places else None


def place_of(row: Row) -> str | None:
    """What `show` takes for a row of findings."""
    place = row["exchange"] or row["frame"]
    return str(place) if place is not None else None


def _told(past: Past, file: Database, row: Row) -> Iterator[Fact]:
    """What the traffic around tells of a finding."""
    stored = file.row("SELECT address, exchange_id FROM findings WHERE id = ?", _number(row["id"]))
    if stored is None:
        return
    if row["code"] == "unsubscribed-event" and stored["address"] is not None:
        yield from _last_subscription(past, EventSeen(past, file, stored["address"]))
    place = stored["exchange_id"] or stored["address"]
    look = _LOOKS.get(row["code"])
    talk = past.talk(place) if look is not None and place is not None else None
    if look is not None and talk is not None:
        yield from look(past, talk)


def _number(name: int | str) -> int:
    return name if isinstance(name, int) else int(name.rpartition(":")[2])


def _same_id(past: Past, talk: Talk) -> Iterator[Fact]:
    """The request whose id is used again."""
    before = waiting.last_with_id(past, talk)
    if before is not None:
        ago = span(talk.time - before.time)
        yield past.fact(f"the id is that of {past.words(before)}, asked {ago} before", before.id)


def _hello(past: Past, talk: Talk) -> Iterator[Fact]:
    yield from errors.hello(Failed(past, talk)).facts


def _subscription(past: Past, talk: Talk) -> Iterator[Fact]:
    if Failed(past, talk).given(UuidRole.SUBSCRIPTION) is not None:
        yield from access.unknown_subscription(Failed(past, talk)).facts


def _waiting(past: Past, talk: Talk) -> Iterator[Fact]:
    if talk.status in ("unanswered", "pending"):
        yield from waiting.unanswered(past, talk).facts


_LOOKS: Final[dict[str, Callable[[Past, Talk], Iterator[Fact]]]] = {
    "hello-missing": _hello,
    "duplicate-hello": _hello,
    "message-id-in-use": _same_id,
    "unanswered-request": _waiting,
    "unknown-subscription": _subscription,
}
"""What is looked at beside the message, for findings about requests."""


def _last_subscription(past: Past, seen: EventSeen) -> Iterator[Fact]:
    """The subscription of the connection to the element that is open, else when the last one was closed."""
    if seen.element is None:
        return
    naming = SubscriptionsOfEvents(seen.file.recording).naming(seen.session, seen.element)
    before = [one for one in naming if one.address < seen.place]
    still = [one.address for one in before if one.closed is None or one.closed > seen.time]
    if still:
        yield past.fact("a subscription to the element is open, but asks for other attributes", *still)
    elif before:
        closed, address = max((one.closed or 0, one.address) for one in before)
        ago = span(seen.time - closed)
        yield past.fact(f"the last subscription to the element was closed {ago} before", address)
    else:
        yield Fact("this connection never subscribed to the element before, as far as is recorded")
