"""A plant: a tree of elements whose attributes are functions of time, and what clients wrote."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

from xentara_inspect.protocol import error_codes, identifiers
from xentara_inspect.simulator.accounts import Rights
from xentara_inspect.simulator.conversion import Range, convert
from xentara_inspect.simulator.refusals import Refused
from xentara_inspect.simulator.wire import NIL, time_point

READ_ONLY: Final = 0
WRITE_ONLY: Final = 1
READ_AND_WRITE: Final = 2

TICK: Final = 100_000_000
"""Nanoseconds between two values of a moving data point."""

_NAMESPACE: Final = UUID("c2b0a1f6-5d3c-4e0f-9a57-7e8f1d2c3b4a")

AttributeId = int | UUID
Moving = Callable[[int], Any]
"""A value as a function of the tick, so that the same time gives the same value."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an element.

    data_type, access: numbers of the protocol's tables. value: a constant, or a function of the tick.
    range: what may be written. restricted: only for who has the right to restricted points.
    read_error, write_error: error codes with which every attempt fails; the former may depend on the tick.
    """

    identifier: AttributeId
    name: str
    data_type: int
    value: Any = None
    access: int = READ_ONLY
    range: Range = field(default_factory=Range)
    restricted: bool = False
    read_error: int | Callable[[int], int | None] | None = None
    write_error: int | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """An element. name is its last part unless given; uuid follows from the key unless given."""

    primary_key: str
    category: int
    attributes: tuple[Attribute, ...] = ()
    name: str = ""
    type_name: str = ""
    uuid: UUID = NIL

    def __post_init__(self) -> None:
        if self.uuid == NIL:
            object.__setattr__(self, "uuid", uuid5(_NAMESPACE, self.primary_key))
        if not self.name:
            object.__setattr__(self, "name", self.primary_key.rpartition(".")[2])

    def attribute(self, identifier: Any) -> Attribute:
        """The attribute with an identifier or UUID. Raises Refused(-32101) if there is none."""
        if isinstance(identifier, UUID):
            identifier = identifiers.ATTRIBUTE_UUIDS.get(identifier, identifier)
        for attribute in self.attributes:
            if attribute.identifier == identifier:
                return attribute
        raise Refused(error_codes.MISSING_ATTRIBUTE)


class Plant:
    """The elements, the stage, the clock, and what has been written.

    clock gives nanoseconds since 1970 UTC; give another one to make the values reproducible.
    """

    def __init__(self, elements: Sequence[Element], clock: Callable[[], int] = time.time_ns) -> None:
        self.stage = _OPERATIONAL
        self._elements = tuple(elements)
        self._by_uuid = {element.uuid: element for element in elements}
        self._by_key = {element.primary_key: element for element in elements}
        self._written: dict[tuple[UUID, AttributeId], Any] = {}
        self._write_times: dict[UUID, int] = {}
        self._write_errors: dict[UUID, int] = {}
        self._clock = clock

    def now(self) -> int:
        """The time of the latest tick, in ns since 1970 UTC."""
        return self._clock() // TICK * TICK

    def element(self, uuid: Any) -> Element:
        """The element with a UUID. Raises Refused(-32100)."""
        if uuid not in self._by_uuid:
            raise Refused(error_codes.UNKNOWN_ELEMENT)
        return self._by_uuid[uuid]

    def lookup(self, primary_key: str) -> Element:
        """The element with a primary key. Raises Refused(-32100)."""
        if primary_key not in self._by_key:
            raise Refused(error_codes.UNKNOWN_ELEMENT)
        return self._by_key[primary_key]

    def below(self, uuid: UUID, depth: int | None = None) -> Iterator[Element]:
        """The elements below one, down to `depth` levels; below the nil UUID is the whole tree."""
        prefix = "" if uuid == NIL else self.element(uuid).primary_key + "."
        for element in self._elements:
            rest = element.primary_key.removeprefix(prefix)
            if element.primary_key.startswith(prefix) and (depth is None or rest.count(".") < depth):
                yield element

    def read(self, element: Element, identifier: Any, rights: Rights) -> Any:
        """The value of an attribute. Raises Refused with the code that says why not."""
        attribute = element.attribute(identifier)
        if attribute.access == WRITE_ONLY:
            # The page of read calls this number Write Only; that of write uses it for Read Only.
            raise Refused(error_codes.READ_ONLY, "value is write only")
        if not rights.read or (attribute.restricted and not rights.restricted):
            raise Refused(error_codes.ACCESS_DENIED)
        tick = self.now() // TICK
        error = attribute.read_error(tick) if callable(attribute.read_error) else attribute.read_error
        if error == error_codes.READ_OR_WRITE_ERROR:
            raise Refused(error, "read error")
        if error is not None:
            raise Refused(error)
        return self._value(element, attribute, tick)

    def write(self, element: Element, identifier: Any, value: Any, rights: Rights) -> None:
        """Set an attribute. Raises Refused with the code that says why not."""
        attribute = element.attribute(identifier)
        if attribute.access == READ_ONLY:
            raise Refused(error_codes.READ_ONLY)
        if not rights.write or (attribute.restricted and not rights.restricted):
            raise Refused(error_codes.ACCESS_DENIED)
        value = convert(value, attribute.data_type, attribute.range)
        if attribute.write_error is not None:
            self._write_errors[element.uuid] = attribute.write_error
            raise Refused(attribute.write_error)
        self._written[element.uuid, attribute.identifier] = value
        self._write_times[element.uuid] = self.now()

    def change_stage(self, wanted: int) -> None:
        """Go to another stage. Raises Refused(-32112) where there is no way to it."""
        if wanted not in _STAGE_CHANGES[self.stage]:
            raise Refused(error_codes.INVALID_STAGE_CHANGE)
        self.stage = wanted

    def _value(self, element: Element, attribute: Attribute, tick: int) -> Any:
        key = (element.uuid, attribute.identifier)
        if key in self._written:
            return self._written[key]
        if attribute.identifier == _WRITE_TIME:
            written = self._write_times.get(element.uuid)
            return None if written is None else time_point(written)
        if attribute.identifier == _WRITE_ERROR:
            return self._write_errors.get(element.uuid)
        return attribute.value(tick) if callable(attribute.value) else attribute.value


_WRITE_TIME: Final = 8
_WRITE_ERROR: Final = 13

# The specification's numbers of the stages Suspended and Shutdown are not known, so a suspended
# simulator says Pre Operational and one that was shut down Post Operational.
_OPERATIONAL: Final = 2
SUSPENDED: Final = 1
RUNNING: Final = _OPERATIONAL
SHUT_DOWN: Final = 3
_STAGE_CHANGES: Final = {
    RUNNING: frozenset({SUSPENDED, SHUT_DOWN}),
    SUSPENDED: frozenset({RUNNING, SHUT_DOWN}),
    SHUT_DOWN: frozenset[int](),
}
