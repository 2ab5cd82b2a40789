"""A command that no page knows, to see what follows from its row alone."""

from __future__ import annotations

import pytest

from xentara_inspect.protocol import commands
from xentara_inspect.protocol.error_codes import ACCESS_DENIED
from xentara_inspect.protocol.identifiers import QUALITIES
from xentara_inspect.protocol.objects import ELEMENT
from xentara_inspect.protocol.shape_types import ArrayOf, Boolean, Command, Field, Integer, Object, Text

CALIBRATE = Command(
    20,
    "calibrate",
    Object(
        "Calibrate Object",
        (
            Field(0, "element_uuid", ELEMENT),
            Field(1, "offset", Integer(unit="mm")),
            Field(2, "pass_phrase", Text(secret=True), optional=True),
            Field(
                3,
                "references",
                ArrayOf(
                    Object("Reference", (Field(0, "element_uuid", ELEMENT), Field(1, "weight", Integer())))
                ),
                optional=True,
            ),
        ),
    ),
    Object(
        "Calibration Object",
        (
            Field(0, "is_calibrated", Boolean()),
            Field(1, "quality", Integer(values=QUALITIES, enumeration="Quality")),
        ),
    ),
    (ACCESS_DENIED,),
)


def add(monkeypatch: pytest.MonkeyPatch, command: Command = CALIBRATE) -> None:
    """Put the command into the table, and into what is a column of it, for one test."""
    monkeypatch.setitem(commands.COMMANDS, command.opcode, command)
    monkeypatch.setitem(commands.COMMAND_NAMES, command.opcode, command.name)
    monkeypatch.setitem(commands.OPCODES, command.name, command.opcode)
