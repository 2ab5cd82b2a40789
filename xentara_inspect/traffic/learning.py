"""What requests name, and what their answers tell of elements, attributes and subscriptions.

What a request names follows from the shapes of its parameters. What an answer tells is special to the
few commands that are there to ask for it: a request and its success response go in, records come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, assert_never

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.protocol.shape_types import (
    Alternatives,
    Anything,
    ArrayOf,
    AttributeId,
    Boolean,
    Bytes,
    Integer,
    MapOf,
    Object,
    Shape,
    Text,
    TimePoint,
    Uuid,
    UuidRole,
)
from xentara_inspect.traffic.fields import array, entries, number, text, uuid
from xentara_inspect.traffic.names import NIL, Names
from xentara_inspect.traffic.packets import Request
from xentara_inspect.traffic.readings import attribute_key
from xentara_inspect.traffic.records import (
    AttributeSeen,
    ElementSeen,
    Exchange,
    Learned,
    SubscribedElements,
    SubscriptionClosed,
    SubscriptionOpened,
)


class Asked(NamedTuple):
    """What of a request its answer is about, besides the one element in its exchange.

    primary_key: looked up. elements: subscribed. subscription: asked for or closed. interval_ms: the longer
    of the rates of a subscription. sub_session: closed.
    """

    primary_key: str | None = None
    elements: SubscribedElements = ()
    subscription: bytes | None = None
    interval_ms: int = 0
    sub_session: bytes | None = None


_NOTHING: Final = Asked()


def asked_by(request: Request) -> Asked:
    """What to remember of a request until it is answered."""
    if request.opcode == commands.LOOKUP:
        return Asked(primary_key=text(_parameters(request).get("primary_key")))
    if request.opcode == commands.SUBSCRIBE:
        named = _parameters(request)
        desired = uuid(named.get("desired_subscription_id"))
        rates = [number(named.get(rate)) or 0 for rate in ("maximum_update_rate", "minimum_update_rate")]
        elements = _subscribed_elements(named.get("elements"))
        return Asked(elements=elements, subscription=desired, interval_ms=max(rates))
    if request.opcode == commands.UNSUBSCRIBE:
        return Asked(subscription=uuid(_parameters(request).get("subscription_id")))
    if request.opcode == commands.CLOSE_SUB_SESSION:
        return Asked(sub_session=uuid(_parameters(request).get("session_id")))
    return _NOTHING


def from_answer(exchange: Exchange, asked: Asked, result: Item | None) -> Iterator[Learned]:
    """What a success response tells, given the request it answers. Nothing for unproper shapes."""
    match exchange.opcode:
        case commands.LOOKUP:
            yield from _lookup(asked.primary_key, result)
        case commands.BROWSE:
            yield from _browse(result)
        case commands.META_DATA_COMMAND:
            yield from _meta_data(exchange.element, result)
        case commands.READ:
            yield from _read(exchange.element, result)
        case commands.SUBSCRIBE:
            subscription = uuid(result)
            if subscription is not None:
                yield SubscriptionOpened(exchange.address, subscription, asked.elements)
        case commands.UNSUBSCRIBE:
            if asked.subscription is not None:
                yield SubscriptionClosed(asked.subscription)


def element_of(request: Request) -> bytes | None:
    """The one element that a request is about; None for none, several, a lookup or the whole tree."""
    elements = elements_named(request)
    return elements[0] if len(elements) == 1 else None


def elements_named(request: Request) -> tuple[bytes, ...]:
    """Every element that a request names by UUID, each once, as they stand; the nil UUID names none."""
    return uuids_named(request, UuidRole.ELEMENT)


def uuids_named(request: Request, role: UuidRole) -> tuple[bytes, ...]:
    """The same of anything else that has UUIDs."""
    command = commands.COMMANDS.get(request.opcode)
    if command is None or command.parameters is None or request.body is None:
        return ()
    return tuple(dict.fromkeys(_uuids_in(request.body, command.parameters, role)))


def _uuids_in(item: Item, shape: Shape, role: UuidRole) -> Iterator[bytes]:
    """The UUIDs of this role in an item of this shape. Recursion goes no deeper than the shape does."""
    match shape:
        case Uuid():
            found = cbor.uuid_bytes(item)
            if shape.role is role and found is not None and found != NIL:
                yield found
        case ArrayOf():
            for entry in array(item):
                yield from _uuids_in(entry, shape.element, role)
        case MapOf():
            for key, value in cbor.pairs(item) if item.kind == cbor.MAP else ():
                yield from _uuids_in(key, shape.key, role)
                yield from _uuids_in(value, shape.value, role)
        case Object():
            named = entries(item, shape)
            for field in shape.fields:
                if field.name in named:
                    yield from _uuids_in(named[field.name], field.shape, role)
        case Alternatives():
            option = shape.by_tag.get(item.value) if item.kind == cbor.TAG else None
            if option is not None:
                yield from _uuids_in(item.children[0], option.shape, role)
        case Anything() | Integer() | Boolean() | Text() | Bytes() | AttributeId() | TimePoint():
            pass
        case _:
            assert_never(shape)


def _subscribed_elements(item: Item | None) -> SubscribedElements:
    """The elements of a subscribe request, each with its attributes."""
    subscribed = []
    for entry in array(item):
        named = entries(entry, _SUBSCRIBED_ELEMENT)
        element = uuid(named.get("element_uuid"))
        if element is not None and element != NIL:
            keys = (attribute_key(attribute) for attribute in array(named.get("attribute_ids")))
            subscribed.append((element, tuple(key for key in keys if key is not None)))
    return tuple(subscribed)


def apply(names: Names, learned: Learned) -> bool:
    """Put what was learned into the names. Returns whether it was news."""
    if isinstance(learned, ElementSeen):
        return _apply_element(names, learned)
    if isinstance(learned, AttributeSeen):
        if isinstance(learned.attribute, bytes) and learned.name is not None:
            names.learn_attribute(learned.element, learned.attribute, learned.name)
        if learned.data_type is not None:
            names.learn_data_type(learned.element, learned.attribute, learned.data_type)
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


def _parameters(request: Request) -> dict[str, Item]:
    shape = commands.COMMANDS[request.opcode].parameters
    return entries(request.body, shape) if shape is not None else {}


def _object_of(shape: Shape | None) -> Object:
    """The object that a result or parameter is, or holds an array of."""
    if isinstance(shape, ArrayOf):
        shape = shape.element
    if not isinstance(shape, Object):
        raise TypeError(f"{shape} is no object")
    return shape


def _field(shape: Object, name: str) -> Shape:
    return next(entry.shape for entry in shape.fields if entry.name == name)


_BROWSED: Final = _object_of(commands.COMMANDS[commands.BROWSE].result)
_ATTRIBUTE: Final = _object_of(_field(objects.META_DATA_OBJECT, "attribute_list"))
_SUBSCRIBE: Final = _object_of(commands.COMMANDS[commands.SUBSCRIBE].parameters)
_SUBSCRIBED_ELEMENT: Final = _object_of(_field(_SUBSCRIBE, "elements"))


def _lookup(primary_key: str | None, result: Item | None) -> Iterator[Learned]:
    element = uuid(result)
    if element is not None:
        yield ElementSeen(element, primary_key, None, "lookup")


def _browse(result: Item | None) -> Iterator[Learned]:
    for entry in array(result):
        named = entries(entry, _BROWSED)
        element = uuid(named.get("element_uuid"))
        if element is not None:
            primary_key = text(named.get("primary_key"))
            yield ElementSeen(element, primary_key, number(named.get("element_category")), "browse")


def _meta_data(element: bytes | None, result: Item | None) -> Iterator[Learned]:
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


def _read(element: bytes | None, result: Item | None) -> Iterator[Learned]:
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
