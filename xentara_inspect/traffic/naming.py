"""Names out of files against those that the traffic tells, which win."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from xentara_inspect.traffic.names import GivenName, Names, uuid_text
from xentara_inspect.traffic.records import ElementSeen, Learned
from xentara_inspect.traffic.validation import Problem


class NamedOtherwise(NamedTuple):
    """An element that the traffic and a file name differently."""

    element: bytes
    told: str
    given: GivenName


def named_otherwise(names: Names, told: Iterable[Learned]) -> list[NamedOtherwise]:
    """Elements whose name is news, and not what a file calls them."""
    otherwise = []
    for seen in told:
        if isinstance(seen, ElementSeen) and seen.primary_key is not None:
            given = names.given_before.get(seen.uuid)
            is_news = names.elements.get(seen.uuid) != seen.primary_key
            if given is not None and given.name != seen.primary_key and is_news:
                otherwise.append(NamedOtherwise(seen.uuid, seen.primary_key, given))
    return otherwise


def read_in(names: Names, given: Iterable[tuple[bytes, GivenName]]) -> list[NamedOtherwise]:
    """From here on the file is known. Returns the elements that the traffic has named differently before."""
    otherwise = []
    for element, name in given:
        names.given_before[element] = name
        told = names.elements.get(element)
        if told is not None and told != name.name:
            otherwise.append(NamedOtherwise(element, told, name))
    return otherwise


def disagreement(otherwise: Sequence[NamedOtherwise]) -> Iterator[Problem]:
    """One finding, however many elements they are."""
    if otherwise:
        element, told, (given, source) = otherwise[0]
        more = f"; with {len(otherwise)} elements it is so" if len(otherwise) > 1 else ""
        yield (
            "name-disagrees",
            f"element {uuid_text(element)} is {told} in the traffic and {given} in {source}{more}",
        )
