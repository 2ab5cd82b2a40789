"""Subscriptions without events: what was asked for, who ended it, whether anything changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from xentara_inspect.frames import LAST_POSITION
from xentara_inspect.protocol.commands import SUBSCRIBE, UNSUBSCRIBE
from xentara_inspect.protocol.shape_types import UuidRole
from xentara_inspect.queries.causes import Cause, Fact, listed
from xentara_inspect.queries.explaining.failed import given_uuid, granted
from xentara_inspect.queries.explaining.heard import Events, events_of
from xentara_inspect.queries.explaining.past import Past, Talk
from xentara_inspect.queries.explaining.sessions import end_of
from xentara_inspect.queries.explaining.words import count, span
from xentara_inspect.queries.subscribed_elements import is_silent
from xentara_inspect.queries.subscriptions import Subscribed, asked_rates
from xentara_inspect.queries.words import element_text
from xentara_inspect.store.columns import loaded_uuid
from xentara_inspect.traffic.packets import Request

_ELEMENTS: Final = 100
"""So many elements of a subscription are looked at,"""
_EXPLAINED: Final = 3
"""and of so many of the silent ones the reads."""
_READS: Final = 500
"""So many reads of a silent element are compared."""


class _Ending(NamedTuple):
    """When a subscription ended, or the recording did, and in which way."""

    time: int
    fact: Fact


def causes_of_subscription(past: Past, subscribed: Subscribed) -> Iterator[Cause]:
    """Why no events came, or no more. Raises StoreError."""
    if subscribed.row["status"] == "refused":
        return
    ending = _ending(past, subscribed)
    elements = list(dict.fromkeys(subscribed.elements))[:_ELEMENTS]
    heard, is_whole = events_of(past, subscribed, elements, ending.time)
    silent = [element for element in elements if element not in heard]
    lasted = span(ending.time - subscribed.opened)
    if silent or not elements:
        called = listed(element_text(element, past.names) for element in silent)
        which = f" for {count(len(silent), 'element')} of {len(elements)}" if heard else ""
        begun = "" if is_whole else ", in the part of it that was looked through"
        summary = f"no event came{which} in {lasted}{begun}: {called or 'it names no element'}"
        yield _silent(past, subscribed, summary, silent, heard, ending)
    yield from _stopped(past, subscribed, heard, ending)


def _silent(
    past: Past,
    subscribed: Subscribed,
    summary: str,
    silent: Sequence[bytes],
    heard: Mapping[bytes, Events],
    ending: _Ending,
) -> Cause:
    asked, remedy = _asked(past, subscribed)
    reads = (_reads_of(past, subscribed, element, ending.time) for element in silent[:_EXPLAINED])
    facts = [asked, ending.fact, *reads]
    if heard:
        names = listed(element_text(element, past.names) for element in heard)
        facts.append(past.fact(f"events did come for {names}", *(events.first for events in heard.values())))
    return Cause("no-events", summary, tuple(facts), remedy)


def _asked(past: Past, subscribed: Subscribed) -> tuple[Fact, str | None]:
    """What was asked for, and what helps where that was nothing."""
    entries = subscribed.row["elements"]
    attributes = list(dict.fromkeys(name for entry in entries for name in entry["attributes"]))
    rates = asked_rates(subscribed)
    said = [f"asked for {listed(attributes, 6) or 'no attribute'}"]
    for key, words in (("maximum_update_rate_ms", "no more"), ("minimum_update_rate_ms", "no less")):
        said += [f"{words} often than every {rates[key]} ms"] if rates[key] is not None else []
    remedy = None if attributes else "name the attributes that are wanted, such as 11 (Value)"
    return past.fact(", ".join(said), subscribed.address), remedy


def _ending(past: Past, subscribed: Subscribed) -> _Ending:
    """How the subscription ended: by a request, with its connection, or not at all."""
    end = end_of(past, subscribed.session)
    if subscribed.closed is None:
        return _Ending(end.time, Fact(f"still open when {'it' if end.is_closed else 'the recording'} ended"))
    lasted = span(subscribed.closed - subscribed.opened)
    by = _ended_by(past, subscribed)
    if by is not None and by.opcode == UNSUBSCRIBE:
        fact = past.fact(f"the client unsubscribed after {lasted}", by.id)
    elif by is not None:
        fact = past.fact(f"another subscribe with the same id took its place after {lasted}", by.id)
    elif end.is_closed and subscribed.closed >= end.time:
        fact = Fact(f"it ended with its connection after {lasted}: {end.words}")
    else:
        fact = Fact(f"it was closed after {lasted}, by a request that is not recorded")
    return _Ending(subscribed.closed, fact)


def _ended_by(past: Past, subscribed: Subscribed) -> Talk | None:
    """What closed a subscription: the first answer at that time that closed its id, or gave it anew."""
    wanted = loaded_uuid(subscribed.row["uuid"])
    opening = past.talk(subscribed.address)
    opened = (opening.response_id if opening is not None else None) or subscribed.address
    said = past.told([SUBSCRIBE, UNSUBSCRIBE], session=subscribed.session, answered=subscribed.closed)
    ends = {
        told.response_id: told
        for told in said
        if told.response_id is not None and told.response_id > opened and _meant(past, told) == wanted
    }
    return ends[min(ends)] if ends else None


def _meant(past: Past, told: Talk) -> bytes | None:
    """The id that a granted subscribe or unsubscribe is about."""
    if told.opcode == SUBSCRIBE:
        return granted(past, told)
    shown = past.request(told) if told.status == "ok" else None
    packet = shown.packet if shown is not None else None
    return given_uuid(packet, UuidRole.SUBSCRIPTION) if isinstance(packet, Request) else None


def _stopped(
    past: Past, subscribed: Subscribed, heard: Mapping[bytes, Events], ending: _Ending
) -> Iterator[Cause]:
    """Elements whose events stopped while the subscription was open."""
    rates = asked_rates(subscribed)
    stopped = [
        (element, events, ending.time - events.lately.last)
        for element, events in heard.items()
        if is_silent(ending.time - events.lately.last, events.lately, rates)
    ]
    if not stopped:
        return
    facts = [_asked(past, subscribed)[0], ending.fact]
    for element, events, quiet in stopped[:_EXPLAINED]:
        name = element_text(element, past.names)
        facts.append(past.fact(f"{name}: the last event came {span(quiet)} before that", events.last))
        facts.append(_reads_of(past, subscribed, element, ending.time, events.last))
    names = listed(element_text(element, past.names) for element, *_ in stopped)
    yield Cause("events-stopped", f"no more events came for {names}", tuple(facts))


def _reads_of(past: Past, subscribed: Subscribed, element: bytes, until: int, after: int = 0) -> Fact:
    """Whether reads meanwhile told another value, so that an event was due. after: the last event."""
    name = element_text(element, past.names)
    begin = max(after, subscribed.address) | LAST_POSITION
    reads = past.about(element, "success", after=begin, newest=False)
    first: dict[object, object] = {}
    places: list[int] = []
    for file, place, time in islice(reads, _READS):
        if time > until:
            break
        values = past.values(file, place)
        if not values:
            continue  # it answers no read
        places.append(place)
        for value in values:
            if value.kind == "error" or value.kind == "time":
                continue
            before = first.setdefault(value.attribute, value.value)
            if before != value.value:
                said = f"{name}: reads meanwhile said {before}, then {value.value}: events were due"
                return past.fact(said, past.listed_as(places[0]), past.listed_as(place))
    if not places:
        return Fact(f"{name}: nobody read it meanwhile, so nothing shows that it changed")
    said = f"{name}: {count(len(places), 'read')} meanwhile always said the same, so nothing had to be told"
    return past.fact(said, past.listed_as(places[0]), past.listed_as(places[-1]))
