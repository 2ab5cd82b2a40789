"""The drawings of a report, out of its facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from xentara_inspect.queries.activity import Step
from xentara_inspect.queries.series import Line, Point
from xentara_inspect.queries.values import Row
from xentara_inspect.web.axes import TimeAxis, time_axis, top_of
from xentara_inspect.web.drawing import Bar, Curve, Drawing, Life, bars, curve, spread, time_line
from xentara_inspect.web.facts import Facts
from xentara_inspect.web.listed import SESSIONS_DRAWN
from xentara_inspect.web.times import MILLISECOND, Clock, nanoseconds
from xentara_inspect.web.words import counted, duration, latency

_TICKS: Final = 8
_TICKS_OF_CURVES: Final = 4
_MARKS: Final = 300
"""Values of bad quality, and errors, that are marked of one element."""
_FARTHEST: Final = 1e150
"""Values beyond are drawn there."""
_NAME: Final = 24
"""Characters of a name above a session's bar, so that it fits a narrow window."""


class Chart(NamedTuple):
    """A drawing with what stands above it. keys: (class, what it means)."""

    title: str
    drawing: Drawing
    keys: Sequence[tuple[str, str]] = ()


def axis_of(facts: Facts, clock: Clock) -> TimeAxis:
    """The axis of the whole period."""
    return time_axis(facts.first, facts.last, _TICKS, clock.tick, clock.offset(facts.first))


def over_time(facts: Facts, clock: Clock) -> list[Chart]:
    """Requests, events and latencies over time, as far as there are any."""
    per = f"each {duration(facts.step)}"
    wanted = (
        (
            f"Requests, {per}",
            _requests,
            (("request", "answered"), ("unanswered", "unanswered"), ("error", "error")),
        ),
        (f"Events, {per}", _events, ()),
        ("Time to answer", _latency, (("mean", "mean"), ("longest", "longest"))),
    )
    charts = []
    for title, parts, keys in wanted:
        drawn = [(step, parts(step)) for step in facts.activity]
        top = max((sum(height for _, height in found) for _, found in drawn), default=0)
        if top:
            is_latency = parts is _latency
            top = top_of(top)
            label = latency(top) if is_latency else f"{top:,.0f}"
            columns = [_bar(step, found, facts, clock) for step, found in drawn]
            charts.append(Chart(title, bars(columns, axis_of(facts, clock), top, label), keys))
    return charts


def _requests(step: Step) -> list[tuple[str, float]]:
    well = step.requests - step.errors - step.unanswered
    return [("error", step.errors), ("unanswered", step.unanswered), ("request", well)]


def _events(step: Step) -> list[tuple[str, float]]:
    return [("event", step.events)]


def _latency(step: Step) -> list[tuple[str, float]]:
    """In milliseconds."""
    mean = step.latency / step.answered / MILLISECOND if step.answered else 0
    return [("mean", mean), ("longest", step.slowest / MILLISECOND - mean)]


def _bar(step: Step, parts: Sequence[tuple[str, float]], facts: Facts, clock: Clock) -> Bar:
    counts = ((step.requests, "request"), (step.errors, "error"), (step.events, "event"))
    said = [counted(count, noun) for count, noun in counts if count]
    said += [f"{step.unanswered:,} unanswered"] if step.unanswered else []
    said += [f"slowest {latency(step.slowest / MILLISECOND)}"] if step.answered else []
    title = f"{clock.short(step.start)}: {', '.join(said)}"
    return Bar(step.start, step.start + facts.step, parts, title)


def sessions_over_time(facts: Facts, clock: Clock, link: Callable[[object], str]) -> Drawing:
    """The newest sessions, a row each, with the errors and what never was answered as far as listed."""
    marks: dict[object, list[tuple[str, int]]] = {}
    for kind, listed in (("error", facts.errors), ("unanswered", facts.unanswered)):
        for row in listed.rows:
            marks.setdefault(row["session"], []).append((kind, nanoseconds(row["time"])))
    drawn = facts.sessions.rows[-SESSIONS_DRAWN:]
    lives = [_life(row, facts, link(row["id"]), marks.get(row["id"], [])) for row in drawn]
    return time_line(lives, axis_of(facts, clock))


def _life(row: Row, facts: Facts, link: str, marks: Sequence[tuple[str, int]]) -> Life:
    start = nanoseconds(row["opened"]) if row["opened"] is not None else facts.first
    end = nanoseconds(row["closed"]) if row["closed"] is not None else facts.last
    is_open = row["closed"] is None and row["refused"] is None
    kind = "refused" if row["refused"] is not None else "open" if is_open else "closed"
    who = " · ".join(str(row[key])[:_NAME] for key in ("id", "user", "client") if row[key])
    said = f"{counted(row['requests'], 'request')}, {counted(row['events'], 'event')}"
    if row["refused"] is not None:
        end, said = start, f"refused: {row['refused']}"
    return Life(start, end, who, kind, link, f"session {who}, {said}", marks)


def values(curves: Mapping[str, Line], clock: Clock) -> Iterator[tuple[str, Drawing]]:
    """(name, its values over time) of lines, on one axis."""
    times = [time for line in curves.values() for part in line.parts for time, _ in part]
    first, last = min(times, default=0), max(times, default=0)
    axis = time_axis(first, last, _TICKS_OF_CURVES, clock.tick, clock.offset(first))
    for name, line in curves.items():
        parts = [list(map(_drawable, part)) for part in line.parts]
        bad = list(map(_drawable, line.bad[:_MARKS]))
        yield name, curve(Curve(parts, bad, line.errors[:_MARKS]), axis)


def _drawable(point: Point) -> tuple[int, float]:
    """A value, or the nearest that can be reckoned with."""
    time, value = point
    return time, float(max(-_FARTHEST, min(value, _FARTHEST)))


def spreads(facts: Facts) -> dict[object, Drawing]:
    """Latencies by the name of the command."""
    longest = max((row["max_ms"] or 0 for row in facts.commands), default=0)
    return {
        row["command"]: spread([row[key] for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")], longest)
        for row in facts.commands
        if row["max_ms"] is not None
    }
