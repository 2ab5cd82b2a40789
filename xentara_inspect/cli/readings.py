"""`readings`: attribute values as a list, by intervals, and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.output import cell_text
from xentara_inspect.cli.reading import opened_for, print_answer
from xentara_inspect.cli.table import Column
from xentara_inspect.cli.times import DURATION
from xentara_inspect.protocol import identifiers

_TERMINAL: Final = "terminal"
_PICTURES: Final = (".svg", ".png")


def _plot(_ctx: click.Context, _param: click.Parameter, given: str | None) -> str | None:
    """Where to draw."""
    if given is not None and given != _TERMINAL and Path(given).suffix.lower() not in _PICTURES:
        raise click.BadParameter(
            f"{given!r} is no picture such as level.svg or level.png; in the terminal --plot comes last."
        )
    return given


@click.command(
    epilog=options.examples(
        "readings --since 2026-03-01T14:03 --until 2026-03-01T14:04",
        "readings 'Plant.Tank 1.Level' --attribute Value --changes",
        "readings 'Plant.Tank 1.Level' --every 1m --csv",
        "readings 'Plant.Tank 1.Level' --plot",
        "readings 'Plant.**' --value '> 40' --since -10m",
    )
)
@click.argument("named", metavar="[ELEMENT]", required=False, shell_complete=options.offering("elements"))
@options.databases_option
@options.format_option
@options.limit_option("newest N")
@options.session_option
@options.element_option
@click.option("--attribute", multiple=True, help="Only this attribute, by name, number or UUID.")
@click.option(
    "--origin",
    type=click.Choice(["event", "read", "write"]),
    multiple=True,
    help="Only from these packets.",
)
@options.value_option
@options.grep_option("names, UUIDs, values, errors")
@options.since_until_options
@options.local_option
@options.follow_option
@click.option("--changes", is_flag=True, help="Only where the value, quality or error changed.")
@click.option("--every", type=DURATION, help="Sum up intervals of 500ms, 1s, 5m, 1h: min, max, mean, last.")
@click.option(
    "--plot",
    metavar="[FILE]",
    is_flag=False,
    flag_value=_TERMINAL,
    callback=_plot,
    help="Draw all of them, here or into an SVG or PNG file.",
)
def readings(
    named: str | None,
    databases: tuple[str, ...],
    form: str,
    limit: int,
    element: tuple[str, ...],
    local: bool,
    follow: bool,
    changes: bool,
    every: int | None,
    plot: str | None,
    **filters: Any,
) -> None:
    """List attribute values seen in events, reads and writes; the newest 50, oldest first.

    Intervals and drawings leave out what was to be written, unless it is asked for. A line is broken
    where much longer than usual nothing came, and at errors, which are marked at the edge; so are values
    whose quality is not good. With --follow a write is listed when it is answered, or given up
    with its connection.
    """
    if changes + (every is not None) + (plot is not None) + follow > 1:
        raise click.UsageError("Give one of --changes, --every, --plot and --follow.")
    if plot is not None and form != "table":
        raise click.UsageError(f"A plot is no {form}; --every has numbers to draw elsewhere.")
    filters["element"] = element if named is None else (named, *element)
    if plot is not None:
        _draw(databases, plot, filters)
    elif every is not None:
        from xentara_inspect.queries.changes import INTERVAL_KEYS, intervals

        filters |= {"every": every, "limit": limit, "local": local}
        print_answer(databases, form, intervals, INTERVAL_KEYS, _OF_INTERVALS, **filters)
    else:
        from xentara_inspect.queries.changes import changes as changed
        from xentara_inspect.queries.readings import READING_KEYS
        from xentara_inspect.queries.readings import readings as every_one

        query = changed if changes else every_one
        filters |= {"limit": limit, "local": local, "follow": follow, "ended": follow}
        print_answer(databases, form, query, READING_KEYS, _COLUMNS, **filters)


def _draw(databases: tuple[str, ...], plot: str, filters: Mapping[str, Any]) -> None:
    from xentara_inspect.queries.series import lines_to_draw

    with opened_for(databases, lines_to_draw, filters) as asked:
        lines = lines_to_draw(asked, **filters)
    if plot == _TERMINAL:
        from xentara_inspect.cli.terminal_plot import draw

        draw(lines)
    else:
        from xentara_inspect.cli.picture import write_picture

        write_picture(lines, plot)


def _value_or_error(row: Mapping[str, Any]) -> Any:
    return row["error_name"] or row["error_code"] if row["value_kind"] == "error" else row["value"]


def _refusal(row: Mapping[str, Any]) -> Any:
    """Why a value was not written."""
    return (row["error_name"] or row["error_code"]) if row["value_kind"] != "error" else None


def _quality(number: Any) -> str:
    return identifiers.QUALITIES.get(number, str(number))


def _mean(value: float) -> str:
    """As many digits as a mean deserves, in the way of the numbers beside it."""
    return str(float(f"{value:.8g}"))


_COLUMNS: Final = (
    Column("packet", "Packet", right=True, spare=1, usual=7),
    Column("session", "Session", right=True, spare=7),
    Column("time", "Time", is_time=True, spare=2),
    Column("origin", "Origin", spare=5),
    Column("element", "Element", wraps=12),
    Column("attribute", "Attribute", wraps=9),
    Column("value", "Value", show=cell_text, wraps=8, pick=_value_or_error),
    Column("value_kind", "Kind", spare=8, usual=7),
    Column("quality", "Quality", show=_quality, spare=3),
    Column("error_name", "Error", spare=4, pick=_refusal),
)
_OF_INTERVALS: Final = (
    Column("time", "From", is_time=True, spare=1),
    Column("element", "Element", wraps=14),
    Column("attribute", "Attribute", wraps=10),
    Column("count", "Count", right=True, spare=5),
    Column("min", "Min", show=cell_text, right=True, spare=3),
    Column("max", "Max", show=cell_text, right=True, spare=2),
    Column("mean", "Mean", show=_mean, right=True, spare=4),
    Column("last", "Last", show=cell_text, wraps=8),
    Column("quality", "Quality", show=_quality, spare=7),
    Column("errors", "Errors", right=True, spare=6),
)
