"""Unknown elements: which one, where the client had it from, how often it asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from xentara_inspect.protocol import identifiers
from xentara_inspect.protocol.commands import BROWSE, LOOKUP
from xentara_inspect.protocol.error_codes import UNKNOWN_ELEMENT
from xentara_inspect.queries.causes import Fact, listed
from xentara_inspect.queries.explaining.failed import Failed, Found, parameters
from xentara_inspect.queries.explaining.past import FEW, Past, Talk
from xentara_inspect.queries.explaining.words import count, either, span
from xentara_inspect.queries.named import PRIMARY_KEY
from xentara_inspect.queries.unknown import nearest
from xentara_inspect.traffic.fields import text
from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.packets import Request

_EXPLAINED: Final = 3
"""So many of the elements of one request are explained."""
_CHANGED: Final = "look the element up again: what the model calls so may have another UUID since, or be gone"


def unknown_element(failed: Failed) -> Found:
    """Each element of the request that the server may have meant. Raises StoreError."""
    past, talk, named = failed.past, failed.talk, failed.named
    if named.primary_keys:
        return _unknown_key(past, talk, named.primary_keys[0])
    tellers = [told for told in past.told([LOOKUP, BROWSE], before=talk.id) if told.status == "ok"]
    found = [_unknown_uuid(past, talk, element, tellers) for element in named.elements[:_EXPLAINED]]
    several = len(named.elements) - 1
    facts = [fact for one in found for fact in one.facts]
    if several > 0:
        facts.insert(0, Fact(f"one of {several + 1} elements; the server does not say which"))
    return Found(tuple(facts), next((one.remedy for one in found if one.remedy), None))


def _unknown_uuid(past: Past, talk: Talk, element: bytes, tellers: list[Talk]) -> Found:
    name = past.names.element(element)
    called = f"{uuid_text(element)} ({name})" if name is not None else uuid_text(element)
    source, remedy = _source(past, talk, element, tellers)
    source = Fact(f"{called}: {source.text}", source.ids)
    return Found((source, *_how_often(past, talk, element)), remedy)


def _source(past: Past, talk: Talk, element: bytes, tellers: list[Talk]) -> tuple[Fact, str | None]:
    """Where the client had the UUID from, and what helps."""
    for same in (True, False):
        for told in tellers:
            if (told.session_id == talk.session_id) is same and _tells(past, told, element):
                ago = span(talk.time - told.time)
                where = "on this connection" if same else f"on another connection, session {told.session_id},"
                said = f"told {where} {ago} before, by {past.words(told)}"
                return past.fact(said if same else f"{said}; never on this one", told.id), _CHANGED
    for _, place, time in past.about(element, ("event", "success"), before=talk.id):
        said = f"never looked up, but the server told of it {span(talk.time - time)} before"
        return past.fact(said, past.listed_as(place)), _CHANGED
    return _guessed(past, element)


def _guessed(past: Past, element: bytes) -> tuple[Fact, str | None]:
    """What a UUID is that no answer told."""
    turned = UUID(bytes=element).bytes_le
    name = past.names.element(turned)
    if name is not None and turned != element:  # which may be the same either way
        called = f"{name}, {uuid_text(turned)}"
        return (
            Fact(f"never told by the server before; with its bytes in another order it is {called}"),
            "send the 16 bytes in the order of RFC 9562, as text has them, not in that of a GUID",
        )
    attribute = identifiers.ATTRIBUTE_NUMBERS.get(element)
    if attribute is not None:
        return Fact(f"that is attribute {identifiers.ATTRIBUTES[attribute]}, no element"), (
            "give the element's UUID first, and the attribute's among attribute_ids"
        )
    if element in past.names.subscriptions:
        return Fact("that is a subscription, no element"), "give the UUID of an element"
    given = past.names.given.get(element)
    if given is not None:
        return (
            Fact(f"never told by the server before; the file {given.source} calls it {given.name}"),
            "export the model file again from this server: the client's and the server's differ",
        )
    said = "never told by the server before, as far as is recorded: not by lookup, browse, read or event"
    return Fact(said), None


def _tells(past: Past, told: Talk, element: bytes) -> bool:
    """Whether an answer has the UUID."""
    shown = past.response(told)
    if shown is None or shown.packet.item is None:
        return False
    return element in shown.payload[shown.packet.item.start : shown.packet.item.end]


def _how_often(past: Past, talk: Talk, element: bytes) -> Iterator[Fact]:
    """How often it was asked for in vain, where that is more than once."""
    return _vain(past, talk, past.asked_for(element, UNKNOWN_ELEMENT), "request")


def _vain(past: Past, talk: Talk, asked: Sequence[Talk], what: str) -> Iterator[Fact]:
    """How many of what was asked were answered so. asked: the last first."""
    if len(asked) > 1:
        here = sum(other.session_id == talk.session_id for other in asked)
        times = either(len(asked) >= FEW, len(asked), what)
        said = f"{times} of it answered so, {here:,} of them on this connection"
        yield past.fact(said, asked[-1].id, asked[0].id)


def _unknown_key(past: Past, talk: Talk, key: str) -> Found:
    """A primary key that was looked up."""
    known = set(past.names.named_elements().values())
    near = [name for name in nearest(key, known) if name != key]
    facts = [Fact(f"no element is called {key}" + (f"; alike are {listed(near)}" if near else ""))]
    asked = [told for told in past.told([LOOKUP]) if _key_of(past, told) == key]
    found = [told for told in asked if told.status == "ok"]
    refused = [told for told in asked if told.error_code == UNKNOWN_ELEMENT]
    if found:
        said = f"it was found by {count(len(found), 'lookup')}: the model has changed"
        facts.append(past.fact(said, found[0].id))
    facts += _vain(past, talk, refused, "lookup")
    return Found(tuple(facts), "compare the key with the model, letter by letter, or browse it")


def _key_of(past: Past, told: Talk) -> str | None:
    shown = past.request(told)
    packet = shown.packet if shown is not None else None
    return text(parameters(packet).get(PRIMARY_KEY)) if isinstance(packet, Request) else None
