"""Drawings in SVG, out of numbers: they take the width that there is, and their colours from the page.

Places across are percentages, so that nothing but lengths is stretched: texts and marks keep their size
on any screen. All text passes `escape`, and the serializer escapes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple
from xml.etree import ElementTree

from xentara_inspect.escape import shortened
from xentara_inspect.web.axes import TimeAxis

_AXIS: Final = 20
"""Pixels below a drawing for what stands at the ticks."""
_HEAD: Final = 16
"""Pixels above it, for the number at the top."""
_ROW: Final = 30
"""Pixels of a row of a time line."""
_WIDE: Final = 1000
"""Units across of what is stretched."""
_COLUMNS: Final = 500
"""Columns of a line that are told apart."""
_THINNEST: Final = 0.0015
"""Of the width: what is thinner could not be seen."""
_SHORTEST: Final = 0.005
"""Of the width: a line that is shorter is marked."""
_EDGE: Final = 0.04
"""So near to an edge, a text stands beside its tick and not below it."""

Element = ElementTree.Element


class Drawing(str):
    """SVG that may stand in a page as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


class Bar(NamedTuple):
    """A bar from one time to another. parts: (class, height) from the bottom up; title: said on hovering."""

    start: int
    end: int
    parts: Sequence[tuple[str, float]]
    title: str


class Life(NamedTuple):
    """A row of a time line. marks: (class, time); kind: a class; link: where in the page it leads."""

    start: int
    end: int
    label: str
    kind: str
    link: str
    title: str
    marks: Sequence[tuple[str, int]] = ()


class Curve(NamedTuple):
    """A line, broken between its parts. bad: points, errors: times that are marked."""

    parts: Sequence[Sequence[tuple[int, float]]]
    bad: Sequence[tuple[int, float]] = ()
    errors: Sequence[int] = ()


def bars(columns: Sequence[Bar], axis: TimeAxis, top: float, top_label: str, height: int = 84) -> Drawing:
    """Bars over time. top: the number at the upper edge; top_label: how it is written."""
    drawing = _drawing(_HEAD + height + _AXIS, f"bars over time, up to {top_label}")
    _grid(drawing, axis, _HEAD, height)
    for column in columns:
        left, right = axis.place(column.start), axis.place(column.end)
        width = max(_THINNEST, (right - left) * 0.86)
        group = _add(drawing, "g")
        _add(group, "title", shortened(column.title))
        floor = float(_HEAD + height)
        for kind, value in column.parts:
            if value > 0:
                size = max(1.0, min(value / top, 1.0) * height)
                floor = max(float(_HEAD), floor - size)
                place = {"x": _percent(min(left, 1 - width)), "y": _number(floor), "width": _percent(width)}
                _add(group, "rect", kind=kind, height=_number(size), **place)
    _text(drawing, 0, _HEAD - 4, top_label, "top")
    return _written(drawing)


def time_line(lives: Sequence[Life], axis: TimeAxis) -> Drawing:
    """What lived from when to when, a row each."""
    height = _ROW * len(lives)
    drawing = _drawing(height + _AXIS + 4, "time line")
    drawing.set("role", "group")  # its links are for everybody
    _grid(drawing, axis, 0, height + 4)
    for number, life in enumerate(lives):
        left, right = axis.place(life.start), axis.place(life.end)
        middle = number * _ROW + 22
        _add(drawing, "line", kind="floor", x1="0", x2="100%", y1=str(middle - 1), y2=str(middle - 1))
        link = _add(drawing, "a", href=f"#{life.link}") if life.link else drawing
        _text(link, 0, middle - 9, life.label, "life")
        width = max(_SHORTEST, right - left)
        place = {"x": _percent(min(left, 1 - width)), "y": _number(middle - 5), "height": "8", "rx": "2"}
        bar = _add(link, "rect", kind=life.kind, width=_percent(width), **place)
        _add(bar, "title", shortened(life.title))
        for kind, time in life.marks:
            x = _percent(axis.place(time))
            _add(drawing, "line", kind=kind, x1=x, x2=x, y1=_number(middle - 7), y2=_number(middle + 5))
    return _written(drawing)


