"""What a session has told of its UUIDs: primary keys, attribute names, subscriptions, sub-sessions.

Learned from lookup, browse, meta_data, read, subscribe and create_sub_session by `session`, and given by
files of names; asked by the notation, the store and the findings. UUIDs are their 16 bytes here, in the
order of RFC 9562.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from xentara_inspect.protocol import identifiers

NIL: Final = bytes(16)

WELL_KNOWN_ATTRIBUTES: Final = {
    uuid: identifiers.ATTRIBUTES[number] for uuid, number in identifiers.ATTRIBUTE_NUMBERS.items()
}


def uuid_text(uuid: bytes) -> str:
    """The canonical form (RFC 9562 section 4) of the 16 bytes of a UUID."""
    text = uuid.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def uuid_from_text(text: str) -> bytes | None:
    """The 16 bytes of a UUID in any usual form: in braces, as a URN, without hyphens. None for no UUID."""
    digits = text.strip().lower().removeprefix("urn:uuid:").strip("{}").replace("-", "")
    try:
        given = bytes.fromhex(digits)
    except ValueError:
        return None
    return given if len(given) == 16 else None


class GivenName(NamedTuple):
    """What a file calls an element. source: name of the file."""

    name: str
    source: str


@dataclass(slots=True)
class Names:
    """Names by UUID. Plain dictionaries: whoever fills them in decides how much is known.

    elements: primary key by element as the traffic told it, None where only its UUID was seen.
    categories: number of the category by element. attributes: attribute name by (element, attribute), and
    by (b"", attribute) for one met under any element. data_types: data type by element and attribute, of
    Value and of attributes that are not well-known. subscriptions: elements by subscription.
    sub_sessions: sub-session ids seen. given: name by element as files tell it, which counts where the
    traffic tells none. given_before: those of them that were known at this place in the traffic.
    """

    elements: dict[bytes, str | None] = field(default_factory=dict)
    given: Mapping[bytes, GivenName] = field(default_factory=dict)
    given_before: dict[bytes, GivenName] = field(default_factory=dict)
    categories: dict[bytes, int] = field(default_factory=dict)
    attributes: dict[tuple[bytes, bytes], str] = field(default_factory=dict)
    data_types: dict[tuple[bytes, int | bytes], int] = field(default_factory=dict)
    subscriptions: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    sub_sessions: set[bytes] = field(default_factory=set)

    def element(self, uuid: bytes) -> str | None:
        """The primary key of an element, None if it was never told."""
        name = self.elements.get(uuid)
        if name is None and self.given:
            given = self.given.get(uuid)
            return given.name if given is not None else None
        return name

    def is_element(self, uuid: bytes) -> bool:
        """Whether it was told of as an element."""
        return uuid in self.elements or uuid in self.given

    def named_elements(self) -> dict[bytes, str]:
        """The primary keys of all elements that have one."""
        told = {element: name for element, name in self.elements.items() if name is not None}
        return {element: given.name for element, given in self.given.items()} | told

    def attribute(self, uuid: bytes, element: bytes = b"") -> str | None:
        """The name of an attribute known by its UUID: as this element has it, else as any has it."""
        return (
            WELL_KNOWN_ATTRIBUTES.get(uuid)
            or self.attributes.get((element, uuid))
            or self.attributes.get((b"", uuid))
        )

    def learn_data_type(self, element: bytes, attribute: int | bytes, data_type: int) -> None:
        """Remember what an attribute holds, unless it is one that holds the same everywhere."""
        if isinstance(attribute, bytes):
            attribute = identifiers.ATTRIBUTE_NUMBERS.get(attribute, attribute)
        if isinstance(attribute, bytes) or attribute == identifiers.ATTRIBUTE_VALUE:
            self.data_types[element, attribute] = data_type

    def learn_attribute(self, element: bytes, uuid: bytes, name: str) -> None:
        """Remember an attribute's name for its element, and for elements that have not told theirs."""
        self.attributes[element, uuid] = name
        self.attributes.setdefault((b"", uuid), name)
