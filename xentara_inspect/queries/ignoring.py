"""What does not count when two recordings are compared: `order`, `events`, `element:Plant.Tank*`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from xentara_inspect.protocol import identifiers
from xentara_inspect.queries.databases import Database, Databases
from xentara_inspect.queries.elements import wanted_element
from xentara_inspect.queries.exchanges import wanted_opcode
from xentara_inspect.queries.named import Named
from xentara_inspect.queries.unknown import not_known
from xentara_inspect.queries.words import attribute_text
from xentara_inspect.traffic.names import Names, uuid_from_text, uuid_text
from xentara_inspect.traffic.readings import AttributeKey

KINDS: Final = ("missing", "extra", "answer", "value", "error", "latency", "order")
"""What differences there are."""

EVENTS: Final = "events"
_OF_SOMETHING: Final = ("attribute", "command", "element")
WORDS: Final = (*KINDS, EVENTS, *(f"{word}:" for word in _OF_SOMETHING))
"""What may be ignored; behind a colon stands which."""


class Ignored:
    """What does not count. kinds: of differences; events: whether none do; opcodes: of commands."""

    def __init__(self, asked: Sequence[str], databases: Databases) -> None:
        """databases: what knows the names. Raises QuestionError for what is not known."""
        self.kinds = {word for word in asked if word in KINDS}
        self.events = EVENTS in asked
        self._names = databases.names
        parts = [word.partition(":") for word in asked if word not in KINDS and word != EVENTS]
        for word, _, which in parts:
            if word not in _OF_SOMETHING or not which:
                raise not_known("what to ignore:", f"{word}:{which}" if which else word, WORDS)
        of: dict[str, list[str]] = {
            word: [which for given, _, which in parts if given == word] for word in _OF_SOMETHING
        }
        self.opcodes = {wanted_opcode(name) for name in of["command"]}
        self._elements = wanted_element(of["element"], databases)
        self._attributes = [_attribute(name, databases.names) for name in of["attribute"]]

    def is_named(self, named: Named) -> bool:
        """Whether a request names an element that does not count."""
        return self._elements is not None and self._elements.is_among(named)

    def elements_in(self, file: Database) -> Collection[int]:
        """The keys in a file of the elements that do not count."""
        return set(self._elements.keys_in(file)) if self._elements is not None else ()

    def is_attribute(self, structure: Any) -> bool:
        """Whether a structure, as `decoded` has it, names an attribute that does not count."""
        if not self._attributes or not isinstance(structure, dict):
            return False
        words = {str(word).lower() for word in structure.values() if word is not None}
        return any(word in words for word in self._attributes)

    def is_attribute_key(self, attribute: AttributeKey) -> bool:
        """The same of an attribute by its key."""
        if not self._attributes:
            return False
        own = uuid_text(attribute) if isinstance(attribute, bytes) else str(attribute)
        return own in self._attributes or attribute_text(attribute, self._names).lower() in self._attributes


def _attribute(asked: str, names: Names) -> str:
    """An attribute's name, number or UUID as it is compared. Raises QuestionError."""
    lowered = asked.strip().lower()
    uuid = uuid_from_text(lowered)
    if uuid is not None:
        return uuid_text(uuid)
    known = [*identifiers.ATTRIBUTES.values(), *names.attributes.values()]
    if not lowered.isdecimal() and lowered not in map(str.lower, known):
        raise not_known("attribute", asked, known)
    return lowered
