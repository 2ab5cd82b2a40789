"""Values that were refused: what was to be written, what the attribute takes, what it said last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from xentara_inspect.protocol import identifiers
from xentara_inspect.protocol.commands import READ, WRITE
from xentara_inspect.queries.causes import Fact, listed
from xentara_inspect.queries.explaining.failed import Failed, Found
from xentara_inspect.queries.explaining.past import Described, Past, Talk, Value
from xentara_inspect.queries.explaining.words import span
from xentara_inspect.queries.values import reading_json
from xentara_inspect.queries.words import attribute_text, element_text
from xentara_inspect.traffic.readings import AttributeKey, attribute_number, of_write
from xentara_inspect.traffic.thresholds import LEAST_NEGATIVE

_EXPLAINED: Final = 3
"""So many of the elements of one request are explained."""
_LONGEST: Final = 80
"""Characters of a value that are shown."""
_SEARCHED: Final = 200
"""So many earlier packets about the element are looked through for the attribute."""


def refused_value(failed: Failed) -> Found:
    """What was to be written, beside what is known of the attribute. Raises StoreError.

    That it does not fit the data type is a finding of its own.
    """
    past, talk = failed.past, failed.talk
    request = past.request(talk)
    readings = of_write(failed.request.body, request.payload) if request and failed.request else []
    element = talk.element
    if talk.opcode != WRITE or not readings or element is None:
        return Found()
    reading = readings[0]
    attribute = attribute_number(reading.attribute)
    written = _shown(reading_json(reading.value, reading.value_kind), reading.value_kind)
    facts = [Fact(f"written was {written}, {_article(reading.value_kind)}")]
    remedy = None
    described = next((one for one in past.described(element) if one.attribute == attribute), None)
    if described is not None:
        facts.append(Fact(_says(described)))
    told = described.data_type if described is not None else None
    known = identifiers.ATTRIBUTE_TYPES.get(attribute) if isinstance(attribute, int) else None
    signed = _as_signed(reading.value, told if told is not None else known)
    if signed is not None:
        facts.append(Fact(f"as 64 bits with a sign it is {signed}: a negative number taken for one without"))
        remedy = "encode negative numbers as negative CBOR integers (major type 1), not as their 64 bits"
    return Found((*facts, *last_values(past, talk, element, attribute)), remedy)


def last_values(past: Past, talk: Talk, element: bytes, attribute: AttributeKey) -> Iterator[Fact]:
    """The last values of an attribute before an exchange: as the server told it, and as it took it."""
    kinds = {
        "success": "the last read said",
        "event": "the last event said",
        "request": "the last write granted was",
    }
    for kind, words in kinds.items():
        for number, (file, place, time) in enumerate(past.about(element, kind, before=talk.id)):
            value = _value_of(past.values(file, place), attribute)
            if value is not None and (kind != "request" or _is_granted(past, place)):
                yield past.fact(
                    f"{words} {_told(value)}, {span(talk.time - time)} before", past.listed_as(place)
                )
                break
            if number == _SEARCHED:
                break


def _is_granted(past: Past, place: int) -> bool:
    talk = past.talk(place)
    return talk is not None and talk.opcode == WRITE and talk.status == "ok"


def missing_attribute(failed: Failed) -> Found:
    """Which attributes the element has, as far as it was told. Raises StoreError."""
    elements = failed.named.elements[:_EXPLAINED]
    return Found(tuple(fact for element in elements for fact in attributes_of(failed.past, element)))


def attributes_of(past: Past, element: bytes) -> Iterator[Fact]:
    """What is known of the attributes of an element."""
    described = past.described(element)
    name = element_text(element, past.names)
    if not described:
        yield Fact(f"meta_data was never asked about the attributes of {name}")
        return
    called = (attribute_text(one.attribute, past.names, element) for one in described)
    yield Fact(f"as meta_data told, {name} has {listed(called, 12)}")


def read_error(failed: Failed) -> Found:
    """When it could be read last. Raises StoreError."""
    if failed.talk.element is None or failed.talk.opcode != READ:
        return Found()
    return Found(
        tuple(last_values(failed.past, failed.talk, failed.talk.element, identifiers.ATTRIBUTE_VALUE))
    )


def described_as(past: Past, element: bytes, attribute: AttributeKey) -> Iterator[Fact]:
    """Access and data type of one attribute, where they are known."""
    yield from (Fact(_says(one)) for one in past.described(element) if one.attribute == attribute)


def _says(described: Described) -> str:
    said = []
    if described.access is not None:
        said.append(identifiers.ATTRIBUTE_ACCESS.get(described.access, "of unknown access"))
    if described.data_type is not None:
        data_type = identifiers.ATTRIBUTE_DATA_TYPES.get(described.data_type, "an unknown data type")
        said.append(f"of type {data_type}")
    name = described.name or "it"
    if not said:
        return f"meta_data told neither access nor data type of {name}"
    return f"as meta_data told, {name} is {', '.join(said)}"


def _as_signed(value: Any, data_type: int | None) -> int | None:
    """The negative number that a value becomes where its 64 bits are taken with a sign.

    None where it can hardly be meant, as for the finding written-unsigned.
    """
    if not isinstance(value, int) or not 1 << 63 <= value < 1 << 64:
        return None
    kind = data_type if data_type is not None else -1
    least, _ = identifiers.INTEGER_DATA_TYPES.get(kind, (-LEAST_NEGATIVE, 0))
    signed = value - (1 << 64)
    return signed if signed >= least else None


def _value_of(values: list[Value], attribute: AttributeKey) -> Value | None:
    found = (value for value in values if value.attribute == attribute and value.kind != "error")
    return next(found, None)


def _told(value: Value) -> str:
    quality = identifiers.QUALITIES.get(value.quality) if value.quality is not None else None
    return _shown(value.value, value.kind) + (f" (quality {quality.lower()})" if quality else "")


def _shown(value: Any, kind: str) -> str:
    """A value as JSON has it, text in quotes and no other, not too long for a line."""
    is_plain = isinstance(value, str) and kind != "text"  # a large integer, NaN, notation
    return (value if is_plain else json.dumps(value, ensure_ascii=False))[:_LONGEST]


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"
