"""`stats`: how often, how fast, how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.output import milliseconds
from xentara_inspect.cli.printing import shows_every_character
from xentara_inspect.cli.reading import print_answer
from xentara_inspect.cli.table import Column

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_ASCII: Final = "_.-=+*%#"
"""The same where the output has no blocks."""
_TIMES: Final = {"second": 19, "minute": 16, "hour": 13, "day": 10}
"""How much of an ISO time tells them apart."""
_NONE: Final = "(none)"
"""What rows are called that have no element or no user."""


@click.command(epilog=options.examples("stats --session 3", "stats --by element", "stats --by minute --json"))
@options.databases_option
@options.format_option
@click.option(
    "--by",
    type=click.Choice(["command", "element", "error", "user", "session", *_TIMES]),
    default="command",
    show_default=True,
    help="What a row is about; times are in UTC.",
)
@options.limit_option("N busiest, of sessions and times the newest")
@options.session_option
@options.since_until_options
def stats(databases: tuple[str, ...], form: str, by: str, **filters: Any) -> None:
    """Count and time what was asked, by command or by something else.

    Percentiles are latencies that occurred, from request to response; of more than a million answers
    they are within 0.2 % (≈). "Over time" are mean latencies from the first request to the last, of a
    row by time within it. Slowest is the exchange to `show`.
    """
    from xentara_inspect.queries.stats import STATS_KEYS
    from xentara_inspect.queries.stats import stats as query

    print_answer(databases, form, query, (by, *STATS_KEYS[1:]), _columns(by), by=by, **filters)


def _columns(by: str) -> tuple[Column, ...]:
    return (
        _first(by),
        Column("count", "Count", right=True),
        *([Column("events", "Events", right=True, spare=1)] if by not in ("command", "error") else []),
        *([Column("readings", "Readings", right=True, spare=6)] if by == "element" else []),
        *(
            [
                Column("ok", "Ok", right=True, spare=11),
                Column("errors", "Errors", right=True, spare=2),
                Column("unanswered", "Unanswered", right=True, spare=7),
            ]
            if by != "error"
            else []
        ),
        *(
            Column(f"{name}_ms", f"{name} ms", pick=_about(f"{name}_ms"), right=True, spare=spare)
            for name, spare in (("p50", 4), ("p95", 10), ("p99", 9), ("max", 3))
        ),
        Column("latency_over_time", "Over time", spare=5, pick=_sparkline),
        Column("slowest", "Slowest", right=True, spare=8),
        Column("request_bytes", "Bytes asked", right=True, spare=12),
        Column("response_bytes", "Bytes answered", right=True, spare=13),
    )


def _first(by: str) -> Column:
    title = by.capitalize()
    if by in _TIMES:
        return Column(by, title, show=lambda time: f"{time[: _TIMES[by]]}Z")
    wraps = 16 if by == "element" else 0
    return Column(by, title, wraps=wraps, pick=lambda row: _NONE if row[by] is None else row[by])


def _about(key: str) -> Callable[[Mapping[str, Any]], str | None]:
    """A latency, marked where it is not exact."""

    def pick(row: Mapping[str, Any]) -> str | None:
        if row[key] is None:
            return None
        is_exact = key == "max_ms" or row["percentiles"] == "exact"
        return f"{'' if is_exact else '≈' if shows_every_character() else '~'}{milliseconds(row[key])}"

    return pick


def _sparkline(row: Mapping[str, Any]) -> str | None:
    """Latencies as blocks, the row's highest as a whole one; a space where there was none."""
    values: Sequence[float | None] = row["latency_over_time"]
    highest = max((value for value in values if value is not None), default=None)
    if highest is None:
        return None
    blocks = _BLOCKS if shows_every_character() else _ASCII
    steps = len(blocks)
    return "".join(
        " " if value is None else blocks[min(steps - 1, int(value * steps / highest)) if highest else 0]
        for value in values
    )
