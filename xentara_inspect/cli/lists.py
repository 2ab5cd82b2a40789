"""The commands that list one thing each: a query, and how its rows look as a table."""

from __future__ import annotations

from typing import Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.output import milliseconds, print_rows, severity_style, short_time
from xentara_inspect.cli.reading import opened
from xentara_inspect.cli.table import Column
from xentara_inspect.queries import questions as queries

_ID: Final = Column("id", "ID", right=True)
_SESSION: Final = Column("session", "Session", right=True, spare=4)
_TIME: Final = Column("time", "Time", show=short_time, spare=1)


def _list(databases: tuple[str, ...], form: str, query: Any, keys: Any, columns: Any, **filters: Any) -> None:
    with opened(databases) as recording:
        print_rows(query(recording, **filters), keys, columns, form)


def _subscribed(elements: Any) -> str:
    return ", ".join(f"{entry['element']} ({', '.join(map(str, entry['attributes']))})" for entry in elements)


@click.command(epilog=options.examples("sessions", "sessions -d 'plant*.db'", "log --session 3"))
@options.databases_option
@options.format_option
def sessions(databases: tuple[str, ...], form: str) -> None:
    """List the recorded connections: who, when, how many of what, why closed.

    A connection that goes on from one file of a rotated recording to the next is listed once.
    """
    columns = (
        _ID,
        Column("opened", "Opened", show=short_time),
        Column("closed", "Closed", show=short_time, spare=4),
        Column("client", "Client", spare=2),
        Column("server", "Server", spare=8),
        Column("user", "User", spare=5),
        Column("frames", "Frames", right=True, spare=6),
        Column("requests", "Requests", right=True),
        Column("errors", "Errors", right=True),
        Column("events", "Events", right=True),
        Column("findings", "Findings", right=True, spare=3),
        Column("dropped", "Dropped", right=True, spare=9),
        Column("close_code", "Code", right=True, spare=1),
        Column("source", "Source", spare=10),
    )
    _list(databases, form, queries.sessions, queries.SESSION_KEYS, columns)


@click.command(
    epilog=options.examples("events --element 'Plant.Tank 1.Level'", "events --limit 0 --format ndjson")
)
@options.databases_option
@options.format_option
@options.limit_option
@options.session_option
@options.element_option
@options.since_until_options
def events(databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """List pushed events, the newest 50, oldest first."""
    columns = (
        _ID,
        _SESSION,
        _TIME,
        Column("source_time", "Source time", show=short_time, spare=3),
        Column("event_type", "Event"),
        Column("summary", "Summary", wraps=True),
    )
    _list(databases, form, queries.events, queries.EVENT_KEYS, columns, **filters)


@click.command(
    epilog=options.examples(
        "readings --since 2026-03-01T14:03 --until 2026-03-01T14:04",
        "readings --element 'Plant.Tank 1.Level' --attribute Value --format csv",
    )
)
@options.databases_option
@options.format_option
@options.limit_option
@options.session_option
@options.element_option
@click.option("--attribute", help="Only this attribute, by name, number or UUID.")
@click.option("--origin", type=click.Choice(["event", "read", "write"]), help="Only from these packets.")
@options.since_until_options
def readings(databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """List attribute values seen in events, reads and writes; the newest 50, oldest first."""
    columns = (
        _SESSION,
        _TIME,
        Column("origin", "Origin", spare=3),
        Column("element", "Element"),
        Column("attribute", "Attribute"),
        Column("value", "Value", wraps=True),
        Column("value_kind", "Kind", spare=6),
        Column("quality", "Quality", right=True, spare=5),
        Column("error_code", "Error", right=True),
    )
    _list(databases, form, queries.readings, queries.READING_KEYS, columns, **filters)


@click.command(epilog=options.examples("stats", "stats --session 3 --since 2026-03-01T14:00"))
@options.databases_option
@options.format_option
@options.session_option
@options.since_until_options
def stats(databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """Count and time the commands.

    Percentiles are latencies that occurred, from request to response.
    """
    columns = (
        Column("command", "Command"),
        Column("count", "Count", right=True),
        Column("ok", "Ok", right=True),
        Column("errors", "Errors", right=True),
        Column("unanswered", "Unanswered", right=True),
        *(
            Column(f"{name}_ms", f"{name} ms", show=milliseconds, right=True)
            for name in ("p50", "p95", "p99", "max")
        ),
    )
    _list(databases, form, queries.stats, queries.STATS_KEYS, columns, **filters)


@click.command(epilog=options.examples("findings --severity error", "findings --code unanswered-request"))
@options.databases_option
@options.format_option
@options.session_option
@click.option("--code", help="Only findings with this code, such as hello-missing.")
@click.option("--severity", type=click.Choice(["error", "warning", "info"]), help="Only this severity.")
def findings(databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """List departures from the specification."""
    columns = (
        _ID,
        _SESSION,
        _TIME,
        Column("severity", "Severity", style=severity_style),
        Column("code", "Code"),
        Column("exchange", "Exchange", right=True),
        Column("frame", "Frame", right=True, spare=3),
        Column("message", "Message", wraps=True),
    )
    _list(databases, form, queries.findings, queries.FINDING_KEYS, columns, **filters)


@click.command(epilog=options.examples("elements", "elements --format json"))
@options.databases_option
@options.format_option
def elements(databases: tuple[str, ...], form: str) -> None:
    """List the elements seen, with their primary keys as far as the traffic told them."""
    columns = (
        Column("primary_key", "Primary key"),
        Column("uuid", "UUID"),
        Column("category", "Category", spare=1),
        Column("learned_from", "Learned from", spare=2),
    )
    _list(databases, form, queries.elements, queries.ELEMENT_KEYS, columns)


@click.command(epilog=options.examples("subscriptions", "subscriptions --session 3"))
@options.databases_option
@options.format_option
@options.session_option
def subscriptions(databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """List subscriptions: which elements and attributes, from when to when."""
    columns = (
        _ID,
        _SESSION,
        Column("uuid", "UUID", spare=3),
        Column("opened", "Opened", show=short_time, spare=1),
        Column("closed", "Closed", show=short_time, spare=2),
        Column("elements", "Elements", show=_subscribed, wraps=True),
    )
    _list(databases, form, queries.subscriptions, queries.SUBSCRIPTION_KEYS, columns, **filters)
