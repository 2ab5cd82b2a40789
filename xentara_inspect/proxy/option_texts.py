"""How the text of each option is read: mitmproxy hands all of them over as text.

Each of these raises ValueError with what the option is, as the end of a sentence.
"""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from xentara_inspect.archive.layout import is_name
from xentara_inspect.frames import endpoint_of
from xentara_inspect.store.cutting import HEAD, MOST
from xentara_inspect.store.name_files import NameFileError, read_names
from xentara_inspect.store.settings import NOTATIONS
from xentara_inspect.telemetry.urls import traces_url

if TYPE_CHECKING:
    from mitmproxy import flowfilter

_LOOPBACK: Final = "127.0.0.1"
_LEAST_FILE: Final = 1 << 20  # one that has just been made has almost that
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class OptionError(Exception):
    """An option has a value that it cannot have, or does not exist. One clear line."""


def switch(text: str) -> bool:
    """On or off."""
    switches = {"on": True, "true": True, "yes": True, "1": True}
    switches |= {"off": False, "false": False, "no": False, "0": False}
    try:
        return switches[text.strip().lower()]
    except KeyError:
        raise ValueError("is on or off") from None


def path(text: str) -> str:
    """The path of a database."""
    if not text.strip() or "\0" in text:
        raise ValueError("is the path of a database")
    return text


def endpoint(text: str) -> tuple[str, int] | None:
    """Host and port: of a port alone that of this machine. None where it is empty."""
    given = text.strip()
    if not given:
        return None
    try:
        return endpoint_of(f"{_LOOPBACK}:{given}" if given.isdigit() else given)
    except ValueError:
        raise ValueError("is HOST:PORT, a port of this machine such as 9108, or empty for none") from None


def flow_filter(text: str) -> flowfilter.TFilter | None:
    """A filter expression of mitmproxy; None where it is empty."""
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


def file_size(text: str) -> int | None:
    """Bytes of a database; None where it is empty."""
    size = _bytes(text) if text.strip() else None
    if text.strip() and (size is None or size < _LEAST_FILE):
        raise ValueError("is a size such as 500M or 2G, 1M or more, or empty for never")
    return size


def frame_size(text: str) -> int:
    """Bytes of a frame."""
    size = _bytes(text)
    if size is None or not HEAD <= size <= MOST:
        raise ValueError("is a size such as 16M, from 64K to 512M")
    return size


def notation(text: str) -> str:
    """Which notation is stored."""
    if text.strip() not in NOTATIONS:
        raise ValueError(f"is {' or '.join(NOTATIONS)}")
    return text.strip()


def duration(text: str) -> int | None:
    """Nanoseconds; None where it is empty."""
    if not text.strip():
        return None
    match = re.fullmatch(r"([0-9]{1,9})([smhdw])", text.strip(), re.IGNORECASE)
    if match is None or not int(match[1]):
        raise ValueError("is a time such as 30m, 12h or 1d, or empty for never")
    return int(match[1]) * _SECONDS[match[2].lower()] * 1_000_000_000


def count(text: str, of: str = "files") -> int | None:
    """How many there are to be, of something; None where it is empty."""
    if not text.strip():
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text.strip()) or not int(text):
        raise ValueError(f"is a number of {of}, 1 or more, or empty for all")
    return int(text)


def days(text: str) -> int | None:
    """Nanoseconds of so many days; None where it is empty."""
    number = count(text, "days")
    return None if number is None else number * _SECONDS["d"] * 1_000_000_000


def room(text: str) -> int | None:
    """Bytes of a disk; None where it is empty."""
    size = _bytes(text) if text.strip() else None
    if text.strip() and not size:
        raise ValueError("is a size such as 10G, or empty to look for none")
    return size


def place(text: str) -> str:
    """Where an archive is: a URI, or the absolute path of a directory; as empty as it was."""
    text = text.strip()
    if text and find_spec("pyarrow") is None:
        raise OptionError(
            "xentara_archive needs pyarrow, which is not installed: pip install 'xentara-inspect[archive]'"
        )
    return text if "://" in text or not text else os.path.abspath(text)


def collector(text: str) -> str:
    """Where a collector takes spans; as empty as it was."""
    if not text.strip():
        return ""
    if find_spec("opentelemetry") is None:
        needed = "opentelemetry-exporter-otlp-proto-http, which is not installed"
        raise OptionError(f"xentara_otlp needs {needed}: pip install 'xentara-inspect[otlp]'")
    try:
        return traces_url(text)
    except ValueError as error:  # without the text, which may hold a password
        raise OptionError(f"xentara_otlp {error}, or empty for none") from None


def site(text: str) -> str:
    """The name of a site, or nothing."""
    if text.strip() and not is_name(text.strip()):
        raise ValueError("is a name of letters, digits, '.', '_' and '-', at most 64")
    return text.strip()


def seconds(text: str) -> float:
    """Seconds, and parts of them."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", text.strip()):
        raise ValueError("is a number of seconds, such as 2")
    return float(text)


def name_files(text: str) -> tuple[str, ...]:
    """Absolute paths of files that were read once, to say at the start what is wrong with them."""
    paths = tuple(os.path.abspath(path) for path in text.split(os.pathsep) if path.strip())
    for path in paths:
        try:
            read_names(path)
        except NameFileError as error:
            raise OptionError(f"xentara_names: {error}") from None
    return paths
