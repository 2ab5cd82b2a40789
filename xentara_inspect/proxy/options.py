"""The options of the add-on: declared as text, because mitmproxy drops an add-on that got a wrong type."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mitmproxy import flowfilter


@dataclass(frozen=True, slots=True)
class Option:
    """An option: its name, default and help, and how its text is read (raises ValueError)."""

    name: str
    default: str
    help: str
    parse: Callable[[str], Any]


def _switch(text: str) -> bool:
    switches = {"on": True, "true": True, "yes": True, "1": True}
    switches |= {"off": False, "false": False, "no": False, "0": False}
    try:
        return switches[text.strip().lower()]
    except KeyError:
        raise ValueError("is on or off") from None


def _path(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError("is the path of a database")
    return text


def _filter(text: str) -> flowfilter.TFilter | None:
    if not text.strip():
        return None
    try:
        chosen = flowfilter.parse(text)
    except ValueError:
        chosen = None
    if chosen is None:
        raise ValueError("is a mitmproxy filter expression such as ~u /api/ws")
    return chosen


def _size(text: str) -> int | None:
    if not text.strip():
        return None
    match = re.fullmatch(r"([0-9]{1,15})([KMGT]?)(i?B)?", text.strip(), re.IGNORECASE)
    if match is None or not int(match[1]):
        raise ValueError("is a size such as 500M or 2G, or empty for never")
    return int(match[1]) << 10 * "KMGT".find(match[2].upper() or "-") + 10


def _duration(text: str) -> int | None:
    """Nanoseconds."""
    if not text.strip():
        return None
    match = re.fullmatch(r"([0-9]{1,9})([smhdw])", text.strip(), re.IGNORECASE)
    if match is None or not int(match[1]):
        raise ValueError("is a time such as 30m, 12h or 1d, or empty for never")
    return int(match[1]) * _SECONDS[match[2].lower()] * 1_000_000_000


def _count(text: str) -> int | None:
    if not text.strip():
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()) or not int(text):
        raise ValueError("is a number of files, 1 or more, or empty for all")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", text.strip()):
        raise ValueError("is a number of seconds, such as 2")
    return float(text)


OPTIONS: Final = (
    Option("xentara_db", "xentara.db", "Database to record into.", _path),
    Option(
        "xentara_filter",
        "",
        "Which WebSocket flows to record, as a mitmproxy filter expression. Empty: those with the path "
        "/api/ws or a subprotocol that starts with xentara.",
        _filter,
    ),
    Option("xentara_index", "on", "Decode while recording (on or off).", _switch),
    Option("xentara_durable", "off", "Forward a message only once it is on disk (on or off).", _switch),
    Option(
        "xentara_finish",
        "2",
        "Seconds to wait at the end until everything is decoded; what is left is done in the background.",
        _seconds,
    ),
    Option(
        "xentara_rotate_size",
        "",
        "Go on in a new database once this one has this size, such as 500M or 2G. Empty: never.",
        _size,
    ),
    Option(
        "xentara_rotate_time",
        "",
        "Go on in a new database after this time, such as 30m, 12h or 1d. Empty: never.",
        _duration,
    ),
    Option(
        "xentara_keep",
        "",
        "How many databases to keep; the oldest is deleted when a new one begins. Empty: all.",
        _count,
    ),
    Option(
        "xentara_keep_secrets",
        "off",
        "Record passwords and tokens instead of blanking them (on or off).",
        _switch,
    ),
)


_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class OptionError(Exception):
    """An option has a value that it cannot have, or does not exist. One clear line."""


def parse(name: str, text: str) -> Any:
    """The value of an option. Raises OptionError."""
    option = next(option for option in OPTIONS if option.name == name)
    try:
        return option.parse(text)
    except ValueError as error:
        raise OptionError(f"{name} {error}, not {text!r}") from None


def unknown_names(names: list[str]) -> list[str]:
    """Those that look like options of ours and are none."""
    known = {option.name for option in OPTIONS}
    return sorted(name for name in names if name.startswith("xentara_") and name not in known)
