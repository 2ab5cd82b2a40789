"""Subscriptions: which attributes of which elements a connection wants to hear of, and how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from xentara_inspect.protocol import error_codes, identifiers
from xentara_inspect.simulator.accounts import Rights
from xentara_inspect.simulator.plant import AttributeId, Element, Plant
from xentara_inspect.simulator.refusals import Refused
from xentara_inspect.simulator.wire import encode, failure, success, time_point

DEFAULT_RATE: Final = 100
"""Milliseconds between updates where the client does not say."""
_FASTEST_RATE: Final = 10


@dataclass(slots=True)
class Subscription:
    """A subscription of a connection.

    interval, silence: seconds; updates are at least `interval` apart, and where nothing changes
    everything is sent again after `silence` (None: never).
    """

    uuid: UUID
    elements: Sequence[tuple[Element, Sequence[AttributeId]]]
    interval: float
    silence: float | None
    _last: dict[tuple[UUID, AttributeId], bytes] = field(default_factory=dict)
    _last_sent: int = 0

    def update(self, plant: Plant, rights: Rights) -> list[list[Any]]:
        """The event packets that are due now, one for each element with changes; empty if none."""
        now = plant.now()
        if self.silence is not None and now - self._last_sent >= self.silence * 1_000_000_000:
            self._last.clear()
        events = []
        for element, wanted in self.elements:
            changes = dict(self._changes(plant, element, wanted, rights))
            if changes:
                content = {0: time_point(now), 1: element.uuid, 2: changes}
                events.append([identifiers.EVENT, identifiers.EVENT_DATA_CHANGE, content])
        if events:
            self._last_sent = now
        return events

    def _changes(
        self, plant: Plant, element: Element, identifiers: Sequence[AttributeId], rights: Rights
    ) -> Iterator[tuple[AttributeId, Any]]:
        for identifier in identifiers:
            value = attribute_result(plant, element, identifier, rights)
            # Compared as they go on the wire, where NaN is equal to itself.
            encoded = encode(value)
            if self._last.get((element.uuid, identifier)) != encoded:
                self._last[element.uuid, identifier] = encoded
                yield identifier, value


def attribute_result(plant: Plant, element: Element, identifier: AttributeId, rights: Rights) -> Any:
    """The value of an attribute as alternative 121, or the error in its place as 122."""
    try:
        return success(plant.read(element, identifier, rights))
    except Refused as refused:
        return failure(refused.code, refused.text)


def rates(maximum: int | None, minimum: int | None) -> tuple[float, float | None]:
    """Interval and silence, in seconds, of update rates in ms. Raises Refused(-32602).

    The maximum update rate is the shortest time between updates, the minimum one the longest.
    """
    if maximum is not None and minimum is not None and maximum > minimum:
        raise Refused(error_codes.INVALID_PARAMETER)
    interval = DEFAULT_RATE if maximum is None else max(maximum, _FASTEST_RATE)
    if minimum is not None:
        interval = min(interval, max(minimum, _FASTEST_RATE))
    return interval / 1000, None if minimum is None else minimum / 1000
