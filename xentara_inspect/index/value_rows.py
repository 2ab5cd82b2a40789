"""Observations to rows of `attribute_values`.

A packet's Quality qualifies all of its other values, so that these carry it; a row of its own, which
would be every second one, it needs only where it stands alone or is no plain integer. A value's kind
is left out where the type of the value says it. Positions count from 0 here: SQLite keeps 0 and 1 in no
bytes at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from xentara_inspect.index.keys import Keys
from xentara_inspect.store.columns import plain_kind, stored_integer
from xentara_inspect.store.schema import QUALITY_ID
from xentara_inspect.traffic.records import Observation, Reading

ValueRow = tuple[int, int, int, Any, str | None, int | str | None, int | None]
"""packet_id, position, attribute_id, value, value_kind, quality, quality_position"""

_INTEGER: Final = "integer"
_ERROR: Final = "error"


def value_rows(rows: list[ValueRow], observation: Observation, keys: Keys) -> None:
    """Append the rows of one packet's values."""
    place, _, _, _, quality, readings = observation
    folded = _folded(readings, quality, keys) if quality is not None and len(readings) > 1 else None
    folded_position = folded - 1 if folded is not None else None
    stored_quality = stored_integer(quality)
    for position, attribute, value, kind, code in readings:
        if position == folded:
            continue
        if kind == _ERROR:
            value = code
        if isinstance(value, int):
            value = stored_integer(value)
        rows.append(
            (
                place,
                position - 1,
                keys.attribute(attribute),
                value,
                None if plain_kind(value) == kind else kind,
                stored_quality,
                folded_position,
            )
        )


def _folded(readings: Sequence[Reading], quality: int, keys: Keys) -> int | None:
    """The position of the Quality that needs no row of its own."""
    for reading in readings:
        is_plain = reading.value == quality and reading.value_kind == _INTEGER
        if is_plain and keys.attribute(reading.attribute) == QUALITY_ID:
            return reading.position
    return None
