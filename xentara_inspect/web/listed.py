"""Lists of a page: how long they may be, and what tells where the rest is."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from xentara_inspect.traffic.time_points import nanoseconds_text

SESSIONS: Final = 200
SESSIONS_DRAWN: Final = 40
KINDS: Final = 60
"""Of errors, and of commands."""
ERRORS: Final = 200
UNANSWERED: Final = 100
SLOWEST: Final = 25
FINDINGS: Final = 200
WRITES: Final = 500
SUBSCRIBED: Final = 300
ELEMENTS: Final = 50
ELEMENTS_DRAWN: Final = 6
PACKETS: Final = 60
NOTATION: Final = 4000
"""Characters of a packet's notation."""


class Listed(NamedTuple):
    """Rows of a table, how many there are in all, which of them are here, and the command that lists all."""

    rows: Sequence[Any]
    total: int
    which: str
    command: str


NOTHING: Final = Listed((), 0, "", "")


class Filters(NamedTuple):
    """What a report is about. databases: as they were asked for; since, until: nanoseconds since 1970."""

    databases: Sequence[str] = ()
    session: Sequence[str] = ()
    since: int | None = None
    until: int | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """As queries take them."""
        return {"session": list(self.session), "since": self.since, "until": self.until}

    @property
    def period(self) -> dict[str, Any]:
        """For those that know no sessions."""
        return {"since": self.since, "until": self.until}

    def command(self, *words: str) -> str:
        """A command line that asks the same databases about the same time. Paths stay at home."""
        names = [PurePath(path).name for path in self.databases]
        options = [word for name in names for word in ("-d", name)]
        options += [word for name in self.session for word in ("--session", name)]
        for option, time in (("--since", self.since), ("--until", self.until)):
            options += [option, nanoseconds_text(time)] if time is not None else []
        return shlex.join(["xentara-inspect", *words, *options])
