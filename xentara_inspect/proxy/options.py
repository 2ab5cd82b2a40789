"""The options of the add-on: declared as text, because mitmproxy drops an add-on that got a wrong type."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from xentara_inspect.frames import endpoint_of
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.cutting import HEAD, MOST
from xentara_inspect.store.name_files import NameFileError, read_names
from xentara_inspect.store.settings import ALL, NOTATIONS

if TYPE_CHECKING:
    from mitmproxy import flowfilter

PREFIX: Final = "xentara_"


@dataclass(frozen=True, slots=True)
class Option:
    """An option: its name, default and help, and how its text is read (raises ValueError).

    negated: of a switch that is on, what it means to turn it off. metavar: what `capture` calls its value,
    where that is not the end of its name.
    """

    name: str
    default: str
    help: str
    parse: Callable[[str], Any]
    negated: str = ""
    metavar: str = ""

    @property
    def flag(self) -> str:
        """What `capture` calls it."""
        return f"--{self.name.removeprefix(PREFIX).replace('_', '-')}"

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off."""
        return self.parse is _switch

    @property
    def is_files(self) -> bool:
        """Whether it is paths of files, which `capture` takes one by one."""
        return self.parse is _name_files


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
    from mitmproxy import flowfilter  # slow: `capture --help` need not wait for it

    try:
        chosen = flowfilter.parse(text)
    except ValueError:
        chosen = None
    if chosen is None:
        raise ValueError("is a mitmproxy filter expression such as ~u /api/ws")
    return chosen


def _bytes(text: str) -> int | None:
    match = re.fullmatch(r"([0-9]{1,15})([KMGT]?)(i?B)?", text.strip(), re.IGNORECASE)
    return int(match[1]) << 10 * "KMGT".find(match[2].upper() or "-") + 10 if match is not None else None


def _file_size(text: str) -> int | None:
    size = _bytes(text) if text.strip() else None
    if text.strip() and (size is None or size < _LEAST_FILE):
        raise ValueError("is a size such as 500M or 2G, 1M or more, or empty for never")
    return size


def _frame_size(text: str) -> int:
    size = _bytes(text)
    if size is None or not HEAD <= size <= MOST:
        raise ValueError("is a size such as 16M, from 64K to 512M")
    return size


def _notation(text: str) -> str:
    if text.strip() not in NOTATIONS:
        raise ValueError(f"is {' or '.join(NOTATIONS)}")
    return text.strip()


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


def _endpoint(text: str) -> tuple[str, int] | None:
    """Host and port: of a port alone that of this machine."""
    given = text.strip()
    if not given:
        return None
    try:
        return endpoint_of(f"{_LOOPBACK}:{given}" if given.isdigit() else given)
    except ValueError:
        raise ValueError("is HOST:PORT, a port of this machine such as 9108, or empty for none") from None


def _name_files(text: str) -> tuple[str, ...]:
    """Absolute paths of files that were read once, to say at the start what is wrong with them."""
    paths = tuple(os.path.abspath(path) for path in text.split(os.pathsep) if path.strip())
    for path in paths:
        try:
            read_names(path)
        except NameFileError as error:
            raise OptionError(f"xentara_names: {error}") from None
    return paths


_LOOPBACK: Final = "127.0.0.1"
_LEAST_FILE: Final = 1 << 20  # one that has just been made has almost that

OPTIONS: Final = (
    Option("xentara_db", "xentara.db", "Database to record into.", _path),
    Option(
        "xentara_filter",
        "",
        "Which WebSocket flows to record, as a mitmproxy filter expression. Empty: those with the path "
        "/api/ws or a subprotocol that starts with xentara.",
        _filter,
    ),
    Option(
        "xentara_index",
        "on",
        "Decode while recording (on or off).",
        _switch,
        "Record only; decode later with `reindex`.",
    ),
    Option(
        "xentara_notation",
        ALL,
        "Whether annotated notation is stored of all packets, or of exchanges alone, and that of events "
        "written when it is asked for (all or exchanges).",
        _notation,
    ),
    Option(
        "xentara_names",
        "",
        f"Files that name elements: Xentara's model.json, CSV of UUID and name; between them {os.pathsep!r}.",
        _name_files,
    ),
    Option("xentara_durable", "off", "Forward a message only once it is on disk (on or off).", _switch),
    Option(
        "xentara_durable_wait",
        "30",
        "Seconds that a message may wait for that until its connection is closed (code 1013).",
        _seconds,
    ),
    Option(
        "xentara_max_frame",
        "16M",
        "Of a larger message only its length, SHA-256 and first 64 KiB are recorded.",
        _frame_size,
    ),
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
        _file_size,
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
        "xentara_health",
        "",
        "Where /healthz and /metrics answer by HTTP; a port alone is one of this machine. Empty: nowhere.",
        _endpoint,
        metavar="HOST:PORT",
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


def contradiction(texts: Mapping[str, str]) -> str | None:
    """What is wrong with options together, though each is right. texts: their values by name."""
    rotates = texts.get("xentara_rotate_size", "").strip() or texts.get("xentara_rotate_time", "").strip()
    if texts.get("xentara_keep", "").strip() and not rotates:
        return "xentara_keep needs xentara_rotate_size or xentara_rotate_time"
    return None


def rotation(values: Mapping[str, Any]) -> Rotation:
    """How to go from file to file. values: of all options, by their names."""
    return Rotation(
        size=values["xentara_rotate_size"],
        age=values["xentara_rotate_time"],
        keep=values["xentara_keep"],
        indexed=values["xentara_index"],
    )


def unknown_names(names: list[str]) -> list[str]:
    """Those that look like options of ours and are none."""
    known = {option.name for option in OPTIONS}
    return sorted(name for name in names if name.startswith(PREFIX) and name not in known)


def in_flags(text: str) -> str:
    """A text with the names that the command line has for options."""
    for option in sorted(OPTIONS, key=lambda option: -len(option.name)):
        text = text.replace(option.name, option.flag)
    return text
