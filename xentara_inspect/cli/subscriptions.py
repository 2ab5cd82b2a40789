"""`subscriptions`: what was asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.output import milliseconds
from xentara_inspect.cli.reading import print_answer
from xentara_inspect.cli.table import Column

_BY: Final = ("subscription", "element")


@click.command(
    epilog=options.examples(
        "subscriptions", "subscriptions --by element", "subscriptions --element 'Plant.Tank 1.Level'"
    )
)
@options.databases_option
@options.format_option
@click.option(
    "--by",
    type=click.Choice(_BY),
    default=_BY[0],
    show_default=True,
    help="A row for each; by element with the events that came.",
)
@options.limit_option("newest N")
@options.session_option
@options.element_option
@options.grep_option("names, UUIDs, errors")
@options.since_until_options
@options.local_option
def subscriptions(databases: tuple[str, ...], form: str, by: str, **filters: Any) -> None:
    """List subscriptions, refused ones too: which elements and attributes, from when to when.

    The newest 50, oldest first; with --since and --until those that were open then. By element with the
    events that came, how many a second and how far apart, and which elements are silent: those of which
    nobody ever heard, or not for long.
    """
    if by == "element":
        from xentara_inspect.queries.subscribed_elements import SUBSCRIBED_KEYS, subscribed_elements

        print_answer(databases, form, subscribed_elements, SUBSCRIBED_KEYS, _OF_ELEMENTS, **filters)
    else:
        from xentara_inspect.queries.subscriptions import SUBSCRIPTION_KEYS
        from xentara_inspect.queries.subscriptions import subscriptions as query

        print_answer(databases, form, query, SUBSCRIPTION_KEYS, _COLUMNS, **filters)


def _subscribed(elements: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{entry['element']} ({', '.join(map(str, entry['attributes']))})" for entry in elements)


def _asked(row: Mapping[str, Any]) -> str | None:
    """How far apart updates were to be."""
    shortest, longest = row["maximum_update_rate_ms"], row["minimum_update_rate_ms"]
    if longest is None:
        return None if shortest is None else f"from {shortest}"
    return f"to {longest}" if shortest is None else f"{shortest} to {longest}"


def _outcome(row: Mapping[str, Any]) -> Any:
    return row["error_name"] or row["error_code"] or row["status"]


def _silence(row: Mapping[str, Any]) -> str | None:
    return "never" if row["silent"] == "never" else _for(row["silent_ms"]) if row["silent"] else None


def _for(milliseconds: float) -> str:
    return f"for {milliseconds / 1000:.1f} s"


_ID: Final = Column("id", "ID", right=True)
_OPENED: Final = Column("opened", "Opened", is_time=True, spare=2)
_CLOSED: Final = Column("closed", "Closed", is_time=True, spare=7)
_COLUMNS: Final = (
    _ID,
    Column("session", "Session", right=True, spare=4),
    Column("uuid", "UUID", spare=8),
    _OPENED,
    _CLOSED,
    Column("status", "Status", spare=1),
    Column("error_name", "Error", wraps=10, spare=3),
    Column("maximum_update_rate_ms", "Asked ms", right=True, spare=6, pick=_asked),
    Column("elements", "Elements", show=_subscribed, wraps=24),
)
_OF_ELEMENTS: Final = (
    _ID,
    Column("session", "Session", right=True, spare=7),
    Column("opened", "Opened", is_time=True, spare=9),
    Column("closed", "Closed", is_time=True, spare=10),
    Column("element", "Element", wraps=16),
    Column("attributes", "Attributes", show=", ".join, wraps=12, spare=8),
    Column("status", "Status", spare=5, pick=_outcome),
    Column("events", "Events", right=True),
    Column("rate", "Per s", show=lambda rate: f"{rate:.4g}", right=True, spare=4),
    Column("maximum_update_rate_ms", "Asked ms", right=True, spare=3, pick=_asked),
    Column("interval_ms", "Seen ms", show=milliseconds, right=True, spare=2),
    Column("last_event", "Last event", is_time=True, spare=6),
    Column("silent", "Silent", style=lambda _: "red", spare=1, pick=_silence),
)
