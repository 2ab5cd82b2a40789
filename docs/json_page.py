"""The generated parts of `json.md`: the schema of each list, a line a key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from xentara_inspect.queries.contract import LISTS, schema_of


def _schema(command: str) -> Callable[[], str]:
    return lambda: f"```json\n{_laid_out(schema_of(command))}\n```"


def _laid_out(schema: dict[str, Any], indent: str = "", room: int = 120) -> str:
    """JSON in which what fits stands on one line."""
    whole = json.dumps(schema, ensure_ascii=False)
    if len(indent) + len(whole) <= room or not any(isinstance(value, dict) for value in schema.values()):
        return whole
    inner = indent + "  "
    lines = [
        f"{inner}{json.dumps(key)}: "
        + (_laid_out(value, inner) if isinstance(value, dict) else json.dumps(value, ensure_ascii=False))
        for key, value in schema.items()
    ]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


JSON_PARTS: Final[dict[str, Callable[[], str]]] = {f"json {command}": _schema(command) for command in LISTS}
