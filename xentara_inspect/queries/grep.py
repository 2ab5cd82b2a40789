"""What `--grep` searches: a text in names, UUIDs, values, errors and notation, in any case.

Names are those that are known by now: what was recorded before an element's name was told is found by its
keys and UUIDs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from xentara_inspect.protocol import commands, identifiers
from xentara_inspect.queries.databases import Database, Databases
from xentara_inspect.queries.errors import errors_called
from xentara_inspect.queries.found import FoundPackets, found_packets
from xentara_inspect.queries.named import commands_naming_elements
from xentara_inspect.queries.where import Condition, among, any_of, contains
from xentara_inspect.store.columns import loaded_uuid
from xentara_inspect.store.schema import QUALITY_ID
from xentara_inspect.store.views import iso
from xentara_inspect.traffic.names import uuid_text

_HEX: Final = re.compile(r"[0-9a-f]{4,32}")
_TOLD_OTHERWISE: Final = ("time", "boolean")
"""Kinds of values that stand in their columns as other numbers than are shown."""


_ANSWERED: Final = "(SELECT opcode FROM exchanges WHERE response_id = r.packet_id)"
"""The command that values `r` are the answer to; NULL for events."""


class Grep:
    """A text that is searched for.

    elements: UUIDs of those whose name or UUID has it.
    """

    def __init__(self, text: str, databases: Databases) -> None:
        self.text = text
        self._names = databases.names
        self._lowered = text.lower()
        digits = self._lowered.replace("-", "")
        self._digits = digits if _HEX.fullmatch(digits) else None

    @cached_property
    def elements(self) -> frozenset[bytes]:
        """UUIDs of the elements whose name or UUID has the text."""
        named = self._names.named_elements()
        known = {*self._names.elements, *named}
        return frozenset(uuid for uuid in known if self.has_uuid(uuid) or self.has(named.get(uuid, "")))

    def has(self, text: str) -> bool:
        """Whether a text has it."""
        return self._lowered in text.lower()

    def has_uuid(self, uuid: bytes) -> bool:
        """Whether a UUID has it, be it written with hyphens or without."""
        if self._digits is not None:
            return self._digits in uuid.hex()
        return self._lowered in uuid_text(uuid)

    def is_about(self, elements: Iterable[bytes], row: Mapping[str, Any]) -> bool:
        """Whether a row has it, or a name or UUID of the elements that the row is about."""
        return self.is_in(row) or not self.elements.isdisjoint(elements)

    def is_in(self, value: Any) -> bool:
        """Whether a row has it, or anything that stands in one."""
        if isinstance(value, Mapping):
            return any(self.is_in(inner) for inner in value.values())
        if isinstance(value, (list, tuple)):
            return any(map(self.is_in, value))
        if isinstance(value, bool):
            return self.has("true" if value else "false")
        return value is not None and self.has(str(value))

    def attributes_in(self, file: Database) -> list[int]:
        """Keys of the attributes in a file that have it in a name, number or UUID. Raises StoreError."""
        rows = file.tuples(
            "SELECT id, coalesce(name, number, ''), uuid FROM attributes"
            " UNION ALL SELECT attribute_id, coalesce(name, ''), NULL FROM element_attributes"
        )
        return sorted(
            {
                row_id
                for row_id, name, uuid in rows
                if self.has(str(name)) or (uuid is not None and self.has_uuid(loaded_uuid(uuid)))
            }
        )

    def packets(self, file: Database) -> FoundPackets:
        """The packets of a file that have it, as far as they tell it themselves. Raises StoreError."""
        conditions = [
            contains("p.notation", self.text),
            among("p.element_id", file.element_keys(self.elements)),
            among("p.event_type", self._numbers(identifiers.EVENT_TYPES)),
        ]
        return found_packets(
            file,
            [_search("p.id", "packets p", file, conditions), self._in_values(file)],
        )

    def packets_of_readings(self, file: Database, refused: Iterable[int]) -> FoundPackets:
        """The packets of a file with readings that have it, and few others. Raises StoreError.

        refused: addresses of those of which a later file tells an error.
        """
        packets = [among("p.element_id", file.element_keys(self.elements)), among("p.id", refused)]
        return found_packets(
            file,
            [
                *(_search("p.id", "packets p", file, [wanted]) for wanted in packets),
                _search("e.id", "exchanges e", file, errors_called(self.has)),
                self._in_values(file),
            ],
        )

    def _in_values(self, file: Database) -> Condition:
        """What finds the packets with values that have it, or that are of attributes that do."""
        attributes = self.attributes_in(file)
        quality = [contains("r.quality", self.text)]
        quality += [("1", [])] if QUALITY_ID in attributes else []
        number = _number(self.text)
        conditions = [
            _both(f"coalesce(r.value_kind, '') NOT IN {_TOLD_OTHERWISE}", contains("r.value", self.text)),
            _both("r.value_kind = 'time'", contains(iso("r.value"), self.text)),
            _both("r.value_kind = 'error'", any_of(errors_called(self.has, "r.value", _ANSWERED))),
            _both("r.quality_position IS NOT NULL", any_of(quality)),
            among("r.attribute_id", attributes),
            among("r.quality", self._numbers(identifiers.QUALITIES)),
            *(
                _both("r.value_kind = 'boolean'", ("r.value = ?", [value]))
                for value in (False, True)
                if self.is_in(value)
            ),
            # SQLite writes fewer digits of a number than JSON has.
            *([("r.value = ?", [number])] if number is not None else []),
        ]
        return _search("r.packet_id", "attribute_values r", file, conditions)

    @property
    def malformed(self) -> Condition:
        """A condition on packets `p`: what was found wrong with one has it."""
        said, parameters = contains("message", self.text)
        return f"EXISTS (SELECT 1 FROM findings WHERE address = p.id AND {said})", [*parameters]  # noqa: S608

    def exchanges(self, file: Database, found: FoundPackets) -> tuple[Condition, Condition]:
        """Conditions on exchanges `e`: of those that have it, and of those whose rows may. Raises StoreError.

        found: its packets of the file.
        """
        keys = file.element_keys(self.elements)
        sure = any_of(
            [
                (found.have("e.id"), []),
                (found.have("e.response_id"), []),
                contains("e.error_text", self.text),
                among("e.element_id", keys),
                among("e.opcode", self._numbers(commands.COMMAND_NAMES)),
                *errors_called(self.has),
            ]
        )
        perhaps: list[Condition] = [("e.id IN (SELECT id FROM carried_requests)", [])]
        if self.elements:
            opcodes, _ = among("e.opcode", commands_naming_elements())
            perhaps.append((f"(e.element_id IS NULL AND {opcodes})", []))
        return sure, any_of(perhaps)

    def _numbers(self, names: Mapping[int, str]) -> list[int]:
        """The numbers of a table whose names have it."""
        return [number for number, name in names.items() if self.has(name)]


def wanted_text(text: str | None, databases: Databases) -> Grep | None:
    """What is searched for; None for nothing."""
    return Grep(text, databases) if text else None


def _search(column: str, table: str, file: Database, conditions: Sequence[Condition]) -> Condition:
    """What finds the addresses in a column for which one of the conditions holds, among the news."""
    condition, parameters = any_of(conditions)
    new = file.news.of_packets(column) if file.news is not None else "1"
    return f"SELECT {column} FROM {table} WHERE {new} AND {condition}", parameters  # noqa: S608


def _both(kind: str, condition: Condition) -> Condition:
    return f"({kind} AND {condition[0]})", condition[1]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
