"""`subscriptions --by element`: how often each element that was subscribed to was heard of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from xentara_inspect.frames import POSITION_BITS
from xentara_inspect.queries.databases import Askable, Database, Databases, as_databases
from xentara_inspect.queries.elements import wanted_element
from xentara_inspect.queries.grep import wanted_text
from xentara_inspect.queries.recorded import recorded_until
from xentara_inspect.queries.subscriptions import (
    Subscribed,
    SubscriptionsOfEvents,
    asked_rates,
    attributes_of,
    subscribed_then,
    subscriptions_of_events,
)
from xentara_inspect.queries.values import Row, iso_time, milliseconds
from xentara_inspect.queries.where import Several
from xentara_inspect.store.schema import QUALITY_ID
from xentara_inspect.traffic.readings import AttributeKey

SUBSCRIBED_KEYS: Final = (
    "id", "session", "element", "attributes", "status", "error_code", "error_name", "opened", "closed",
    "maximum_update_rate_ms", "minimum_update_rate_ms", "events", "rate", "interval_ms", "first_event",
    "last_event", "silent", "silent_ms",
)  # fmt: skip

_CHUNK_BITS: Final = POSITION_BITS + 12
"""Events are counted by 4,096 frames together."""
_ATTRIBUTE: Final = "attribute_id << 1 | (quality_position IS NOT NULL)"
"""An attribute of an event, and whether Quality, which has no row of its own, is another."""
_FIRST: Final = (
    f"(SELECT {_ATTRIBUTE} FROM attribute_values WHERE packet_id = p.id ORDER BY position LIMIT 1)"  # noqa: S608
)
_ALL: Final = f"(SELECT group_concat({_ATTRIBUTE}) FROM attribute_values WHERE packet_id = p.id)"  # noqa: S608
_RUNS: Final = f"""
    SELECT {{chunk}}, f.session_id, p.element_id, {_FIRST}, {{more}},
           count(*), min(f.time), max(f.time), min(p.id), max(p.id)
    FROM packets p NOT INDEXED CROSS JOIN frames f ON f.id = p.id >> {POSITION_BITS}
    WHERE p.kind = 'event' AND p.element_id IS NOT NULL AND p.id BETWEEN ? AND ?
    GROUP BY 1, 2, 3, 4, 5"""  # noqa: S608 - a text of ours
_BY_FIRST: Final = _RUNS.format(chunk=f"p.id >> {_CHUNK_BITS}", more="NULL")
_BY_ALL: Final = _RUNS.format(chunk=f"p.id >> {_CHUNK_BITS}", more=_ALL)
_ONE_BY_ONE: Final = _RUNS.format(chunk="p.id", more=_ALL)

REGULAR: Final = 5
"""Events from which an element has a rate of its own."""
_MISSED: Final = 10
"""Silent is what was not heard of for so many of its own intervals,"""
_MISSED_ASKED: Final = 3
"""or of those that were asked for,"""
_SHORTEST: Final = 10**9
"""but not for less than a second."""


class _Run(NamedTuple):
    """Events about one element in one session. first, last: times; begin, end: addresses.

    attribute: the first one of each, as `_ATTRIBUTE` has it; None where they have none. attributes: all of
    them, with commas; None where they have none, or were not asked for.
    """

    session_id: int
    element_id: int
    attribute: int | None
    attributes: str | None
    events: int
    first: int
    last: int
    begin: int
    end: int


@dataclass(slots=True)
class Heard:
    """Events of an element for a subscription. first, last: times."""

    count: int = 0
    first: int = 0
    last: int = 0

    @property
    def interval(self) -> float | None:
        """The mean time between two, in nanoseconds; None where there were none."""
        return (self.last - self.first) / (self.count - 1) if self.count > 1 else None

    def add(self, run: _Run) -> None:
        """Count what is in a run."""
        self.first = min(self.first, run.first) if self.count else run.first
        self.last = max(self.last, run.last)
        self.count += run.events


_Key = tuple[int, int, bytes]
"""index of the recording, address of the subscription, element"""
_Alike = tuple[int, int, int | None] | tuple[int, int, int | None, str | None]
"""session_id, element_id, attribute of a run, and its attributes once they are known"""
_EVERYWHERE: Final = (0, (1 << 63) - 1)


def subscribed_elements(
    asked: Askable,
    *,
    limit: int = 50,
    session: Several[int | str] = None,
    element: Several[str] = None,
    grep: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `SUBSCRIBED_KEYS`: the elements of the newest `limit` subscriptions, 0 for all.

    The subscriptions are those that `subscriptions` lists. events: all that came for it; rate: how many
    a second while it was open; interval_ms: the mean time between two; the update rates: what was asked
    for. silent: `never` where no event came, `stopped` where the last was long ago for what was asked,
    or else for its own rate; silent_ms: how long ago, until it was closed or the recording ends. Raises
    StoreError; QuestionError for what is not known.
    """
    databases = as_databases(asked)
    wanted, text = wanted_element(element, databases), wanted_text(grep, databases)
    chosen = subscribed_then(databases, limit, session, wanted, text, since, until)
    heard = _heard(databases) if chosen else {}
    for subscribed in chosen:
        rates = asked_rates(subscribed)
        end = (
            subscribed.closed
            if subscribed.closed is not None
            else recorded_until(subscribed.home.recording.files)
        )
        for uuid, entry in zip(subscribed.elements, subscribed.row["elements"], strict=True):
            if wanted is None or uuid in wanted.uuids:
                key = subscribed.home.recording.index, subscribed.address, uuid
                row = subscribed.row | entry | rates | _row(subscribed, heard.get(key, Heard()), rates, end)
                yield {key: row[key] for key in SUBSCRIBED_KEYS}


