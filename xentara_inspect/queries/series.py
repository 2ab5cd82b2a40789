"""Readings as lines to draw: thinned to what a picture can show, broken where nothing is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any, Final, NamedTuple

from xentara_inspect.protocol.identifiers import QUALITY_GOOD
from xentara_inspect.queries.changes import Number, number_in, seen
from xentara_inspect.queries.databases import Askable
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.queries.values import Row

BAD: Final = "quality not Good"
ERROR: Final = "error"
"""What marks in a picture mean."""
MOST: Final = 6
"""Series that one picture can show."""

_STEPS: Final = 2000
"""Steps of time that are told apart."""
_SHORTEST: Final = 1_000_000
"""Nanoseconds of a step where there are few."""
_GAP: Final = 10
"""So many usual distances between readings are a gap."""

Point = tuple[int, Number]
"""(time in nanoseconds since 1970, value)"""


class Line(NamedTuple):
    """What to draw of one attribute of one element.

    parts: runs of points without a gap or an error between them. bad: those whose quality is not good.
    errors: times of errors in the place of values, and of what is no finite number.
    """

    name: str
    parts: Sequence[Sequence[Point]]
    bad: Sequence[Point]
    errors: Sequence[int]


def lines_to_draw(asked: Askable, **filters: Any) -> list[Line]:
    """The lines of the readings that are asked for, `MOST` at most; attribute Value where none is.

    filters: as of `readings`. Raises StoreError; QuestionError where there is nothing to draw, or too much.
    """
    if not filters.get("attribute"):
        filters["attribute"] = "Value"
    found: dict[tuple[str, str], _Series] = {}
    for time, row in seen(asked, filters):
        key = row["element"], row["attribute"]
        if key not in found:
            if len(found) == MOST:
                raise QuestionError(f"one picture shows {MOST} elements: name the one to draw")
            found[key] = _Series()
        found[key].add(time, row)
    lines = [series.line(f"{element} {attribute}") for (element, attribute), series in found.items()]
    if not any(line.parts for line in lines):
        raise QuestionError("there are no numbers to draw")
    return lines


@dataclass(slots=True)
class _Step:
    """Readings that come so close that they share a place. number: of the step, from 1970 on."""

    number: int
    points: list[Point]
    count: int = 1
    is_behind_error: bool = False
    bad: Point | None = None

    def join(self, later: _Step) -> None:
        """Take up the next step."""
        points = [*self.points, *later.points]
        ends = {points[0], points[-1]}
        ends |= {min(points, key=_value), max(points, key=_value)}
        self.points = sorted(ends)
        self.count += later.count
        self.bad = later.bad or self.bad


@dataclass(slots=True)
class _Series:
    """What is to be drawn of one attribute, so far."""

    width: int = _SHORTEST
    steps: list[_Step] = field(default_factory=list)
    errors: dict[int, int] = field(default_factory=dict)
    is_behind_error: bool = False

    def add(self, time: int, row: Row) -> None:
        """One reading; they come in the order of time."""
        number = number_in(row)
        if number is None:
            if row["value_kind"] in ("error", "float"):
                self.errors.setdefault(time // self.width, time)
                self.is_behind_error = True
        else:
            point = time, number
            bad = point if row["quality"] not in (None, QUALITY_GOOD) else None
            self._append(_Step(time // self.width, [point], 1, self.is_behind_error, bad))
            self.is_behind_error = False
        while max(len(self.steps), len(self.errors)) > _STEPS:
            self._thin()

    def line(self, name: str) -> Line:
        """All of it."""
        longest = self._usual_distance() * _GAP
        parts: list[list[Point]] = []
        for step in self.steps:
            is_new = not parts or step.is_behind_error or step.points[0][0] - parts[-1][-1][0] > longest
            if is_new:
                parts.append([])
            parts[-1] += step.points
        bad = [step.bad for step in self.steps if step.bad is not None]
        return Line(name, parts, bad, list(self.errors.values()))

    def _append(self, step: _Step) -> None:
        if self.steps and self.steps[-1].number == step.number and not step.is_behind_error:
            self.steps[-1].join(step)
        else:
            self.steps.append(step)

    def _thin(self) -> None:
        """Make steps twice as wide."""
        steps, errors = self.steps, self.errors
        self.width *= 2
        self.steps, self.errors = [], {}
        for step in steps:
            step.number = step.points[0][0] // self.width
            if len(steps) > _STEPS and self.steps and self.steps[-1].number == step.number:
                self.steps[-1].join(step)
            else:
                self._append(step)
        for time in errors.values():
            self.errors.setdefault(time // self.width, time)

    def _usual_distance(self) -> float:
        """Nanoseconds from reading to reading."""
        within = [
            (step.points[-1][0] - step.points[0][0]) / (step.count - 1)
            for step in self.steps
            if step.count > 1
        ]
        between = [later.points[0][0] - step.points[-1][0] for step, later in pairwise(self.steps)]
        return median([distance for distance in within + between if distance] or [math.inf])


def _value(point: Point) -> Number:
    return point[1]
