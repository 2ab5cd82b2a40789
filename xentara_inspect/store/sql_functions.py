"""Functions in SQL that write what the tables do not hold: notation, times and names as text.

For programs that open a database by themselves: sqlite-utils by its plugin (see `plugin`), Datasette by
the same hook, others by `register(connection)`.
"""

from __future__ import annotations

import sqlite3
from typing import Final

_ARITIES: Final = {"xentara_notation": (1, 2, 3), "xentara_error": (1, 2)}
"""How many arguments may be given, where not one."""


def register(connection: sqlite3.Connection) -> None:
    """Add the functions to a connection. What they are given, they never raise."""
    for function in (xentara_notation, xentara_time, xentara_command, xentara_error):
        for count in _ARITIES.get(function.__name__, (1,)):
            connection.create_function(function.__name__, count, function, deterministic=True)


def xentara_notation(payload: object, position: object = 0, opcode: object = None) -> str | None:
    """The annotated notation of a message, or of the packet at a position in it (from 1).

    payload: of `frames`, bytes; text is taken for a text message. opcode: the command that a response
    answers, for the names in its result. None for what is no payload, and for a position where there is
    no packet.
    """
    from xentara_inspect.notation.messages import (
        Context,
        annotate,
        annotate_packet,
        annotate_text_message,
    )
    from xentara_inspect.traffic import packets

    if isinstance(payload, str):
        return annotate_text_message(payload.encode(errors="surrogatepass"))
    if not isinstance(payload, bytes):
        return None
    if not position:
        return annotate(payload)
    context = Context(opcode, None) if isinstance(opcode, int) else None
    for packet in packets.read(payload).packets:
        if packet.position == position:
            return annotate_packet(packet, payload, context=context)
    return None


def xentara_time(nanoseconds: object) -> str | None:
    """Nanoseconds since 1970 UTC in ISO 8601, with all digits. None for what is no integer."""
    from xentara_inspect.traffic.time_points import nanoseconds_text

    number = _integer(nanoseconds)
    return nanoseconds_text(number) if number is not None else None


def xentara_command(opcode: object) -> str | None:
    """The name of a command. None for one that is not known."""
    from xentara_inspect.protocol import commands

    number = _integer(opcode)
    return commands.COMMAND_NAMES.get(number) if number is not None else None


def xentara_error(code: object, opcode: object = None) -> str | None:
    """The name of an error code, as the answer to a command if that is given. None if not known."""
    from xentara_inspect.protocol import commands

    number = _integer(code)
    return commands.error_name(number, _integer(opcode)) if number is not None else None


def _integer(value: object) -> int | None:
    """An integer from the wire in a column, which is decimal text beyond 64 bits."""
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 1000:
        return int(value)
    return None
