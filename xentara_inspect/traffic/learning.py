"""What a command's answer tells of elements, attributes and subscriptions.

One function a command, in a table; a request and its success response go in, records come out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.protocol import commands, identifiers, objects, shape_types
from xentara_inspect.traffic.fields import array, entries, number, text, uuid
from xentara_inspect.traffic.names import NIL, Names
from xentara_inspect.traffic.packets import Packet
from xentara_inspect.traffic.records import (
    AttributeKey,
    AttributeSeen,
    ElementSeen,
    Learned,
    SubscriptionClosed,
    SubscriptionOpened,
)
from xentara_inspect.traffic.values import attribute_key


def from_answer(opcode: int | None, request: Packet, result: Item | None) -> Iterator[Learned]:
    """What a success response tells, given the request it answers. Nothing for unproper shapes."""
    teacher = _TEACHERS.get(opcode) if opcode is not None else None
    if teacher is not None:
        yield from teacher(_parameters(opcode, request), result)


def element_of(opcode: int | None, parameters: Item | None) -> bytes | None:
    """The one element that a request is about; None for none, several, a lookup or the whole tree."""
    command = commands.COMMANDS.get(opcode) if opcode is not None else None
    if command is None or command.parameters is None:
        return None
    named = entries(parameters, command.parameters)
    if command.element_key is not None:
        element = uuid(named.get(command.parameters.by_key[command.element_key].name))
        return element if element != NIL else None
    subscribed = subscribed_elements(named.get("elements"))
    return subscribed[0][0] if len(subscribed) == 1 else None


def subscribed_elements(item: Item | None) -> tuple[tuple[bytes, tuple[AttributeKey, ...]], ...]:
    """The elements of a subscribe request, each with its attributes."""
    subscribed = []
    for entry in array(item):
        named = entries(entry, _SUBSCRIBED_ELEMENT)
        element = uuid(named.get("element_uuid"))
        if element is not None and element != NIL:
            keys = (attribute_key(attribute) for attribute in array(named.get("attribute_ids")))
            subscribed.append((element, tuple(key for key in keys if key is not None)))
    return tuple(subscribed)


def elements_in(opcode: int | None, parameters: Item | None) -> Iterator[bytes]:
    """Every element that a request names by UUID."""
    command = commands.COMMANDS.get(opcode) if opcode is not None else None
    if command is None or command.parameters is None:
        return
    one = element_of(opcode, parameters)
    if one is not None:
        yield one
    else:
        for element, _ in subscribed_elements(entries(parameters, command.parameters).get("elements")):
            yield element


def apply(names: Names, learned: Learned) -> bool:
    """Put what was learned into the names. Returns whether it was news."""
    if isinstance(learned, ElementSeen):
        return _apply_element(names, learned)
    if isinstance(learned, AttributeSeen):
        if isinstance(learned.attribute, bytes) and learned.name is not None:
            names.learn_attribute(learned.element, learned.attribute, learned.name)
    elif isinstance(learned, SubscriptionOpened):
        names.subscriptions[learned.uuid] = tuple(element for element, _ in learned.elements)
    return True


def _apply_element(names: Names, seen: ElementSeen) -> bool:
    news = seen.uuid not in names.elements
    if news:
        names.elements[seen.uuid] = seen.primary_key
    elif seen.primary_key is not None and names.elements[seen.uuid] != seen.primary_key:
        names.elements[seen.uuid] = seen.primary_key
        news = True
    if seen.category is not None and names.categories.get(seen.uuid) != seen.category:
        names.categories[seen.uuid] = seen.category
        news = True
    return news


def _parameters(opcode: int | None, request: Packet) -> dict[str, Item]:
    command = commands.COMMANDS[opcode] if opcode is not None else None
    if command is None or command.parameters is None:
        return {}
    return entries(request.body, command.parameters)


def _object_of(shape: shape_types.Shape | None) -> shape_types.Object:
    """The object that a result or parameter is, or holds an array of."""
    if isinstance(shape, shape_types.ArrayOf):
        shape = shape.element
    if not isinstance(shape, shape_types.Object):
        raise TypeError(f"{shape} is no object")
    return shape


def _field(shape: shape_types.Object, name: str) -> shape_types.Shape:
    return next(entry.shape for entry in shape.fields if entry.name == name)


_COMMANDS = commands.COMMANDS
_BROWSED: Final = _object_of(_COMMANDS[commands.BROWSE].result)
_ATTRIBUTE: Final = _object_of(_field(objects.META_DATA_OBJECT, "attribute_list"))
_SUBSCRIBE: Final = _object_of(_COMMANDS[commands.SUBSCRIBE].parameters)
_SUBSCRIBED_ELEMENT: Final = _object_of(_field(_SUBSCRIBE, "elements"))


def _lookup(parameters: dict[str, Item], result: Item | None) -> Iterator[Learned]:
    element = uuid(result)
    if element is not None:
        yield ElementSeen(element, text(parameters.get("primary_key")), None, "lookup")


def _browse(_parameters: dict[str, Item], result: Item | None) -> Iterator[Learned]:
    for entry in array(result):
        named = entries(entry, _BROWSED)
        element = uuid(named.get("element_uuid"))
        if element is not None:
            primary_key = text(named.get("primary_key"))
            yield ElementSeen(element, primary_key, number(named.get("element_category")), "browse")


def _meta_data(parameters: dict[str, Item], result: Item | None) -> Iterator[Learned]:
    element = uuid(parameters.get("element_uuid"))
    if element is None:
        return
    named = entries(result, objects.META_DATA_OBJECT)
    primary_key = text(named.get("primary_key"))
    yield ElementSeen(element, primary_key, number(named.get("element_category")), "meta_data")
    for entry in array(named.get("attribute_list")):
        attribute = entries(entry, _ATTRIBUTE)
        identifier = attribute.get("attribute_id")
        key = attribute_key(identifier) if identifier is not None else None
        if key is not None:
            yield AttributeSeen(
                element,
                key,
                text(attribute.get("attribute_name")),
                number(attribute.get("attribute_access")),
                number(attribute.get("attribute_data_type")),
            )


def _read(parameters: dict[str, Item], result: Item | None) -> Iterator[Learned]:
    element = uuid(parameters.get("element_uuid"))
    if element is None or result is None or result.kind != cbor.MAP:
        return
    values = {
        attribute_key(key): value.children[0]
        for key, value in cbor.pairs(result)
        if value.kind == cbor.TAG and value.value == identifiers.TAG_ALTERNATIVE_0
    }
    primary_key = text(values.get(identifiers.ATTRIBUTE_PRIMARY_KEY))
    category = number(values.get(identifiers.ATTRIBUTE_CATEGORY))
    if primary_key is not None or category is not None:
        yield ElementSeen(element, primary_key, category, "read")


def _subscribe(parameters: dict[str, Item], result: Item | None) -> Iterator[Learned]:
    subscription = uuid(result)
    if subscription is not None:
        yield SubscriptionOpened(subscription, subscribed_elements(parameters.get("elements")))


def _unsubscribe(parameters: dict[str, Item], _result: Item | None) -> Iterator[Learned]:
    subscription = uuid(parameters.get("subscription_id"))
    if subscription is not None:
        yield SubscriptionClosed(subscription)


_TEACHERS: Final[dict[int, Callable[[dict[str, Item], Item | None], Iterator[Learned]]]] = {
    commands.LOOKUP: _lookup,
    commands.BROWSE: _browse,
    commands.META_DATA_COMMAND: _meta_data,
    commands.READ: _read,
    commands.SUBSCRIBE: _subscribe,
    commands.UNSUBSCRIBE: _unsubscribe,
}
