"""Times on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

_LATEST = (1 << 63) - 1  # nanoseconds that a column can hold, in the year 2262

_UNITS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9}

if TYPE_CHECKING:
    _ParamType = click.ParamType[int]
else:
    _ParamType = click.ParamType  # generic only in the newest versions of click


class _Time(_ParamType):
    """ISO 8601, local time unless it says otherwise; becomes nanoseconds since 1970 UTC."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            moment = datetime.fromisoformat(value)
            whole = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time such as 2026-03-01T14:03:00Z", param, ctx)
        since = whole - datetime(1970, 1, 1, tzinfo=UTC)
        time = (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
        return max(-_LATEST, min(time, _LATEST))


class _Duration(_ParamType):
    """Such as `500ms`; becomes nanoseconds, at least one."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([0-9]{1,9})(ms|s|m|h|d)", value.strip())
        if match is None or not int(match[1]):
            self.fail(f"{value!r} is no duration such as 500ms, 1s, 5m, 1h or 1d", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


TIME = _Time()
DURATION = _Duration()
