"""Addresses as text: `42p1` is packet 1 of frame 42, `42` the frame itself.

No program takes such an id for a number, and no shell, spreadsheet or URL minds it.
"""

from __future__ import annotations

import re
from typing import Final

from xentara_inspect.frames import LAST_POSITION, address, frame_of, position_in

_TEXT: Final = re.compile(r"([0-9]{1,12})(?:p([0-9]{1,8}))?")

SQL: Final = "(({0} >> 24) || CASE {0} & 16777215 WHEN 0 THEN '' ELSE 'p' || ({0} & 16777215) END)"
"""The text of an address as an SQL expression; `SQL.format(column)`."""


def address_text(place: int) -> str:
    """The text of an address."""
    position = position_in(place)
    return f"{frame_of(place)}p{position}" if position else str(frame_of(place))


def parse_address(text: str) -> int | None:
    """The address that a text means; None where it is none."""
    match = _TEXT.fullmatch(text.strip())
    if match is None or int(match[2] or 0) > LAST_POSITION:
        return None
    return address(int(match[1]), int(match[2] or 0))
