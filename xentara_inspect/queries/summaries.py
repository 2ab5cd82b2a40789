"""Exchanges and events in a short line for people: what was asked about, and what came of it.

Such as `Plant.Tank 1.Level: Value = 42.5`, `Plant.Valve: access denied`, `3 elements`. Text from
the network is escaped; a line is never longer than `LIMIT` characters and an ellipsis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.cbor.literals import literal
from xentara_inspect.escape import quoted, safe
from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.protocol.shape_types import Object
from xentara_inspect.queries.words import (
    attribute_text,
    attribute_value,
    attribute_values,
    element_text,
    error_text,
    value_text,
)
from xentara_inspect.traffic.fields import array, entries, number, text, uuid
from xentara_inspect.traffic.learning import subscribed_elements
from xentara_inspect.traffic.names import NIL, Names, uuid_text
from xentara_inspect.traffic.packets import Kind, Packet
from xentara_inspect.traffic.readings import error_object
from xentara_inspect.traffic.values import attribute_key

LIMIT: Final = 200


class Shown(NamedTuple):
    """A packet, and the bytes that its items were decoded from."""

    packet: Packet
    payload: bytes


def of_exchange(opcode: int | None, request: Shown | None, response: Shown | None, names: Names) -> str:
    """A line for an exchange, or for the one half of it that there is."""
    subject = _subject(opcode, request, names)
    outcome = _outcome(opcode, response, names)
    return _shortened(f"{subject}: {outcome}" if subject and outcome else subject or outcome)


def of_event(event: Shown, names: Names) -> str:
    """A line for an event."""
    packet, payload = event
    if packet.number != identifiers.EVENT_DATA_CHANGE:
        name = identifiers.EVENT_TYPES.get(packet.number if packet.number is not None else -1)
        body = literal(packet.body, payload) if packet.body is not None else ""
        return _shortened(f"{name or f'event type {packet.number}'}: {value_text(body)}")
    named = entries(packet.body, objects.EVENTS[identifiers.EVENT_DATA_CHANGE])
    subject = element_text(uuid(named.get("element_uuid")), names)
    values = attribute_values(named.get("attributes"), payload, names)
    return _shortened(f"{subject}: {values}" if subject else values)


def _shortened(line: str) -> str:
    return line if len(line) <= LIMIT else f"{line[:LIMIT]}…"


# What was asked about


def _subject(opcode: int | None, request: Shown | None, names: Names) -> str:
    command = commands.COMMANDS.get(opcode) if opcode is not None else None
    if request is None or command is None or command.parameters is None:
        return ""
    packet, payload = request
    named = entries(packet.body, command.parameters)
    return _SUBJECTS.get(command.opcode, _no_subject)(named, payload, names)


_Subject = Callable[[dict[str, Item], bytes, Names], str]


def _no_subject(_named: dict[str, Item], _payload: bytes, _names: Names) -> str:
    return ""


def _one_element(named: dict[str, Item], _payload: bytes, names: Names) -> str:
    return element_text(uuid(named.get("element_uuid")), names)


def _browsed(named: dict[str, Item], _payload: bytes, names: Names) -> str:
    element = uuid(named.get("element_uuid"))
    return "whole tree" if element == NIL else element_text(element, names)


def _looked_up(named: dict[str, Item], _payload: bytes, _names: Names) -> str:
    primary_key = text(named.get("primary_key"))
    return safe(primary_key) if primary_key is not None else ""


def _written(named: dict[str, Item], payload: bytes, names: Names) -> str:
    element = uuid(named.get("element_uuid"))
    identifier, value = named.get("attribute_id"), named.get("attribute_value")
    attribute = attribute_key(identifier) if identifier is not None else None
    if attribute is None or value is None:
        return element_text(element, names)
    shown = attribute_value(attribute, value, payload)
    return f"{element_text(element, names)}: {attribute_text(attribute, names, element or b'')} = {shown}"


def _subscribed(named: dict[str, Item], _payload: bytes, names: Names) -> str:
    elements = subscribed_elements(named.get("elements"))
    return element_text(elements[0][0], names) if len(elements) == 1 else f"{len(elements)} elements"


def _unsubscribed(named: dict[str, Item], _payload: bytes, names: Names) -> str:
    subscription = uuid(named.get("subscription_id"))
    elements = names.subscriptions.get(subscription, ()) if subscription is not None else ()
    if len(elements) == 1:
        return element_text(elements[0], names)
    return f"{len(elements)} elements" if elements else uuid_text(subscription) if subscription else ""


def _stage_of(named: dict[str, Item], _payload: bytes, _names: Names) -> str:
    session = uuid(named.get("session_id")) or uuid(named.get("sub_session_id"))
    return f"sub-session {uuid_text(session)}" if session is not None else ""


def _authenticated(named: dict[str, Item], _payload: bytes, _names: Names) -> str:
    information = named.get("authentication_information")
    if information is None or information.kind != cbor.TAG:
        return ""
    alternative = objects.AUTHENTICATION.by_tag.get(information.value)
    if alternative is None or not isinstance(alternative.shape, Object):
        return ""
    user = text(entries(information.children[0], alternative.shape).get("username"))
    return f"{alternative.name} {quoted(user)}" if user is not None else alternative.name


def _versions(named: dict[str, Item], _payload: bytes, _names: Names) -> str:
    lowest = number(named.get("minimum_protocol_version"))
    highest = number(named.get("maximum_protocol_version"))
    if lowest is None or highest is None:
        return ""
    return f"version {lowest}" if lowest == highest else f"versions {lowest} to {highest}"


_SUBJECTS: Final[dict[int, _Subject]] = {
    commands.BROWSE: _browsed,
    commands.META_DATA_COMMAND: _one_element,
    commands.LOOKUP: _looked_up,
    commands.READ: _one_element,
    commands.WRITE: _written,
    commands.SUBSCRIBE: _subscribed,
    commands.UNSUBSCRIBE: _unsubscribed,
    commands.RESUME: _stage_of,
    commands.SUSPEND: _stage_of,
    commands.SHUTDOWN: _stage_of,
    commands.CREATE_SUB_SESSION: _authenticated,
    commands.CLOSE_SUB_SESSION: _stage_of,
    commands.CLIENT_HELLO: _versions,
    commands.CHECK_ACCESS: _stage_of,
}


# What came of it


def _outcome(opcode: int | None, response: Shown | None, names: Names) -> str:
    if response is None:
        return ""
    packet, payload = response
    if packet.kind is Kind.ERROR:
        return error_text(*error_object(packet.body), opcode)
    if packet.body is None:
        return ""
    outcome = _OUTCOMES.get(opcode if opcode is not None else -1)
    return outcome(packet.body, payload, names) if outcome is not None else ""


_Outcome = Callable[[Item, bytes, Names], str]


def _values(result: Item, payload: bytes, names: Names) -> str:
    return attribute_values(result, payload, names)


def _information(result: Item, payload: bytes, _names: Names) -> str:
    shape = objects.SERVER_INFORMATION_OBJECT
    named = entries(result, shape)
    return ", ".join(f"{name} = {value_text(literal(item, payload))}" for name, item in named.items())


def _counted_elements(result: Item, _payload: bytes, _names: Names) -> str:
    count = len(array(result))
    return "1 element" if count == 1 else f"{count} elements"


def _meta_data(result: Item, _payload: bytes, _names: Names) -> str:
    named = entries(result, objects.META_DATA_OBJECT)
    category = number(named.get("element_category"))
    said = [identifiers.ELEMENT_CATEGORIES.get(category, str(category))] if category is not None else []
    if "attribute_list" in named:
        count = len(array(named["attribute_list"]))
        said.append("1 attribute" if count == 1 else f"{count} attributes")
    return ", ".join(said)


def _uuid_result(result: Item, _payload: bytes, _names: Names) -> str:
    value = uuid(result)
    return uuid_text(value) if value is not None else ""


def _stage(result: Item, _payload: bytes, _names: Names) -> str:
    value = number(result)
    return identifiers.OPERATIONAL_STAGES.get(value, f"stage {value}") if value is not None else ""


def _accepted_version(result: Item, _payload: bytes, _names: Names) -> str:
    shape = commands.COMMANDS[commands.CLIENT_HELLO].result
    named = entries(result, shape) if isinstance(shape, Object) else {}
    version = number(named.get("current_protocol_version"))
    return f"the server speaks {version}" if version is not None else ""


def _access(result: Item, payload: bytes, _names: Names) -> str:
    shape = commands.COMMANDS[commands.CHECK_ACCESS].result
    named = entries(result, shape) if isinstance(shape, Object) else {}
    return ", ".join(f"{name.split('_')[0]} {literal(item, payload)}" for name, item in named.items())


_OUTCOMES: Final[dict[int, _Outcome]] = {
    commands.SERVER_INFORMATION_COMMAND: _information,
    commands.BROWSE: _counted_elements,
    commands.META_DATA_COMMAND: _meta_data,
    commands.LOOKUP: _uuid_result,
    commands.READ: _values,
    commands.GET_STAGE: _stage,
    commands.CREATE_SUB_SESSION: _uuid_result,
    commands.CLIENT_HELLO: _accepted_version,
    commands.CHECK_ACCESS: _access,
}
