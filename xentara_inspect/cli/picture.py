"""Lines drawn into an SVG or PNG file: the one place that knows matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from xentara_inspect.cli.failures import not_installed
from xentara_inspect.cli.printing import note
from xentara_inspect.cli.whole_files import written_whole
from xentara_inspect.escape import safe
from xentara_inspect.queries.series import BAD, ERROR, Line, Point

_SIZE: Final = (10, 4.5)
_COLOURS: Final = ("tab:blue", "tab:green", "tab:purple", "tab:cyan", "tab:brown", "tab:gray")
"""None that marks have."""
_DOTS_AN_INCH: Final = 120
_FEW: Final = 60
"""Points of a part up to which each is marked: one alone would not be seen."""


def write_picture(lines: Sequence[Line], path: str) -> None:
    """Write an SVG or PNG file, by the end of its name. Raises OSError.

    Raises Failure where matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError:
        raise not_installed("matplotlib", "plot") from None
    matplotlib.use("agg")
    from matplotlib import dates
    from matplotlib.figure import Figure

    # Names come from the network: a $ in them begins no formula, and an SVG is the same every time.
    settings: Any = {"text.parse_math": False, "svg.hashsalt": "xentara-inspect", "svg.fonttype": "none"}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=_SIZE, dpi=_DOTS_AN_INCH, layout="constrained")
        axes = figure.add_subplot()
        for line, colour in zip(lines, _COLOURS, strict=False):
            _add(axes, line, safe(line.name) if len(lines) > 1 else "", colour)
        _mark(axes, lines)
        locator = dates.AutoDateLocator(tz=UTC)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=UTC))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title("UTC", loc="right", fontsize="small")
        if len(lines) == 1:
            axes.set_title(safe(lines[0].name), loc="left")
        if axes.get_legend_handles_labels()[1]:
            axes.legend(loc="upper left", bbox_to_anchor=(0, -0.12), ncols=3, frameon=False)
        form = Path(path).suffix.lower().removeprefix(".")
        with written_whole(Path(path)) as file:
            figure.savefig(file, format=form, metadata={"Date": None} if form == "svg" else None)
    note(f"drawn into {path}")


def _add(axes: Any, line: Line, name: str, colour: str) -> None:
    """A line, broken between its parts. name: in the legend, empty for none."""
    axes.plot([], [], linewidth=1.2, label=name, color=colour)
    for part in line.parts:
        marker = "." if len(part) <= _FEW else ""
        axes.plot(_times(part), _values(part), color=colour, linewidth=1.2, marker=marker)


def _mark(axes: Any, lines: Sequence[Line]) -> None:
    bad = [point for line in lines for point in line.bad]
    if bad:
        axes.plot(_times(bad), _values(bad), "x", color="darkorange", label=BAD, zorder=3)
    errors = [time for line in lines for time in line.errors]
    if errors:
        axes.plot(
            [_moment(time) for time in errors],
            [0] * len(errors),
            "^",
            color="red",
            label=ERROR,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
            zorder=4,
        )


def _times(points: Sequence[Point]) -> list[datetime]:
    return [_moment(time) for time, _ in points]


def _values(points: Sequence[Point]) -> list[float]:
    return [float(value) for _, value in points]


def _moment(time: int) -> datetime:
    return datetime.fromtimestamp(time // 10**9, UTC).replace(microsecond=time % 10**9 // 1000)
