"""The plant that the simulator runs unless it is given another one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import xentara_inspect.simulator.conversion as types
from xentara_inspect.protocol import error_codes, identifiers
from xentara_inspect.simulator.conversion import Range
from xentara_inspect.simulator.plant import (
    READ_AND_WRITE,
    TICK,
    WRITE_ONLY,
    Attribute,
    Element,
    Moving,
    Plant,
)
from xentara_inspect.simulator.wire import NIL, time_point

PAGE_ELEMENT: Final = UUID("e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8")
"""The element, `Group 1.Data Point 1`, on which the specification's pages try everything."""
PAGE_MISSING_ATTRIBUTE: Final = UUID("88130ce8-b9e7-4a2a-8f26-d32a931129aa")
"""The attribute that the page of read says is missing there; no element has it."""
UNIT: Final = UUID("5f1c9a3e-3d0b-4c55-9f0e-6a1b2c3d4e5f")
"""A custom attribute: the physical unit of a data point."""
ALARM_LIMIT: Final = UUID("7d9e2b10-8c44-4f6a-b1d2-0e9f8a7b6c5d")
"""A custom attribute that can be written: the value at which an alarm is raised."""

_GROUP, _POINT, _TIMER, _TRACK, _DEVICE = 1, 2, 3, 4, 6
_GOOD, _ACCEPTABLE, _BAD = 0, 1, 3
_VALUE: Final = 11
_STARTED: Final = 1_748_772_000_000_000_000  # 2025-06-01T10:00:00Z


def wave(low: float, high: float, period: int, step: float = 0.25) -> Moving:
    """A sine between two limits, `period` ticks long, in multiples of `step`."""

    def value(tick: int) -> float:
        middle, swing = (low + high) / 2, (high - low) / 2
        return round((middle + swing * math.sin(2 * math.pi * (tick % period) / period)) / step) * step

    return value


def _every_other(ticks: int, first: Any, second: Any) -> Moving:
    return lambda tick: second if tick // ticks % 2 else first


def _tick_time(tick: int) -> Any:
    return time_point(tick * TICK)


def _element(
    key: str, category: int, *attributes: Attribute, kind: str = "", name: str = "", uuid: UUID = NIL
) -> Element:
    """An element with the attributes that all elements have, and these."""
    element = Element(key, category, name=name, type_name=kind, uuid=uuid)
    common = (
        Attribute(0, "Primary Key", types.U8STRING, key),
        Attribute(1, "Name", types.U8STRING, element.name),
        Attribute(2, "UUID", types.UUID_TYPE, element.uuid),
        Attribute(3, "Type", types.U8STRING, kind or identifiers.ELEMENT_CATEGORIES[category]),
        Attribute(4, "Category", types.ELEMENT_CATEGORY, category),
    )
    return replace(element, attributes=(*common, *attributes))


def _point(
    key: str,
    data_type: int,
    value: Any,
    *more: Attribute,
    quality: Any = _GOOD,
    name: str = "",
    uuid: UUID = NIL,
    **options: Any,
) -> Element:
    """A data point. options: those of its Value attribute."""
    moves = callable(value)
    attributes = (
        Attribute(5, "Source Time", types.TIME_POINT, _tick_time),
        Attribute(6, "Update Time", types.TIME_POINT, _tick_time),
        Attribute(7, "Change Time", types.TIME_POINT, _tick_time if moves else time_point(_STARTED)),
        Attribute(8, "Write Time", types.TIME_POINT),
        Attribute(9, "Quality", types.QUALITY, quality),
        Attribute(_VALUE, "Value", data_type, value, **options),
        Attribute(12, "Error", types.ERROR_CODE),
        Attribute(13, "Write Error", types.ERROR_CODE),
    )
    return _element(key, _POINT, *attributes, *more, kind="Register", name=name, uuid=uuid)


def _unit(text: str) -> Attribute:
    return Attribute(UNIT, "Unit", types.U8STRING, text)


