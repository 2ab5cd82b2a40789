"""Files of names for tests, and what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.store_traffic import LEVEL_UUID, VALVE_UUID

TIMER_UUID = "f7b5fb56-7453-49c4-a32c-e7ec8b7079ee"
"""Of an element that is in files only."""


def element(kind: str, name: str, uuid: str | None = None, *children: Any, **more: Any) -> dict[str, Any]:
    """An element as a model.json has it."""
    inside: dict[str, Any] = {"name": name} | ({"UUID": uuid} if uuid is not None else {}) | more
    return {kind: inside | ({"children": list(children)} if children else {})}


def model(level: str = "Level", valve: str = "Valve") -> dict[str, Any]:
    """A model with the elements of `store_traffic`: `Plant.Tank 1.Level` and `Plant.Valve`."""
    tank = element("@Group", "Tank 1", None, element("@DataPoint", level, LEVEL_UUID, io="Bus.Level"))
    plant = element("@Group", "Plant", "c65685e6-b7a2-40b6-bce4-b84d2c538aeb", tank)
    plant["@Group"]["children"].append(element("@Skill.CoE.Device", valve, VALVE_UUID))
    track = element("@Track", "Track", None, element("@Timer", "500ms", TIMER_UUID, period="500ms"))
    return {
        "$schema": "https://docs.xentara.io/xentara/schema-xentara-model.json",
        "children": [plant, track],
    }


def write_model(path: Path, level: str = "Level", valve: str = "Valve") -> Path:
    """A file with that model."""
    path.write_text(json.dumps(model(level, valve), indent=2), encoding="utf-8")
    return path
