"""The options of the add-on: declared as text, because mitmproxy drops an add-on that got a wrong type."""

from __future__ import annotations

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
        "xentara_keep_secrets",
        "off",
        "Record passwords and tokens instead of blanking them (on or off).",
        _switch,
    ),
)


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
