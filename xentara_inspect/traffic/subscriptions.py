"""What a connection has subscribed to, kept so that asking costs the same however much it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from xentara_inspect.protocol import commands
from xentara_inspect.protocol.shape_types import Object
from xentara_inspect.traffic.fields import entries, uuid
from xentara_inspect.traffic.learning import subscribed_elements
from xentara_inspect.traffic.packets import Packet
from xentara_inspect.traffic.readings import attribute_number
from xentara_inspect.traffic.records import AttributeKey, SubscriptionOpened

_SUBSCRIBE: Final[Object] = commands.COMMANDS[commands.SUBSCRIBE].parameters or Object("", ())

Elements = tuple[tuple[bytes, tuple[AttributeKey, ...]], ...]


class Subscriptions:
    """The subscriptions of one connection: those open, and those asked for and not answered yet.

    The latter count too, because events may overtake the answer to their subscribe request.
    """

    def __init__(self, opened: Iterable[SubscriptionOpened] = ()) -> None:
        self._open: dict[bytes, SubscriptionOpened] = {}
        self._asked_ids: Counter[bytes] = Counter()
        self._wanted: dict[bytes, Counter[AttributeKey]] = {}
        for subscription in opened:
            self.opened(subscription)

    @property
    def wanted(self) -> Mapping[bytes, Mapping[AttributeKey, int]]:
        """How many subscriptions want an attribute, by element; well-known attributes by number."""
        return self._wanted

    def knows(self, subscription: bytes) -> bool:
        """Whether a UUID is that of a subscription, or will be if its request is granted."""
        return subscription in self._open or self._asked_ids[subscription] > 0

    def asked(self, request: Packet) -> None:
        """A subscribe request was sent."""
        self._ask(request, 1)

    def answered(self, request: Packet) -> None:
        """A subscribe request was answered, however; what it opened comes by `opened`."""
        self._ask(request, -1)

    def opened(self, subscription: SubscriptionOpened) -> None:
        """A subscription was granted; one of the same id is replaced."""
        self.closed(subscription.uuid)
        self._open[subscription.uuid] = subscription
        self._count(subscription.elements, 1)

    def closed(self, subscription: bytes) -> bool:
        """A subscription has ended. Returns whether it was open."""
        opened = self._open.pop(subscription, None)
        if opened is None:
            return False
        self._count(opened.elements, -1)
        return True

    def _ask(self, request: Packet, step: int) -> None:
        named = entries(request.body, _SUBSCRIBE)
        self._count(subscribed_elements(named.get("elements")), step)
        desired = uuid(named.get("desired_subscription_id"))
        if desired is not None:
            self._asked_ids[desired] += step

    def _count(self, elements: Elements, step: int) -> None:
        for element, attributes in elements:
            counts = self._wanted.setdefault(element, Counter())
            for attribute in attributes:
                key = attribute_number(attribute)
                counts[key] += step
                if not counts[key]:
                    del counts[key]
            if not counts:
                del self._wanted[element]
