"""What is new in a file of a recording that goes on, since it was looked at before."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from xentara_inspect.frames import address
from xentara_inspect.queries.where import among


class Range(NamedTuple):
    """Ids behind `after`, up to `last`."""

    after: int
    last: int


class News(NamedTuple):
    """What a list of news has. exchanges: ids of those that came to their end since."""

    frames: Range
    findings: Range
    exchanges: Collection[int] = ()

    @property
    def is_any(self) -> bool:
        """Whether there is anything new."""
        ranges = (self.frames, self.findings)
        return bool(self.exchanges) or any(known.last > known.after for known in ranges)

    def of_packets(self, column: str) -> str:
        """A condition: the address of a packet is new, or of a request that came to its end."""
        last = address(self.frames.last + 1) - 1
        new = f"{column} BETWEEN {address(self.frames.after + 1)} AND {last}"
        return f"({new} OR {self.of_exchanges(column)})"

    def of_exchanges(self, column: str) -> str:
        """A condition: the id of an exchange that came to its end."""
        return among(column, self.exchanges)[0]

    def of_findings(self, column: str) -> str:
        """A condition: the id of a finding is new."""
        return f"{column} BETWEEN {self.findings.after + 1} AND {self.findings.last}"
