"""The vocabulary in which the tables are written: what may stand where in a packet.

A shape says of an item what it is, how it is called, what its numbers mean and what it contains.
The notation takes its comments from it, the findings what to miss, the docs their tables.
Shapes are data without behaviour; a new command is a new row of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

EnumTable = Mapping[int, str]
"""What the numbers of an enumeration mean."""


class UuidRole(StrEnum):
    """What a UUID names; decides which names are looked up for it."""

    ELEMENT = "element"
    ATTRIBUTE = "attribute"
    SUBSCRIPTION = "subscription"
    SUB_SESSION = "sub-session"


@dataclass(frozen=True, slots=True)
class Anything:
    """Any item: an attribute's value, or what no page describes."""


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer. `unsigned` where negative ones are wrong, `unit` such as ms."""

    unsigned: bool = False
    unit: str = ""
    values: EnumTable | None = field(default=None, hash=False)  # a dictionary has no hash
    enumeration: str = ""
    """What `values` enumerates, in the specification's words (`Element Category`)."""


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text string."""

    may_be_empty: bool = True
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Bytes:
    """A byte string."""

    secret: bool = False


@dataclass(frozen=True, slots=True)
class Uuid:
    """A UUID, tag 37 on 16 bytes."""

    role: UuidRole
    may_be_nil: bool = False


@dataclass(frozen=True, slots=True)
class AttributeId:
    """An attribute: an identifier of the table of attributes, or a UUID."""


@dataclass(frozen=True, slots=True)
class TimePoint:
    """A time stamp in one of the forms of `docs/protocol.md` (tags 1001 and 1)."""


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """An array whose elements all have one shape."""

    element: Shape
    name: str = ""
    """What the array is, where its field does not say."""


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map without fixed keys, such as attribute values by attribute."""

    key: Shape
    value: Shape
    name: str = ""
    """What the map is, where its field does not say."""


@dataclass(frozen=True, slots=True)
class Field:
    """An entry of an object: its integer key, its name in the specification, its shape."""

    key: int
    name: str
    shape: Shape
    optional: bool = False
    title: str = ""
    """How the notation calls it; the name where empty."""


@dataclass(frozen=True, slots=True)
class Object:
    """A map with integer keys, each with a meaning of its own."""

    name: str
    fields: tuple[Field, ...]
    by_key: Mapping[int, Field] = field(init=False, compare=False, hash=False, repr=False)
    element_key: int | None = field(init=False, compare=False, hash=False, repr=False)
    """Key of the first field that names an element: the one that the other fields are about."""
    attribute_key: int | None = field(init=False, compare=False, hash=False, repr=False)
    """Key of the first field that names an attribute, likewise."""
    labelled: Mapping[int, tuple[Shape, str]] = field(init=False, compare=False, hash=False, repr=False)
    """Shape of a field, and what the notation calls it, by key."""
    is_flat: bool = field(init=False, compare=False, hash=False, repr=False)
    """Whether no field has others in it, or a meaning that depends on another."""

    def __post_init__(self) -> None:
        uuids = [(entry.key, entry.shape) for entry in self.fields if isinstance(entry.shape, Uuid)]
        elements = [key for key, shape in uuids if shape.role is UuidRole.ELEMENT]
        attributes = [entry.key for entry in self.fields if isinstance(entry.shape, AttributeId)]
        object.__setattr__(self, "by_key", {entry.key: entry for entry in self.fields})
        object.__setattr__(self, "element_key", elements[0] if elements else None)
        object.__setattr__(self, "attribute_key", attributes[0] if attributes else None)
        labels = {entry.key: (entry.shape, entry.title or entry.name) for entry in self.fields}
        object.__setattr__(self, "labelled", labels)
        flat = (Integer, Boolean, Text, Bytes, Uuid, TimePoint)
        object.__setattr__(self, "is_flat", all(isinstance(entry.shape, flat) for entry in self.fields))


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of the alternatives that tags 121, 122 and 123 select."""

    tag: int
    name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of several shapes, chosen by the tag around it."""

    name: str
    options: tuple[Alternative, ...]
    by_tag: Mapping[int, Alternative] = field(init=False, compare=False, hash=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_tag", {entry.tag: entry for entry in self.options})


Shape = (
    Anything
    | Integer
    | Boolean
    | Text
    | Bytes
    | Uuid
    | AttributeId
    | TimePoint
    | ArrayOf
    | MapOf
    | Object
    | Alternatives
)


def holds_secret(shape: Shape | None) -> bool:
    """Whether a secret may stand somewhere in what has this shape."""
    match shape:
        case Text() | Bytes():
            return shape.secret
        case ArrayOf():
            return holds_secret(shape.element)
        case MapOf():
            return holds_secret(shape.key) or holds_secret(shape.value)
        case Object():
            return any(holds_secret(entry.shape) for entry in shape.fields)
        case Alternatives():
            return any(holds_secret(option.shape) for option in shape.options)
        case None | Anything() | Integer() | Boolean() | Uuid() | AttributeId() | TimePoint():
            return False
        case _:
            assert_never(shape)


@dataclass(frozen=True, slots=True)
class Command:
    """A command: a row of the table of commands.

    result is None where a success response carries nothing. errors are the codes beyond
    `error_codes.COMMON_ERRORS` (`commands.documented_errors` has both). inferred: no page describes
    it, so treat it as a guess.
    """

    opcode: int
    name: str
    parameters: Object | None
    result: Shape | None
    errors: tuple[int, ...] = ()
    error_names: EnumTable = field(default_factory=dict)
    """Names that error codes have on this command's page only."""
    excluded_errors: tuple[int, ...] = ()
    """Common errors that this command's page leaves out."""
    errors_complete: bool = True
    """Whether the page's list of errors was seen whole."""
    inferred: bool = False
    has_secret: bool = field(init=False, compare=False, repr=False)
    """Whether its parameters carry a secret."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "has_secret", holds_secret(self.parameters))
