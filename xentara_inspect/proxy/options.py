"""The options of the add-on: declared as text, because mitmproxy drops an add-on that got a wrong type."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from xentara_inspect.proxy import option_texts as read
from xentara_inspect.proxy.option_texts import OptionError
from xentara_inspect.recorder.retention import Retention
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.archived import archive_key
from xentara_inspect.store.settings import ALL, DATABASE

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
        return self.parse is read.switch

    @property
    def is_files(self) -> bool:
        """Whether it is paths of files, which `capture` takes one by one."""
        return self.parse is read.name_files


OPTIONS: Final = (
    Option("xentara_db", DATABASE, "Database to record into.", read.path),
    Option(
        "xentara_filter",
        "",
        "Which WebSocket flows to record, as a mitmproxy filter expression. Empty: those with the path "
        "/api/ws or a subprotocol that starts with xentara.",
        read.flow_filter,
    ),
    Option(
        "xentara_index",
        "on",
        "Decode while recording (on or off).",
        read.switch,
        "Record only; decode later with `reindex`.",
    ),
    Option(
        "xentara_notation",
        ALL,
        "Whether annotated notation is stored of all packets, or of exchanges alone, and that of events "
        "written when it is asked for (all or exchanges).",
        read.notation,
    ),
    Option(
        "xentara_names",
        "",
        f"Files that name elements: Xentara's model.json, CSV of UUID and name; between them {os.pathsep!r}.",
        read.name_files,
    ),
    Option("xentara_durable", "off", "Forward a message only once it is on disk (on or off).", read.switch),
    Option(
        "xentara_durable_wait",
        "30",
        "Seconds that a message may wait for that until its connection is closed (code 1013).",
        read.seconds,
    ),
    Option(
        "xentara_max_frame",
        "16M",
        "Of a larger message only its length, SHA-256 and first 64 KiB are recorded.",
        read.frame_size,
    ),
    Option(
        "xentara_finish",
        "2",
        "Seconds to wait at the end until everything is decoded; what is left is done in the background.",
        read.seconds,
    ),
    Option(
        "xentara_rotate_size",
        "",
        "Go on in a new database once this one has this size, such as 500M or 2G. Empty: never.",
        read.file_size,
    ),
    Option(
        "xentara_rotate_time",
        "",
        "Go on in a new database after this time, such as 30m, 12h or 1d. Empty: never.",
        read.duration,
    ),
    Option(
        "xentara_keep",
        "",
        "How many databases to keep; the oldest is deleted when a new one begins. Empty: all.",
        read.count,
    ),
    Option(
        "xentara_keep_days",
        "",
        "How many days to keep databases that recording went on from; older ones are deleted. Empty: all.",
        read.days,
    ),
    Option(
        "xentara_keep_free",
        "",
        "How much of the disk to keep free, such as 10G: the oldest databases are deleted. Empty: none is.",
        read.room,
    ),
    Option(
        "xentara_archive",
        "",
        "Archive each database once recording goes on in the next: a directory, or such as s3://bucket/path. "
        "What is not archived is kept.",
        read.place,
    ),
    Option("xentara_site", "", "The plant that is recorded, as the archive calls it.", read.site),
    Option(
        "xentara_health",
        "",
        "Where /healthz and /metrics answer by HTTP; a port alone is one of this machine. Empty: nowhere.",
        read.endpoint,
        metavar="HOST:PORT",
    ),
    Option(
        "xentara_otlp",
        "",
        "A collector of OpenTelemetry, such as http://127.0.0.1:4318, that exchanges are sent to as spans. "
        "Empty: none.",
        read.collector,
        metavar="URL",
    ),
    Option(
        "xentara_keep_secrets",
        "off",
        "Record passwords and tokens instead of blanking them (on or off).",
        read.switch,
    ),
)

_ROTATES: Final = ("xentara_rotate_size", "xentara_rotate_time")
_NEEDS: Final = (
    ("xentara_keep", _ROTATES),
    ("xentara_keep_days", _ROTATES),
    ("xentara_keep_free", _ROTATES),
    ("xentara_archive", _ROTATES),
    ("xentara_archive", ("xentara_site",)),
    ("xentara_site", ("xentara_archive",)),
)
"""Options that say nothing without one of others."""


def parse(name: str, text: str) -> Any:
    """The value of an option. Raises OptionError."""
    option = next(option for option in OPTIONS if option.name == name)
    try:
        return option.parse(text)
    except ValueError as error:
        raise OptionError(f"{name} {error}, not {text!r}") from None


def contradiction(texts: Mapping[str, str]) -> str | None:
    """What is wrong with options together, though each is right. texts: their values by name."""
    given = {name for name, text in texts.items() if text.strip()}
    for name, needed in _NEEDS:
        if name in given and given.isdisjoint(needed):
            return f"{name} needs {' or '.join(needed)}"
    if "xentara_otlp" in given and not parse("xentara_index", texts["xentara_index"]):
        return "xentara_otlp needs what is decoded while recording, and xentara_index is off"
    return None


def rotation(values: Mapping[str, Any]) -> Rotation:
    """How to go from file to file. values: of all options, by their names."""
    return Rotation(size=values["xentara_rotate_size"], age=values["xentara_rotate_time"])


def retention(values: Mapping[str, Any]) -> Retention:
    """Which files to keep. values: of all options, by their names."""
    archive = values["xentara_archive"]
    return Retention(
        files=values["xentara_keep"],
        age=values["xentara_keep_days"],
        free=values["xentara_keep_free"],
        indexed=values["xentara_index"],
        archive=archive_key(archive, values["xentara_site"]) if archive else None,
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
