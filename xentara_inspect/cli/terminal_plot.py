"""Lines drawn in the terminal: the one place that knows plotext."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from xentara_inspect.cli.failures import not_installed
from xentara_inspect.cli.printing import out, shows_every_character
from xentara_inspect.escape import safe
from xentara_inspect.queries.series import BAD, ERROR, Line, Point
from xentara_inspect.traffic.time_points import nanoseconds_text

_HEIGHT: Final = 20
_LEAST: Final = 30
_COLOURS: Final = ("blue+", "green+", "magenta+", "cyan+", "yellow", "gray")
_BLOCKS: Final = "hd"
_BLOCK: Final = "▚"
_ASCII: Final = str.maketrans("─│┌┐└┘├┤┬┴┼▀▄█▌▐▖▗▘▙▚▛▜▝▞▟", "-|+++++++++" + "*" * 15)
"""For outputs that cannot carry more."""
_TICKS: Final = 5
_SECOND: Final = 10**9
_DISTANCES: Final = tuple(
    [count * 10**power for power in range(9) for count in (1, 2, 5)]
    + [count * _SECOND for count in (1, 2, 5, 10, 15, 30)]
    + [count * 60 * _SECOND for count in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)]
    + [count * 86_400 * _SECOND for count in (1, 2, 7, 14, 28, 56, 112, 365)]
)
"""Nanoseconds from tick to tick that people like to read."""


class _Drawn(NamedTuple):
    """Something in the plot. marker: its character, or what plotext calls it."""

    marker: str
    colour: str
    name: str
    parts: Sequence[Sequence[Point]]
    is_line: bool


def draw(lines: Sequence[Line]) -> None:
    """Print lines as a plot, as wide as the terminal. Raises Failure where plotext is not installed."""
    try:
        import plotext
    except ImportError:
        raise not_installed("plotext", "plot") from None
    from rich.console import Console

    console = Console()
    is_coloured = console.is_terminal and not console.no_color
    drawn = _drawn(lines, only_blocks=is_coloured or len(lines) == 1)
    times = [time for each in drawn for part in each.parts for time, _ in part]
    figure = plotext.figure
    figure.clear()
    figure.theme("simple")
    figure.plot_size(max(_LEAST, console.width), _HEIGHT)
    for each in drawn:
        _add(plotext, each, min(times))
    ticks = _ticks(min(times), max(times))
    figure.ruler(0).ticks([_seconds(tick, min(times)) for tick in ticks], _tick_texts(ticks))
    names = [f"{plotext.colorize(_sign(each), each.colour)} {safe(each.name)}" for each in drawn]
    legend = "   ".join([nanoseconds_text(min(times))[:10], *names])
    text = str(figure.build()).rstrip("\n") + f"\n{legend}"
    text = text if is_coloured else plotext.uncolorize(text)
    out(text if shows_every_character() else text.translate(_ASCII))


def _drawn(lines: Sequence[Line], *, only_blocks: bool) -> list[_Drawn]:
    """Lines first, then marks on top of them. only_blocks: nothing but colour tells the lines apart."""
    drawn = [
        _Drawn(_BLOCKS if only_blocks else str(number), colour, line.name, line.parts, is_line=True)
        for number, (line, colour) in enumerate(zip(lines, _COLOURS, strict=False), 1)
    ]
    values = [value for line in lines for part in line.parts for _, value in part]
    edge = min(values) - (max(values) - min(values)) / _HEIGHT
    bad = [point for line in lines for point in line.bad]
    errors = [(time, edge) for line in lines for time in line.errors]
    marks = [
        _Drawn("x", "orange", BAD, [bad], is_line=False),
        _Drawn("!", "red", ERROR, [errors], is_line=False),
    ]
    return drawn + [mark for mark in marks if mark.parts[0]]


def _add(plotext: Any, drawn: _Drawn, start: int) -> None:
    points = list(chain.from_iterable(drawn.parts))
    signal = plotext.figure.signal(
        [_seconds(time, start) for time, _ in points],
        [float(value) for _, value in points],
        marker=plotext.marker(drawn.marker, drawn.colour),
    )
    if drawn.is_line:
        signal = signal.lines(True)
        place = 0
        for part in drawn.parts:
            signal.line(place, False)
            place += len(part)
    plotext.figure.draw(signal)


def _sign(drawn: _Drawn) -> str:
    return _BLOCK if drawn.marker == _BLOCKS else drawn.marker


def _seconds(time: int, start: int) -> float:
    """Nanoseconds since 1970 are more than a float can tell apart."""
    return (time - start) / _SECOND


def _ticks(start: int, end: int) -> list[int]:
    """Round times, as many as fit."""
    step = next((step for step in _DISTANCES if (end - start) // step <= _TICKS), _DISTANCES[-1])
    first = -(-start // step) * step
    return list(range(first, end + 1, step)) or [start]


def _tick_texts(ticks: Sequence[int]) -> list[str]:
    """As much of times as tells them apart: days, minutes, seconds, or as many digits as they have."""
    texts = [nanoseconds_text(tick).removesuffix("Z") for tick in ticks]
    fraction = max(len(text.partition(".")[2].rstrip("0")) for text in texts)
    if fraction:
        return [text[11 : 20 + fraction] for text in texts]
    if all(text[11:19] == "00:00:00" for text in texts):
        return [text[:10] for text in texts]
    return [text[11:16] if all(text[17:19] == "00" for text in texts) else text[11:19] for text in texts]