def curve(line: Curve, axis: TimeAxis, height: int = 72) -> Drawing:
    """A line over time, from its least value at the bottom to its greatest at the top."""
    values = [value for part in line.parts for _, value in part]
    least, most = min(values, default=0), max(values, default=0)
    spread = (most - least) or 1

    def down(value: float) -> float:
        share = (value - least) / spread if most > least else 0.5
        return _HEAD + (1 - share) * height

    drawing = _drawing(_HEAD + height + _AXIS, f"values from {least:.6g} to {most:.6g}")
    _grid(drawing, axis, _HEAD, height)
    inner = _add(
        drawing,
        "svg",
        width="100%",
        height=str(_HEAD + height),
        viewBox=f"0 0 {_WIDE} {_HEAD + height}",
        preserveAspectRatio="none",
    )
    for part in line.parts:
        points = [(axis.place(time) * _WIDE, down(value)) for time, value in _thinned(part, axis)]
        if len(points) > 1:
            text = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
            _add(inner, "polyline", kind="value", points=text, vector_effect="non-scaling-stroke")
    for kind, marked in (("value", _short(line.parts, axis)), ("bad", line.bad)):
        for time, value in marked:
            place = {"cx": _percent(axis.place(time)), "cy": _number(down(value))}
            _add(drawing, "circle", kind=kind, r="2.5", **place)
    for time in line.errors:
        x = _percent(axis.place(time))
        _add(drawing, "line", kind="error", x1=x, x2=x, y1=str(_HEAD + height - 8), y2=str(_HEAD + height))
    _text(drawing, 0, _HEAD - 4, f"{most:.6g}", "top")
    if most > least:
        _text(drawing, 0, _HEAD + height - 4, f"{least:.6g}", "top")
    return _written(drawing)


def spread(ranks: Sequence[float], longest: float) -> Drawing:
    """Latencies of a command on a line from 0 to the longest of all: median, two percentiles, maximum.

    The line is bent (a square root), so that short ones can be told apart.
    """
    drawing = _drawing(14, "latencies from median to maximum", kind="spread")
    places = [(max(rank, 0) / longest) ** 0.5 if longest > 0 else 0.0 for rank in ranks]
    _add(drawing, "rect", kind="track", x="0", y="6", width="100%", height="2")
    for kind, (left, right) in zip(("near", "far", "farthest"), pairwise(places), strict=True):
        place = {"x": _percent(left), "width": _percent(max(0.004, right - left))}
        _add(drawing, "rect", kind=kind, y="3", height="8", **place)
    _add(drawing, "rect", kind="median", x=_percent(min(places[0], 0.985)), y="1", width="2", height="12")
    return _written(drawing)


def _thinned(part: Sequence[tuple[int, float]], axis: TimeAxis) -> list[tuple[int, float]]:
    """First, least, greatest and last of each column of what can be told apart."""
    columns: dict[int, list[tuple[int, float]]] = {}
    for point in part:
        columns.setdefault(int(axis.place(point[0]) * _COLUMNS), []).append(point)
    kept: list[tuple[int, float]] = []
    for points in columns.values():
        ends = {points[0], points[-1], min(points, key=_value), max(points, key=_value)}
        kept += sorted(ends)
    return kept


def _value(point: tuple[int, float]) -> float:
    return point[1]


def _short(parts: Iterable[Sequence[tuple[int, float]]], axis: TimeAxis) -> list[tuple[int, float]]:
    """Points of what is too short to be seen as a line."""
    return [part[0] for part in parts if axis.place(part[-1][0]) - axis.place(part[0][0]) < _SHORTEST]


def _drawing(height: int, label: str, kind: str = "chart") -> Element:
    drawing = Element("svg", {"class": kind, "width": "100%", "height": str(height), "role": "img"})
    drawing.set("aria-label", label)
    return drawing


def _grid(drawing: Element, axis: TimeAxis, top: int, height: int) -> None:
    """The floor, and a line and a text at each tick; every second can be left out where it is narrow."""
    bottom = str(top + height)
    for number, (place, label) in enumerate(axis.ticks):
        kind = "minor" if number % 2 else ""
        tick = _add(drawing, "g", kind=kind)
        x = _percent(place)
        _add(tick, "line", kind="grid", x1=x, x2=x, y1=str(top), y2=bottom)
        _text(tick, place, top + height + 14, label, _side(place))
    _add(drawing, "line", kind="floor", x1="0", x2="100%", y1=bottom, y2=bottom)


def _side(place: float) -> str:
    return "behind" if place < _EDGE else "before" if place > 1 - _EDGE else "tick"


def _text(parent: Element, place: float, y: float, text: str, kind: str) -> None:
    _add(parent, "text", shortened(text), kind=kind, x=_percent(place), y=_number(y))


def _add(parent: Element, name: str, content: str = "", kind: str = "", **attributes: str) -> Element:
    made = ElementTree.SubElement(parent, name, {"class": kind} if kind else {})
    for key, value in attributes.items():
        made.set(key.replace("_", "-"), value)
    made.text = content or None
    return made


def _percent(share: float) -> str:
    return f"{_number(share * 100)}%"


def _number(value: float) -> str:
    """At most two decimals; more would not be seen."""
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".")


def _written(drawing: Element) -> Drawing:
    return Drawing(ElementTree.tostring(drawing, encoding="unicode"))
