"""Exchanges that are asked for: one statement for all that can be said of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from xentara_inspect.protocol.commands import OPCODES
from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.elements import WantedElement
from xentara_inspect.queries.found import FoundPackets
from xentara_inspect.queries.grep import Grep
from xentara_inspect.queries.named import commands_naming_elements
from xentara_inspect.queries.unknown import not_known
from xentara_inspect.queries.where import Where, among, any_of

EXCHANGE_TIME: Final = "coalesce(e.requested, e.responded)"
"""When an exchange began, as the index has it."""

_NUMBER: Final = re.compile(r"-?[0-9]{1,40}")

_EXCHANGES: Final = f"""
    SELECT e.id, e.session_id, {EXCHANGE_TIME} AS time, e.message_id, e.opcode,
           e.element_id, e.status, e.error_code, e.latency, e.requested, e.response_id, {{}} AS is_found
    FROM exchanges e"""  # noqa: S608 - a text of ours


@dataclass(frozen=True, slots=True)
class ExchangeSearch:
    """What is asked of the exchanges `e` of one file.

    where: what is said in SQL. element: what they name. text: what they have somewhere, and found: the
    packets that do. slowest: how many of the slowest are wanted, 0 for all; None for the order of time.
    """

    where: Where = field(default_factory=Where)
    element: WantedElement | None = None
    text: Grep | None = None
    found: FoundPackets | None = None
    slowest: int | None = None

    def sql(self, file: Database, direction: str) -> tuple[str, Sequence[Any]]:
        """The statement and its parameters; whether a row has the text is_found says. Raises StoreError.

        Where that is not so, and where there is no element_id, the row itself must tell.
        """
        where, is_found, parameters = self.where, "1", list[Any]()
        if self.element is not None:
            where = where.also(self._about(self.element.keys_in(file)))
        if self.text is not None and self.found is not None:
            sure, perhaps = self.text.exchanges(file, self.found)
            is_found, parameters = sure[0], [*sure[1]]
            either, more = any_of([sure, perhaps])
            where = where.also(either, *more)
        if file.news is not None:
            where = where.also(file.news.of_exchanges("e.id"))
        order = f"{EXCHANGE_TIME}{direction}, e.id{direction}"
        if self.slowest is not None:
            where = where.also("e.latency IS NOT NULL")
            order = "e.latency DESC, e.id"
            if self.slowest and self.element is None and self.text is None:
                order += f" LIMIT {self.slowest}"
        sql = f"{_EXCHANGES.format(is_found)}{where.sql} ORDER BY {order}"
        return sql, [*parameters, *where.parameters]

    def key(self, row: Any, file: Database) -> tuple[int, int, int]:
        """What rows of several files are sorted by."""
        place = row["time"] if self.slowest is None else -row["latency"]
        return place, file.recording.index, row["id"]

    def _about(self, keys: Sequence[int]) -> str:
        """Exchanges that are about elements, or may name them: whether they do their requests tell."""
        about, _ = among("e.element_id", keys)
        opcodes, _ = among("e.opcode", commands_naming_elements())
        return f"({about} OR (e.element_id IS NULL AND {opcodes}))"


def wanted_opcode(command: str | int) -> int:
    """The opcode of a command by its name or number. Raises QuestionError for a name that is not known."""
    opcode = OPCODES.get(str(command).lower())
    if opcode is not None:
        return opcode
    if not _NUMBER.fullmatch(str(command)):
        raise not_known("command", str(command), OPCODES)
    return int(command)
