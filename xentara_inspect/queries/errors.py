"""Which error codes a name means: some are called otherwise as the answer to some commands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from xentara_inspect.protocol import commands
from xentara_inspect.protocol.error_codes import ERROR_NAMES
from xentara_inspect.queries.unknown import not_known
from xentara_inspect.queries.where import Condition
from xentara_inspect.store.columns import stored_integer

_NUMBER: Final = re.compile(r"-?[0-9]{1,40}")
_OF_COMMANDS: Final = [
    (row.opcode, code, called)
    for row in commands.COMMANDS.values()
    for code, called in row.error_names.items()
]


def wanted_errors(wanted: str | int) -> list[Condition]:
    """Conditions on exchanges `e` of which one holds for those with an error, by its code or name.

    Raises QuestionError for a name that is not known.
    """
    if _NUMBER.fullmatch(str(wanted)):
        return [("e.error_code = ?", [stored_integer(int(wanted))])]
    name = str(wanted).lower().replace("-", " ").replace("_", " ")
    found = errors_called(lambda called: called.lower() == name)
    if not found:
        raise not_known(
            "error", str(wanted), {*ERROR_NAMES.values(), *(called for *_, called in _OF_COMMANDS)}
        )
    return found


def errors_called(
    is_meant: Callable[[str], bool], code: str = "e.error_code", opcode: str = "e.opcode"
) -> list[Condition]:
    """Conditions of which one holds for an error of such a name.

    code, opcode: SQL for its number, and for the command that it is the answer to; of exchanges `e`.
    """
    found: list[Condition] = [
        (f"({code} = ? AND {opcode} = ?)", [number, command])
        for command, number, called in _OF_COMMANDS
        if is_meant(called)
    ]
    for number, called in ERROR_NAMES.items():
        if is_meant(called):
            others = ", ".join(str(command) for command, other, _ in _OF_COMMANDS if other == number)
            found.append((f"({code} = ? AND coalesce({opcode}, -1) NOT IN ({others}))", [number]))
    return found
