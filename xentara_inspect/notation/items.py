"""Items to lines of annotated notation, led by the shapes of `protocol`.

A shape says what an item ought to be; its handler writes the item and a comment that says what it
means. What has no shape, or another form than its shape, is written all the same, with what can be
said without one: names of UUIDs, times, alternatives. No handler knows a command.
"""

from __future__ import annotations

from typing import Any, Final, assert_never

from xentara_inspect.cbor import (
    ARRAY,
    BROKEN,
    BYTES,
    FALSE,
    LEVELS,
    MAP,
    NESTED,
    NINT,
    SIMPLE,
    TAG,
    TEXT,
    TRUE,
    Item,
    uuid_bytes,
)
from xentara_inspect.cbor.literals import tag_suffix
from xentara_inspect.notation.comments import (
    attribute_meaning,
    element_name,
    fits,
    is_leaf_tag,
    said,
    subject_of,
    subscribed_elements,
    tag_meaning,
    undocumented,
    utf8_problem,
    uuid_meaning,
    value_at,
)
from xentara_inspect.notation.lines import MAXIMUM_DEPTH, Take, Writer
from xentara_inspect.protocol import commands, error_codes, objects
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
from xentara_inspect.traffic.names import NIL, Names
from xentara_inspect.traffic.time_points import time_point, time_text

ANYTHING: Final = Anything()
_TAG_NAMES_SHOWN: Final = 4


