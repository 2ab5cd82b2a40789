"""How much was going on when: requests, answers and events in equal steps of time, of any width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from xentara_inspect.queries.carried import superseded
from xentara_inspect.queries.databases import Askable, Database, as_databases
from xentara_inspect.queries.event_counts import counted_events
from xentara_inspect.queries.exchanges import EXCHANGE_TIME
from xentara_inspect.queries.where import Several, Where

_EXCHANGES: Final = f"""
    SELECT {EXCHANGE_TIME} / {{}}, count(*), sum(e.status = 'error'),
           sum(e.status IN ('unanswered', 'pending')), count(e.latency), total(e.latency),
           coalesce(max(e.latency), 0)
    FROM exchanges e{{}} GROUP BY 1"""  # noqa: S608 - a text of ours


class Span(NamedTuple):
    """What was recorded: times of the first and last message (nanoseconds since 1970), and how many."""

    first: int
    last: int
    messages: int


@dataclass(slots=True)
class Step:
    """A step of time. start: nanoseconds since 1970. latency: the sum, of the answered; slowest: the longest.

    unanswered: with those that may still be answered.
    """

    start: int
    requests: int = 0
    errors: int = 0
    unanswered: int = 0
    answered: int = 0
    latency: float = 0
    slowest: int = 0
    events: int = 0


def recorded_span(
    asked: Askable,
    *,
    session: Several[int | str] = None,
    since: int | None = None,
    until: int | None = None,
) -> Span | None:
    """When messages were recorded, and how many; None for none. Raises StoreError, QuestionError.

    since, until: nanoseconds since 1970, end exclusive.
    """
    found = None
    for file, session_id in as_databases(asked).asked_for(session):
        where = _frames(session_id, since, until)
        sql = f"SELECT min(f.time), max(f.time), count(*) FROM frames f{where.sql}"  # noqa: S608
        for first, last, messages in file.tuples(sql, where.parameters):
            if messages and found is None:
                found = Span(first, last, messages)
            elif messages and found is not None:
                found = Span(min(found.first, first), max(found.last, last), found.messages + messages)
    return found


def activity(
    asked: Askable,
    *,
    width: int,
    session: Several[int | str] = None,
    since: int | None = None,
    until: int | None = None,
) -> list[Step]:
    """The steps in which anything happened, in their order. Raises StoreError, QuestionError.

    width: of a step, nanoseconds; steps begin at multiples of it. since, until: as of `recorded_span`.
    """
    databases = as_databases(asked)
    later = superseded(databases)
    steps: dict[int, Step] = {}
    for file, session_id in databases.asked_for(session):
        where = Where()
        where.add("e.requested IS NOT NULL")
        where.none_of("e.id", later[file.index].exchanges)
        where.equal("e.session_id", session_id)
        where.between(EXCHANGE_TIME, since, until)
        for found in _exchanges(file, where, width):
            step = steps.setdefault(found.start, Step(found.start))
            step.requests += found.requests
            step.errors += found.errors
            step.unanswered += found.unanswered
            step.answered += found.answered
            step.latency += found.latency
            step.slowest = max(step.slowest, found.slowest)
        for number, events in counted_events(file, f"f.time / {width}", _frames(session_id, since, until)):
            steps.setdefault(number * width, Step(number * width)).events += events
    return [steps[start] for start in sorted(steps)]


def _exchanges(file: Database, where: Where, width: int) -> Iterator[Step]:
    for number, *counts in file.tuples(_EXCHANGES.format(width, where.sql), where.parameters):
        yield Step(number * width, *counts)


def _frames(session_id: list[int] | None, since: int | None, until: int | None) -> Where:
    where = Where()
    where.equal("f.session_id", session_id)
    where.between("f.time", since, until)
    return where
