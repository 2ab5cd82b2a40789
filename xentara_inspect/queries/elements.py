"""Elements: which ones the traffic told of, and which one a name means, be it told or from a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from xentara_inspect.protocol import identifiers
from xentara_inspect.queries.databases import Askable, Database, Databases, as_databases
from xentara_inspect.queries.named import Named
from xentara_inspect.queries.unknown import QuestionError, not_known
from xentara_inspect.queries.values import Row, named_number
from xentara_inspect.store.columns import loaded_uuid
from xentara_inspect.store.given_names import FROM_FILE
from xentara_inspect.traffic.names import uuid_from_text, uuid_text

ELEMENT_KEYS: Final = ("uuid", "primary_key", "category", "learned_from")


def elements(asked: Askable, *, limit: int = 50) -> Iterator[Row]:
    """Rows with `ELEMENT_KEYS`: the `limit` that were seen last, 0 for all. Raises StoreError.

    By primary key, those without at the end. Of an element that several databases know, the latest
    that knows more counts; names out of files only where the traffic tells none.
    """
    databases = as_databases(asked)
    known: dict[str, Row] = {}
    for file in databases.files:
        for row in _elements(file):
            before = known.setdefault(row["uuid"], row)
            if row["primary_key"] is not None and row["learned_from"] != FROM_FILE:
                before |= {"primary_key": row["primary_key"], "learned_from": row["learned_from"]}
            if row["category"] is not None:
                before["category"] = row["category"]
    for uuid, row in known.items():
        if row["primary_key"] is None or row["learned_from"] == FROM_FILE:
            given = databases.names.given.get(loaded_uuid(uuid))
            if given is not None:
                row |= {"primary_key": given.name, "learned_from": FROM_FILE}
    yield from sorted(
        list(known.values())[-limit:],
        key=lambda row: (row["primary_key"] is None, row["primary_key"] or "", row["uuid"]),
    )


def _elements(file: Database) -> Iterator[Row]:
    for row in file.rows("SELECT uuid, primary_key, category, learned_from FROM elements ORDER BY id"):
        category = named_number(row["category"], identifiers.ELEMENT_CATEGORIES)
        values = (row["uuid"], row["primary_key"], category, row["learned_from"])
        yield dict(zip(ELEMENT_KEYS, values, strict=True))


class WantedElement:
    """The elements that a primary key, or a UUID in any usual form, means.

    uuids: none where nobody has told of such an element. primary_keys: what a lookup may call it.
    """

    def __init__(self, name: str, databases: Databases) -> None:
        names = databases.names
        self._databases = databases
        self._name = name
        found = [element for element, primary_key in names.named_elements().items() if primary_key == name]
        given = uuid_from_text(name)
        self.uuids = frozenset([*found, given] if given is not None else found)
        self.primary_keys = {names.element(element) for element in self.uuids} | {name}
        self.is_known = bool(found) or (given is not None and names.is_element(given))

    def keys_in(self, file: Database) -> list[int]:
        """Its keys in a file. Raises StoreError."""
        marks = ", ".join("?" * len(self.uuids))
        uuids = [uuid_text(uuid) for uuid in self.uuids]
        return [row["id"] for row in file.rows(f"SELECT id FROM elements WHERE uuid IN ({marks})", uuids)]  # noqa: S608

    def is_among(self, named: Named) -> bool:
        """Whether a request names it."""
        return not (
            self.uuids.isdisjoint(named.elements) and self.primary_keys.isdisjoint(named.primary_keys)
        )

    def unknown(self) -> QuestionError:
        """That nobody told of it."""
        known = self._databases.names.named_elements().values()
        return not_known("element", self._name, known, "elements")


def wanted_element(name: str | None, databases: Databases) -> WantedElement | None:
    """The element that is asked for; None for none. Raises QuestionError where nobody told of it."""
    if name is None:
        return None
    wanted = WantedElement(name, databases)
    if not wanted.is_known:
        raise wanted.unknown()
    return wanted
