"""What a session has told of its UUIDs: primary keys, attribute names, subscriptions, sub-sessions.

Learned from lookup, browse, meta_data, read, subscribe and create_sub_session by `session`; asked by
the notation, the store and the findings. UUIDs are their 16 bytes here, in the order of RFC 9562.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xentara_inspect.protocol import identifiers

NIL: Final = bytes(16)

WELL_KNOWN_ATTRIBUTES: Final = {
    uuid: identifiers.ATTRIBUTES[number] for uuid, number in identifiers.ATTRIBUTE_NUMBERS.items()
}


def uuid_text(uuid: bytes) -> str:
    """The canonical form (RFC 9562 section 4) of the 16 bytes of a UUID."""
    text = uuid.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@dataclass(slots=True)
class Names:
    """Names by UUID. Plain dictionaries: whoever fills them in decides how much is known.

    elements: primary key by element, None where only its UUID was seen. categories: number of the
    category by element. attributes:
    attribute name by (element, attribute), and by (b"", attribute) for one met under any element.
    subscriptions: elements by subscription. sub_sessions: sub-session ids seen.
    """

    elements: dict[bytes, str | None] = field(default_factory=dict)
    categories: dict[bytes, int] = field(default_factory=dict)
    attributes: dict[tuple[bytes, bytes], str] = field(default_factory=dict)
    subscriptions: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    sub_sessions: set[bytes] = field(default_factory=set)

    def element(self, uuid: bytes) -> str | None:
        """The primary key of an element, None if it was never told."""
        return self.elements.get(uuid)

    def attribute(self, uuid: bytes, element: bytes = b"") -> str | None:
        """The name of an attribute known by its UUID: as this element has it, else as any has it."""
        return (
            WELL_KNOWN_ATTRIBUTES.get(uuid)
            or self.attributes.get((element, uuid))
            or self.attributes.get((b"", uuid))
        )

    def learn_attribute(self, element: bytes, uuid: bytes, name: str) -> None:
        """Remember an attribute's name for its element, and for elements that have not told theirs."""
        self.attributes[element, uuid] = name
        self.attributes.setdefault((b"", uuid), name)
