"""Packets as structure without what never counts when two recordings are compared.

Left out are message ids, times, secrets, the order of maps, how items were encoded, and the UUIDs of
subscriptions and sub-sessions: in their place stands the request that they were given for.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from xentara_inspect.cbor import Item
from xentara_inspect.protocol import commands
from xentara_inspect.protocol.shape_types import (
    Anything,
    AttributeId,
    Bytes,
    MapOf,
    Shape,
    Text,
    Uuid,
    UuidRole,
)
from xentara_inspect.queries.decoded import Decoder
from xentara_inspect.queries.parsed_frames import Shown
from xentara_inspect.traffic.fields import uuid as uuid_of
from xentara_inspect.traffic.names import NIL, Names
from xentara_inspect.traffic.packets import Request, Response
from xentara_inspect.traffic.readings import float_value
from xentara_inspect.traffic.time_points import TimePoint

Structure = Any
"""What `json` can print."""

IsIgnored = Callable[[Structure], bool]
"""Whether the attribute that a structure names does not count."""

_GIVEN: Final = (UuidRole.SUBSCRIPTION, UuidRole.SUB_SESSION)
_ENCODE: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode


def number_of(structure: Structure) -> int:
    """A number below 2^60 that is, as far as anybody will ever see, that of this structure only."""
    return int.from_bytes(hashlib.blake2b(_ENCODE(structure).encode(), digest_size=8).digest()) >> 4


def is_same(one: Structure, other: Structure) -> bool:
    """Whether structures are the same to the type of each number."""
    return _ENCODE(one) == _ENCODE(other)


class Given:
    """The UUIDs that a server gave on a connection, by what they were asked for with."""

    def __init__(self) -> None:
        self._places: dict[bytes, tuple[int, int]] = {}
        self._counts: Counter[int] = Counter()

    def learn(self, request: int, opcode: int, response: Response) -> None:
        """What a response gives, if anything. request: the number of what was asked."""
        command = commands.COMMANDS.get(opcode)
        gives = command is not None and isinstance(command.result, Uuid) and command.result.role in _GIVEN
        uuid = uuid_of(response.body) if gives and not response.is_error else None
        if uuid is not None:
            self._counts[request] += 1
            self._places[uuid] = request, self._counts[request]

    def place(self, uuid: bytes) -> tuple[int, int] | None:
        """The request that gave a UUID, and how many such there were by then; None if none did."""
        return self._places.get(uuid)


class Comparable(Decoder):
    """Items of one packet to structure. given: None for an answer, which may give what it likes."""

    def __init__(
        self, payload: bytes, names: Names, opcode: int | None, given: Given | None, is_ignored: IsIgnored
    ) -> None:
        super().__init__(payload, names, opcode)
        self._given = given
        self._is_ignored = is_ignored

    def value(self, item: Item, shape: Shape) -> Structure:
        """The value of an item; of a secret only that it is one."""
        if isinstance(shape, (Text, Bytes)) and shape.secret:
            return {"secret": True}
        return super().value(item, shape)

    def integer(self, number: int) -> Structure:
        """An integer, however large."""
        return number

    def float(self, value: float) -> Structure:
        """A float, which is no text where it is not finite."""
        return value if math.isfinite(value) else {"float": float_value(value)}

    def time(self, point: TimePoint) -> Structure:
        """That it is a time."""
        return {"time": "a time"}

    def uuid(self, uuid: bytes, shape: Shape) -> Structure:
        """A UUID; where the server gave it, by its place."""
        place = self._given.place(uuid) if self._given is not None else None
        if place is not None and not isinstance(shape, AttributeId):
            return {"given": place}
        if isinstance(shape, Uuid) and shape.role in _GIVEN and uuid != NIL:
            return {"given": None}
        return super().uuid(uuid, shape)

    def _map(self, item: Item, shape: Shape) -> Structure:
        found = super()._map(item, shape)
        if isinstance(found.get("entries"), list):
            entries = found["entries"]
            if isinstance(shape, MapOf) and isinstance(shape.key, AttributeId):
                entries = [entry for entry in entries if not self._is_ignored(entry["key"])]
            found["entries"] = sorted(entries, key=lambda entry: _ENCODE(entry["key"]))
        return found


class Written(NamedTuple):
    """The value that was to be written, and the attribute that it is for."""

    attribute: Structure
    value: Structure


class Asked(NamedTuple):
    """What a request asks. structure: opcode and parameters, but for the value to be written."""

    structure: Structure
    written: Written | None

    @property
    def number(self) -> int:
        """The number of it without a value that is to be written."""
        return number_of(self.structure)

    def whole(self, number: int) -> int:
        """The number of it with that value. number: of the rest."""
        return number_of([number, self.written]) if self.written is not None else number


def asked_by(request: Shown, names: Names, given: Given, is_ignored: IsIgnored) -> Asked:
    """What a request asks. given: by the server so far."""
    if not isinstance(request.packet, Request):
        return Asked([None, None], None)
    opcode = request.packet.opcode
    decoder = Comparable(request.payload, names, opcode, given, is_ignored)
    parameters = decoder.packet(request.packet).get("parameters")
    written = _write_out(parameters, opcode)
    if written is not None and is_ignored(written.attribute):
        written = None
    return Asked([opcode, parameters], written)


def _write_out(parameters: Structure, opcode: int) -> Written | None:
    """The value that was to be written, taken out of parameters; None for none."""
    command = commands.COMMANDS.get(opcode)
    if command is None or command.parameters is None or not isinstance(parameters, dict):
        return None
    attributes, values = (
        [entry.name for entry in command.parameters.fields if isinstance(entry.shape, shape)]
        for shape in (AttributeId, Anything)
    )
    if not (attributes and values and attributes[0] in parameters and values[0] in parameters):
        return None
    return Written(parameters[attributes[0]], parameters.pop(values[0]))