def _process() -> list[Element]:
    limit = Attribute(ALARM_LIMIT, "Alarm Limit", types.FLOAT64, 90.0, READ_AND_WRITE, Range(0, 100))
    return [
        _element("Plant", _GROUP),
        _element("Plant.Tank 1", _GROUP),
        _point("Plant.Tank 1.Level", types.FLOAT32, wave(20, 80, 120), _unit("%"), limit),
        _point("Plant.Tank 1.Temperature", types.FLOAT64, wave(61.5, 64.3, 90, 0.1), _unit("°C")),
        _point("Plant.Tank 1.High Alarm", types.BOOLEAN, lambda tick: wave(20, 80, 120)(tick) > 75),
        _element("Plant.Tank 2", _GROUP),
        _point("Plant.Tank 2.Level", types.FLOAT32, 0.0, _unit("%")),
        _point(
            "Plant.Tank 2.Temperature",
            types.FLOAT64,
            wave(18, 21, 40),
            _unit("°C"),
            quality=_every_other(5, _GOOD, _BAD),
            read_error=_every_other(5, None, error_codes.READ_OR_WRITE_ERROR),
        ),
        _element("Plant.Pump 1", _GROUP),
        _point("Plant.Pump 1.Speed", types.FLOAT64, 1450.0, _unit("1/min"), **_writable(0, 3000)),
        _point("Plant.Pump 1.Running", types.BOOLEAN, True),
        _point("Plant.Pump 1.Mode", types.UINT8, 1, access=READ_AND_WRITE, range=Range(choices=(0, 1, 2))),
        _point("Plant.Pump 1.Start", types.BOOLEAN, False, access=WRITE_ONLY),
        _point("Plant.Pump 1.Starts", types.UINT32, lambda tick: tick // 50 % 100_000),
        _element("Plant.Valve 1", _GROUP),
        _point(
            "Plant.Valve 1.Position",
            types.FLOAT32,
            12.5,
            access=READ_AND_WRITE,
            write_error=error_codes.READ_OR_WRITE_ERROR,
        ),
    ]


def _writable(minimum: float, maximum: float) -> dict[str, Any]:
    return {"access": READ_AND_WRITE, "range": Range(minimum, maximum)}


def _batch() -> list[Element]:
    return [
        _element("Plant.Batch", _GROUP),
        _point("Plant.Batch.Recipe", types.U8STRING, "Grüner Tee, 5 % Minze", access=READ_AND_WRITE),
        _point("Plant.Batch.Id", types.UUID_TYPE, UUID("0b5c2f4e-9a1d-4c3b-8e7f-112233445566")),
        _point("Plant.Batch.Started", types.TIME_POINT, time_point(_STARTED + 123_456_789)),
        _point("Plant.Batch.Label", types.CUSTOM, bytes.fromhex("00ff10e2")),
        _point("Plant.Batch.Comment", types.NONE, None),
        _point("Plant.Batch.Profile", types.CUSTOM, [20.0, 64.5, 64.5, 21.3]),
        _point("Plant.Batch.Settings", types.CUSTOM, {"stirrer": True, "minutes": 45, "steps": [1, 2]}),
    ]


def _diagnostics() -> list[Element]:
    return [
        _element("Plant.Diagnostics", _GROUP),
        _point("Plant.Diagnostics.Small", types.INT8, -100, **_writable(-128, 127)),
        _point("Plant.Diagnostics.Cycle", types.UINT16, lambda tick: tick % 65536),
        _point("Plant.Diagnostics.Balance", types.INT64, -(1 << 63)),
        _point("Plant.Diagnostics.Total", types.UINT64, (1 << 64) - 1),
        _point("Plant.Diagnostics.Not A Number", types.FLOAT64, math.nan, quality=_BAD),
        _point("Plant.Diagnostics.Overflow", types.FLOAT64, math.inf, quality=_ACCEPTABLE),
        _point("Plant.Diagnostics.Dead", types.FLOAT32, 0.0, read_error=error_codes.READ_OR_WRITE_ERROR),
        _point("Plant.Diagnostics.Legacy", types.CUSTOM, 0, read_error=error_codes.TYPE_MISMATCH),
        _point(
            "Plant.Diagnostics.Bug",
            types.FLOAT32,
            0.0,
            access=READ_AND_WRITE,
            read_error=error_codes.INTERNAL_ERROR,
            write_error=error_codes.INTERNAL_ERROR,
        ),
        _element("Plant.Safety", _GROUP),
        _point("Plant.Safety.Service Code", types.UINT32, 4711, restricted=True, **_writable(0, 9999)),
        _element(
            "Plant.Controller",
            _DEVICE,
            Attribute(10, "Device State", types.UINT8, 0),
            kind="Modbus TCP Client",
        ),
        _element("Cycle Timer", _TIMER),
        _element("Cycle Track", _TRACK),
    ]


def _page_example() -> list[Element]:
    """What the pages' requests ask for, so that their responses come out as printed."""
    return [
        _element("Group 1", _GROUP),
        _point("Group 1.Data Point 1", types.BOOLEAN, True, name="register", uuid=PAGE_ELEMENT),
    ]


def example_plant(clock: Callable[[], int] = time.time_ns) -> Plant:
    """A small plant: tanks, a pump, a valve, a batch, diagnostics, and the pages' own example."""
    return Plant([*_process(), *_batch(), *_diagnostics(), *_page_example()], clock)
