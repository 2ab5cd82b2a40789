"""Integer keys of elements and attributes, given out as they are seen."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from xentara_inspect.store.columns import loaded_uuid, stored_integer, stored_uuid
from xentara_inspect.store.given_names import name_elements
from xentara_inspect.store.schema import WELL_KNOWN_ATTRIBUTES
from xentara_inspect.traffic.records import AttributeKey

_WELL_KNOWN: Final[dict[AttributeKey, int]] = {
    key: row_id for row_id, number, uuid, _ in WELL_KNOWN_ATTRIBUTES for key in (number, loaded_uuid(uuid))
}


class Keys:
    """Keys by UUID or identifier. new_elements, new_attributes: rows that are not written yet.

    Whether an attribute was named by its identifier or its UUID is for the frame to say: well-known
    ones have one key for both.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._elements: dict[bytes, int] = {
            loaded_uuid(uuid): row_id for row_id, uuid in connection.execute("SELECT id, uuid FROM elements")
        }
        self._attributes = dict(_WELL_KNOWN)
        self._last_attribute = len(WELL_KNOWN_ATTRIBUTES)
        for row_id, number, uuid in connection.execute("SELECT id, number, uuid FROM attributes"):
            self._attributes[loaded_uuid(uuid) if number is None else int(number)] = row_id
            self._last_attribute = max(self._last_attribute, row_id)
        self.new_elements: list[tuple[Any, ...]] = []
        self.new_attributes: list[tuple[Any, ...]] = []

    def element(self, uuid: bytes) -> int:
        """The key of an element."""
        key = self._elements.get(uuid)
        if key is None:
            key = self._elements[uuid] = len(self._elements) + 1
            self.new_elements.append((key, stored_uuid(uuid)))
        return key

    def attribute(self, attribute: AttributeKey) -> int:
        """The key of an attribute."""
        key = self._attributes.get(attribute)
        if key is None:
            self._last_attribute += 1
            key = self._attributes[attribute] = self._last_attribute
            named = (None, stored_uuid(attribute)) if isinstance(attribute, bytes) else (attribute, None)
            number, uuid = named
            self.new_attributes.append((key, stored_integer(number), uuid))
        return key

    def write(self, connection: sqlite3.Connection) -> None:
        """Write the new rows; `written` once the transaction is committed."""
        if self.new_elements:
            connection.executemany("INSERT INTO elements (id, uuid) VALUES (?, ?)", self.new_elements)
            name_elements(connection, self.new_elements[0][0])
        self.write_attributes(connection)

    def write_attributes(self, connection: sqlite3.Connection) -> None:
        """Write those of the new rows that values name, likewise."""
        connection.executemany(
            "INSERT INTO attributes (id, number, uuid) VALUES (?, ?, ?)", self.new_attributes
        )

    def written(self) -> None:
        """The new rows are in the database."""
        self.new_elements.clear()
        self.new_attributes.clear()