class Renderer(Writer):
    """Writes items by their shapes.

    opcode: the command of the packet at hand. element, attribute: what the item at hand belongs to.
    """

    __slots__ = ("attribute", "element", "names", "opcode")

    def __init__(self, payload: bytes, names: Names | None, take: Take | None = None) -> None:
        super().__init__(payload, take)
        self.names = names if names is not None else Names()
        self.opcode: int | None = None
        self.element = b""
        self.attribute: int | None = None

    def render(self, item: Item, shape: Shape | None, prefix: str, label: str, depth: int, tail: str) -> None:
        """Write an item; see `Writer.render`. The commonest shapes come first."""
        match shape:
            case None | Anything():
                self.anything(item, shape, prefix, label, depth, tail)
            case Uuid():
                self._uuid(item, shape, prefix, label, depth, tail)
            case Alternatives():
                self._alternatives(item, shape, prefix, label, depth, tail)
            case AttributeId():
                self._attribute_id(item, prefix, label, depth, tail)
            case Integer():
                self._integer(item, shape, prefix, label, depth, tail)
            case Text():
                self._text(item, shape, prefix, label, depth, tail)
            case Object():
                self._object(item, shape, prefix, label, depth, tail)
            case MapOf():
                self._map_of(item, shape, prefix, label, depth, tail)
            case ArrayOf():
                self._array_of(item, shape, prefix, label, depth, tail)
            case TimePoint():
                self._time(item, prefix, label, depth, tail)
            case Boolean():
                self._boolean(item, prefix, label, depth, tail)
            case Bytes():
                self._bytes(item, prefix, label, depth, tail)
            case _:
                assert_never(shape)

    def unexpected(self, item: Item, wanted: str, prefix: str, label: str, depth: int, tail: str) -> None:
        """Write an item that is not what its place asks for."""
        if item.kind != BROKEN:
            label = said(label, f"expected {wanted}")
        self.anything(item, None, prefix, label, depth, tail)

    def _integer(self, item: Item, shape: Integer, prefix: str, label: str, depth: int, tail: str) -> None:
        if item.kind > NINT:
            return self.unexpected(item, "an integer", prefix, label, depth, tail)
        values = shape.values
        if values is None:
            comment = f"{label} ({shape.unit})" if shape.unit else label
        else:
            number: int = item.value
            if values is error_codes.ERROR_NAMES:
                name = commands.error_name(number, self.opcode)
            else:
                name = values.get(number)
            comment = said(label, name) if name else said(label or shape.enumeration, undocumented(number))
        return self.line(item, prefix, comment, tail)

    def _boolean(self, item: Item, prefix: str, label: str, depth: int, tail: str) -> None:
        if item.kind != SIMPLE or item.value not in (FALSE, TRUE):
            return self.unexpected(item, "true or false", prefix, label, depth, tail)
        return self.line(item, prefix, label, tail)

    def _text(self, item: Item, shape: Text, prefix: str, label: str, depth: int, tail: str) -> None:
        if item.kind != TEXT:
            return self.unexpected(item, "a text string", prefix, label, depth, tail)
        if shape.secret and item.value and not item.value.strip("*" if isinstance(item.value, str) else b"*"):
            label = said(label, "blanked by the recorder")
        return self.line(item, prefix, said(label, utf8_problem(item)), tail)

    def _bytes(self, item: Item, prefix: str, label: str, depth: int, tail: str) -> None:
        if item.kind != BYTES:
            return self.unexpected(item, "a byte string", prefix, label, depth, tail)
        return self.line(item, prefix, label, tail)

    def _time(self, item: Item, prefix: str, label: str, depth: int, tail: str) -> None:
        point = time_point(item)
        if point is None:
            return self.unexpected(item, "a time stamp", prefix, label, depth, tail)
        return self.line(item, prefix, said(label, time_text(point)), tail)

    # UUIDs and what they name

    def _uuid(self, item: Item, shape: Uuid, prefix: str, label: str, depth: int, tail: str) -> None:
        uuid = uuid_bytes(item)
        if uuid is None:
            return self.unexpected(item, "a UUID", prefix, label, depth, tail)
        if uuid == NIL:
            meaning = "nil UUID (the whole tree)" if shape.may_be_nil else "nil UUID"
        elif shape.role is UuidRole.ELEMENT:
            meaning = element_name(self.names, uuid)
        elif shape.role is UuidRole.SUBSCRIPTION:
            meaning = subscribed_elements(self.names, uuid)
        else:
            meaning = ""
        return self.uuid_line(item, uuid, prefix, said(label, meaning), tail)

    def _attribute_meaning(self, item: Item) -> tuple[str, int | None]:
        """What to call the attribute that an item names, and its identifier if it has one."""
        return attribute_meaning(self.names, item, self.element)

    def _attribute_id(self, item: Item, prefix: str, label: str, depth: int, tail: str) -> None:
        comment = said(label, self._attribute_meaning(item)[0])
        if item.kind <= NINT:
            return self.line(item, prefix, comment, tail)
        uuid = uuid_bytes(item)
        if uuid is None:
            return self.anything(item, None, prefix, comment if item.kind != BROKEN else label, depth, tail)
        return self.uuid_line(item, uuid, prefix, comment, tail)

    def _array_of(self, item: Item, shape: ArrayOf, prefix: str, label: str, depth: int, tail: str) -> None:
        if item.kind != ARRAY:
            return self.unexpected(item, "an array", prefix, label, depth, tail)
        return self.array(item, shape.element, prefix, label or shape.name, depth, tail)

    def _map_of(self, item: Item, shape: MapOf, prefix: str, label: str, depth: int, tail: str) -> None:
        if item.kind != MAP:
            return self.unexpected(item, "a map", prefix, label, depth, tail)

        def entry(key: Item) -> tuple[Shape | None, str]:
            label, self.attribute = self._attribute_meaning(key)
            return shape.value, label

        outer = self.attribute
        self.map(item, entry, prefix, label or shape.name, depth, tail)
        self.attribute = outer
        return None

    def _object(self, item: Item, shape: Object, prefix: str, label: str, depth: int, tail: str) -> None:
        if item.kind != MAP:
            return self.unexpected(item, "a map", prefix, label, depth, tail)

        def unknown(key: Item) -> tuple[Shape | None, str]:
            if shape.is_flat and shape.element_key is not None:
                self.element = subject_of(item, shape) or b""
            return ANYTHING, f"key {key.value} (unknown)" if key.kind <= NINT else "unknown key"

        outer = self.element, self.attribute
        if shape.element_key is not None and not shape.is_flat:
            self.element = subject_of(item, shape) or b""
        if shape.attribute_key is not None:
            attribute = value_at(item, shape.attribute_key)
            self.attribute = self._attribute_meaning(attribute)[1] if attribute is not None else None
        self.map(item, unknown, prefix, label or shape.name, depth, tail, shape.labelled)
        self.element, self.attribute = outer
        return None

    def _alternatives(
        self, item: Item, shape: Alternatives, prefix: str, label: str, depth: int, tail: str
    ) -> None:
        option = shape.by_tag.get(item.value) if item.kind == TAG else None
        if option is None:
            tags = " or ".join(map(str, shape.by_tag))
            return self.unexpected(item, f"tag {tags}", prefix, label, depth, tail)
        prefix = f"{prefix}{item.value}{tag_suffix(item)}("
        return self.render(
            item.children[0], option.shape, prefix, said(label, option.name), depth, ")" + tail
        )

    # Whatever no shape describes

    def anything(self, item: Item, shape: Any, prefix: str, label: str, depth: int, tail: str) -> None:
        """Write any item. shape: None for one that cannot be the value of an attribute."""
        if shape is not None and self.attribute is not None:
            wanted = objects.ATTRIBUTE_VALUE_SHAPES.get(self.attribute)
            if wanted is not None and fits(item, wanted):
                return self.render(item, wanted, prefix, label, depth, tail)
        if item.kind == TAG:
            return self._tagged(item, prefix, label, depth, tail)
        return self._untagged(item, prefix, label, depth, tail)

    def _untagged(self, item: Item, prefix: str, label: str, depth: int, tail: str) -> None:
        """Write an item other than a tag."""
        if item.kind == NESTED or (item.kind in (ARRAY, MAP) and depth >= MAXIMUM_DEPTH):
            deepest = LEVELS if item.kind == NESTED else MAXIMUM_DEPTH
            return self.line(item, prefix, said(label, f"deeper than {deepest} levels"), tail)
        if item.kind not in (ARRAY, MAP):
            return self.line(item, prefix, said(label, utf8_problem(item)), tail)
        if item.kind == ARRAY:
            return self.array(item, None, prefix, label, depth, tail)
        return self.map(item, self._unknown_entry, prefix, label, depth, tail)

    def _unknown_entry(self, key: Item) -> tuple[Shape | None, str]:
        uuid = uuid_bytes(key)
        return None, uuid_meaning(self.names, uuid, self.element) if uuid is not None else ""

    def _tagged(self, item: Item, prefix: str, label: str, depth: int, tail: str) -> None:
        """Write a tag, the tags directly in it, and the content of the last."""
        heads = [prefix]
        while item.kind == TAG and not is_leaf_tag(item):
            if len(heads) <= _TAG_NAMES_SHOWN:
                label = said(label, tag_meaning(item))
            heads.append(f"{item.value}{tag_suffix(item)}(")
            item = item.children[0]
        prefix = "".join(heads)
        tail = ")" * (len(heads) - 1) + tail
        if item.kind != TAG:
            return self._untagged(item, prefix, label, depth, tail)
        uuid = uuid_bytes(item)
        if uuid is not None:
            return self.uuid_line(
                item, uuid, prefix, said(label, uuid_meaning(self.names, uuid, self.element)), tail
            )
        point = time_point(item)
        return self.line(item, prefix, said(label or "Time", time_text(point) if point else ""), tail)
