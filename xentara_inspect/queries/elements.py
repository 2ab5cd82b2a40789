"""Elements: which ones the traffic told of, and which one a name means, be it told or from a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

from xentara_inspect.protocol import identifiers
from xentara_inspect.queries.databases import Askable, Database, Databases, as_databases
from xentara_inspect.queries.grep import Grep, wanted_text
from xentara_inspect.queries.named import Named
from xentara_inspect.queries.unknown import QuestionError, not_known
from xentara_inspect.queries.values import Row, named_number
from xentara_inspect.queries.where import Several, several
from xentara_inspect.store.columns import loaded_uuid
from xentara_inspect.store.given_names import FROM_FILE
from xentara_inspect.traffic.names import uuid_from_text

ELEMENT_KEYS: Final = ("uuid", "primary_key", "category", "learned_from")

_PIECES: Final = re.compile(r"(\.\*\*\Z|\*\*|\*|\?)")
_WILDCARDS: Final = {".**": r"(?:\..*)?", "**": ".*", "*": r"[^.]*", "?": r"[^.]"}
"""What the wildcards of a pattern mean in a regular expression; names are separated by dots."""


def elements(
    asked: Askable, *, limit: int = 50, element: Several[str] = None, grep: str | None = None
) -> Iterator[Row]:
    """Rows with `ELEMENT_KEYS`: the `limit` that were seen last, 0 for all. Raises StoreError.

    By primary key, those without at the end. Of an element that several databases know, the latest
    that knows more counts; names out of files only where the traffic tells none. grep: a text in the row.
    Raises QuestionError for an element that is not known.
    """
    databases = as_databases(asked)
    wanted, text = wanted_element(element, databases), wanted_text(grep, databases)
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
        chosen(known.values(), wanted, text)[-limit:],
        key=lambda row: (row["primary_key"] is None, row["primary_key"] or "", row["uuid"]),
    )


def chosen(rows: Iterable[Row], wanted: WantedElement | None, text: Grep | None) -> list[Row]:
    """Rows, each with the `uuid` of an element, that are about one of the elements and have the text."""
    return [
        row
        for row in rows
        if (wanted is None or wanted.is_called(row))
        and (text is None or text.is_in(row) or text.has_uuid(loaded_uuid(row["uuid"])))
    ]


def _elements(file: Database) -> Iterator[Row]:
    for row in file.rows("SELECT uuid, primary_key, category, learned_from FROM elements ORDER BY id"):
        category = named_number(row["category"], identifiers.ELEMENT_CATEGORIES)
        values = (row["uuid"], row["primary_key"], category, row["learned_from"])
        yield dict(zip(ELEMENT_KEYS, values, strict=True))


class WantedElement:
    """The elements that are asked for: by primary key, by a pattern of these, or by a UUID in any form.

    In a pattern `*` is any part of one name, `**` of several, `?` one character; `.**` at the end means
    an element and all below it. Case counts unless nothing is found with it.

    uuids: none where nobody has told of such an element. unknown_names: as they were asked for.
    """

    def __init__(self, asked: str | Sequence[str], databases: Databases) -> None:
        self._databases = databases
        known = databases.names.named_elements()
        self._matchers = {name: _matcher(name, set(known.values())) for name in several(asked)}
        uuids: set[bytes] = set()
        self.unknown_names: list[str] = []
        for name, matches in self._matchers.items():
            given = uuid_from_text(name)
            found = {element for element, primary_key in known.items() if matches(primary_key)}
            if not found and not (given is not None and databases.names.is_element(given)):
                self.unknown_names.append(name)
            uuids |= found if given is None else {*found, given}
        self.uuids = frozenset(uuids)
        self._primary_keys = {known[uuid] for uuid in uuids if uuid in known}

    @property
    def is_known(self) -> bool:
        """Whether somebody told of all that are asked for."""
        return not self.unknown_names

    def keys_in(self, file: Database) -> list[int]:
        """Their keys in a file. Raises StoreError."""
        return file.element_keys(self.uuids)

    def is_among(self, named: Named) -> bool:
        """Whether a request names one."""
        return not self.uuids.isdisjoint(named.elements) or any(map(self._calls, named.primary_keys))

    def is_called(self, row: Row) -> bool:
        """Whether it is one of them that a row with a `uuid` is about."""
        return loaded_uuid(row["uuid"]) in self.uuids

    def unknown(self) -> QuestionError:
        """That nobody told of the first that is not known."""
        known = self._databases.names.named_elements().values()
        return not_known("element", self.unknown_names[0], known, "elements")

    def _calls(self, primary_key: str) -> bool:
        return primary_key in self._primary_keys or any(
            matches(primary_key) for matches in self._matchers.values()
        )


def wanted_element(asked: Several[str], databases: Databases) -> WantedElement | None:
    """The elements that are asked for; None for none. Raises QuestionError where nobody told of one."""
    if not several(asked):
        return None
    wanted = WantedElement(several(asked), databases)
    if not wanted.is_known:
        raise wanted.unknown()
    return wanted


def _matcher(name: str, known: Collection[str]) -> Callable[[str], bool]:
    """What says whether a primary key is meant: the strictest way that means any that is known."""
    if name in known:
        return lambda primary_key: primary_key == name
    pattern = "".join(_WILDCARDS.get(piece, re.escape(piece)) for piece in _PIECES.split(name))
    for flags in (re.DOTALL, re.DOTALL | re.IGNORECASE):
        matches = re.compile(pattern, flags).fullmatch
        if any(map(matches, known)):
            break
    return lambda primary_key: matches(primary_key) is not None
