"""What items mean, in the words of comments: names of UUIDs, attributes, tags, undocumented numbers."""

from __future__ import annotations

from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item, uuid_bytes
from xentara_inspect.escape import shortened
from xentara_inspect.protocol import identifiers, shape_types
from xentara_inspect.traffic.names import NIL, Names, uuid_text
from xentara_inspect.traffic.time_points import time_point

_TIME_TAGS: Final = (identifiers.TAG_EPOCH, identifiers.TAG_TIME)
_BIGNUM_TAGS: Final = (2, 3)
_BIGNUM_LIMIT: Final = 32
"""Bytes of a bignum whose value a comment gives: decimal digits cost the square of their number."""


def said(label: str, meaning: str) -> str:
    """A comment: what something is, and what its value means."""
    if not label or not meaning:
        return label or meaning
    return f"{label}, {meaning}" if ": " in label else f"{label}: {meaning}"


def undocumented(number: int) -> str:
    """A number that its table does not know."""
    return f"{number} (not documented)"


def element_name(names: Names, uuid: bytes) -> str:
    """The primary key of an element, safe to print; empty if not known."""
    name = names.element(uuid)
    return shortened(name) if name is not None else ""


def subscribed_elements(names: Names, uuid: bytes) -> str:
    """The elements of a subscription, if it is known."""
    elements = names.subscriptions.get(uuid)
    if not elements:
        return ""
    first = element_name(names, elements[0]) or f"element {uuid_text(elements[0])}"
    return first if len(elements) == 1 else f"{first} and {len(elements) - 1} more"


def uuid_meaning(names: Names, uuid: bytes, element: bytes) -> str:
    """What a UUID is, where its place does not say. element: whose attributes to think of first."""
    if uuid == NIL:
        return "nil UUID"
    if names.is_element(uuid):
        return f"element {element_name(names, uuid)}"
    attribute = names.attribute(uuid, element)
    if attribute is not None:
        return f"attribute {shortened(attribute)}"
    if uuid in names.subscriptions:
        return said("subscription", subscribed_elements(names, uuid))
    return "sub-session" if uuid in names.sub_sessions else "UUID"


def attribute_meaning(names: Names, item: Item, element: bytes) -> tuple[str, int | None]:
    """What to call the attribute that an item names, and its identifier if it has one."""
    if item.kind <= cbor.NINT:
        name = identifiers.ATTRIBUTES.get(item.value)
        return name or f"attribute {undocumented(item.value)}", item.value
    uuid = uuid_bytes(item)
    if uuid is None:
        return "expected an attribute identifier or UUID", None
    if uuid == NIL:
        return "nil UUID", None
    name = names.attribute(uuid, element)
    return shortened(name) if name else "attribute UUID", identifiers.ATTRIBUTE_NUMBERS.get(uuid)


def is_leaf_tag(item: Item) -> bool:
    """Whether a tag is a UUID or a time point, which say more together with their content."""
    if item.value == identifiers.TAG_UUID:
        return uuid_bytes(item) is not None
    return item.value in _TIME_TAGS and time_point(item) is not None


def tag_meaning(item: Item) -> str:
    """What a tag says of its content."""
    number = item.value
    name = identifiers.TAG_NAMES.get(number)
    if name is None:
        return f"tag {number} (unknown)"
    content = item.children[0]
    if number in _BIGNUM_TAGS and content.kind == cbor.BYTES and len(content.value) <= _BIGNUM_LIMIT:
        value = int.from_bytes(content.value, "big")
        return f"{name} {value if number == _BIGNUM_TAGS[0] else -1 - value}"
    return name


def utf8_problem(item: Item) -> str:
    """What to say of a text string that is none."""
    return "not UTF-8" if item.kind == cbor.TEXT and isinstance(item.value, bytes) else ""


def fits(item: Item, shape: shape_types.Shape) -> bool:
    """Whether a value, whose attribute usually has a shape, has it: some servers send another type."""
    match shape:
        case shape_types.TimePoint():
            return time_point(item) is not None
        case shape_types.Integer():
            return item.kind <= cbor.NINT
        case shape_types.Text():
            return item.kind == cbor.TEXT
        case _:
            return False


def value_at(item: Item, key: int) -> Item | None:
    """The value of an integer key in a map: the first, if the key is there more than once."""
    for candidate, value in cbor.pairs(item):
        if candidate.kind <= cbor.NINT and candidate.value == key:
            return value
    return None


def subject_of(item: Item, shape: shape_types.Object) -> bytes | None:
    """The element that an object's fields are about: the UUID in its field for it."""
    if shape.element_key is None or item.kind != cbor.MAP:
        return None
    value = value_at(item, shape.element_key)
    return uuid_bytes(value) if value is not None else None