def _row(subscribed: Subscribed, heard: Heard, rates: Row, end: int) -> Row:
    seconds = (end - subscribed.opened) / 1e9
    interval = heard.interval
    quiet = max(0, end - (heard.last if heard.count else subscribed.opened))
    silent = None
    if subscribed.row["status"] != "refused":
        silent = "never" if not heard.count else _stopped(quiet, heard, rates)
    return {
        "events": heard.count,
        "rate": heard.count / seconds if seconds > 0 else None,
        "interval_ms": milliseconds(interval),
        "first_event": iso_time(heard.first) if heard.count else None,
        "last_event": iso_time(heard.last) if heard.count else None,
        "silent": silent,
        "silent_ms": milliseconds(quiet) if silent is not None else None,
    }


def _stopped(quiet: int, heard: Heard, rates: Row) -> str | None:
    return "stopped" if is_silent(quiet, heard, rates) else None


def is_silent(quiet: int, heard: Heard, rates: Row) -> bool:
    """Whether events stopped: none came for so many nanoseconds, for what was asked or else was usual."""
    longest, interval = rates["minimum_update_rate_ms"], heard.interval
    if isinstance(longest, int):
        expected = longest * 1_000_000 * _MISSED_ASKED
    elif interval is not None and heard.count >= REGULAR:
        expected = int(interval * _MISSED)
    else:
        return False
    return quiet > max(expected, _SHORTEST)


def _heard(databases: Databases) -> dict[_Key, Heard]:
    """How many events came for each element of each subscription, and when. Raises StoreError."""
    found: dict[_Key, Heard] = defaultdict(Heard)
    for owners, recording in zip(subscriptions_of_events(databases), databases.recordings, strict=True):
        for file in recording.files:
            _Counting(file, owners, found).count()
    return found


class _Counting:
    """Counts the events of one file for the subscriptions that they came for.

    Those of so many frames at once which begin with the same attribute; where that does not say that all
    of them are for one subscription, those with the same attributes; and else one by one.
    """

    def __init__(self, file: Database, owners: SubscriptionsOfEvents, found: dict[_Key, Heard]) -> None:
        self._file = file
        self._owners = owners
        self._found = found
        self._known: dict[int | str | None, frozenset[AttributeKey]] = {None: frozenset()}

    def count(self) -> None:
        """Count all. Raises StoreError."""
        for chunk, alike in self._mixed(_BY_FIRST, _EVERYWHERE, None).items():
            bounds = chunk << _CHUNK_BITS, (chunk + 1 << _CHUNK_BITS) - 1
            for left in self._mixed(_BY_ALL, bounds, alike).values():
                self._mixed(_ONE_BY_ONE, bounds, left)

    def _mixed(self, sql: str, bounds: tuple[int, int], wanted: set[_Alike] | None) -> dict[int, set[_Alike]]:
        """Count runs between two addresses; returns those, by chunk, that are not all for one subscription.

        wanted: only such runs; None for all.
        """
        are_all = sql is not _BY_FIRST
        mixed: dict[int, set[_Alike]] = defaultdict(set)
        for chunk, *values in self._file.tuples(sql, bounds):
            run = _Run(*values)
            is_wanted = wanted is None or run[:3] in wanted or run[:4] in wanted
            told = run.attributes if are_all else run.attribute
            if is_wanted and not self._assign(run, told, are_all=are_all):
                mixed[chunk].add(run[:4] if are_all else run[:3])
        return mixed

    def _assign(self, run: _Run, told: int | str | None, *, are_all: bool) -> bool:
        """Count events for the subscription that all of them are for, if any; False where that differs.

        told: attributes that each of them has. are_all: they have no others.
        """
        element = self._file.element(run.element_id)
        if element is None:
            return True
        attributes = self._attributes(told)
        for naming in self._owners.naming(run.session_id, element):
            if naming.address > run.end or (naming.closed is not None and naming.closed < run.first):
                continue  # for none of them
            if not naming.serves(attributes):
                if are_all or not naming.attributes:
                    continue
                return False
            if naming.is_open(run.begin, run.last):
                self._found[self._file.recording.index, naming.address, element].add(run)
                return True
            return False
        return True

    def _attributes(self, told: int | str | None) -> frozenset[AttributeKey]:
        """Attributes as `_ATTRIBUTE` has them."""
        known = self._known.get(told)
        if known is None:
            pairs = [divmod(int(number), 2) for number in str(told).split(",")]
            keys = [*(key for key, _ in pairs), *(QUALITY_ID for _, has_quality in pairs if has_quality)]
            known = self._known[told] = attributes_of(self._file, keys)
        return known
