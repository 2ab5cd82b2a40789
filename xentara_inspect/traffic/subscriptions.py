"""What a connection has subscribed to, kept so that asking costs the same however much it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from xentara_inspect.protocol import commands
from xentara_inspect.traffic.pairing import Waiting
from xentara_inspect.traffic.readings import AttributeKey, attribute_number
from xentara_inspect.traffic.records import SubscribedElements, SubscriptionOpened


class Subscriptions:
    """The subscriptions of one connection: those open, and those asked for and not answered yet.

    The latter count too, because events may overtake the answer to their subscribe request.
    """

    def __init__(self, opened: Iterable[SubscriptionOpened] = ()) -> None:
        self._open: dict[bytes, SubscriptionOpened] = {}
        self._asked_ids: Counter[bytes] = Counter()
        self._wanted: dict[bytes, Counter[AttributeKey | None]] = {}
        for subscription in opened:
            self.opened(subscription)

    @property
    def wanted(self) -> Mapping[bytes, Mapping[AttributeKey | None, int]]:
        """How many subscriptions want an attribute, by element; well-known attributes by number.

        None counts those that name an element, and no attribute of it.
        """
        return self._wanted

    def knows(self, subscription: bytes) -> bool:
        """Whether a UUID is that of a subscription, or will be if its request is granted."""
        return subscription in self._open or self._asked_ids[subscription] > 0

    def asked(self, waiting: Waiting) -> None:
        """A request was sent; one of a client that asks for a subscription counts."""
        self._ask(waiting, 1)

    def answered(self, waiting: Waiting) -> None:
        """It was answered, however, or given up; what it opened comes by `opened`."""
        self._ask(waiting, -1)

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

    def _ask(self, waiting: Waiting, step: int) -> None:
        exchange, asked = waiting
        if exchange.opcode != commands.SUBSCRIBE or not exchange.from_client:
            return
        self._count(asked.elements, step)
        if asked.subscription is not None:
            self._asked_ids[asked.subscription] += step
            if not self._asked_ids[asked.subscription]:
                del self._asked_ids[asked.subscription]

    def _count(self, elements: SubscribedElements, step: int) -> None:
        for element, attributes in elements:
            counts = self._wanted.setdefault(element, Counter())
            for attribute in attributes or (None,):
                key = attribute_number(attribute) if attribute is not None else None
                counts[key] += step
                if not counts[key]:
                    del counts[key]
            if not counts:
                del self._wanted[element]
