"""What clients wrote and the recording does not know, for all connections that are served from it."""

from __future__ import annotations

from collections.abc import Callable

from xentara_inspect.playback import writing
from xentara_inspect.traffic.readings import AttributeKey, attribute_number

Listener = Callable[[bytes, AttributeKey, bytes], None]
"""Is told element, attribute and the encoded value."""


class Plant:
    """Values that were written, by element and attribute; well-known attributes by number.

    listeners: are told of each that is written.
    """

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self._written: dict[tuple[bytes, AttributeKey], bytes] = {}

    def write(self, element: bytes, attribute: AttributeKey, value: bytes) -> None:
        """Remember a value, as it was encoded."""
        key = element, attribute_number(attribute)
        self._written[key] = value
        for listener in list(self.listeners):
            listener(*key, value)

    def forget(self, element: bytes, attribute: AttributeKey) -> None:
        """From here on the recording counts again."""
        self._written.pop((element, attribute_number(attribute)), None)

    def written(self, element: bytes, attribute: AttributeKey) -> bytes | None:
        """The value that was written last; None where the recording counts."""
        return self._written.get((element, attribute)) if self._written else None

    def told(self, element: bytes, attribute: AttributeKey, told: bytes) -> bytes:
        """What an attribute is told to be: what was written, else what the recording tells."""
        written = self.written(element, attribute)
        return writing.value(written) if written is not None else told
