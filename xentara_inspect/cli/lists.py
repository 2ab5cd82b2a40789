"""The commands that list one thing each: a query, and how its rows look as a table."""

from __future__ import annotations

from typing import Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.output import Column, milliseconds, print_rows, severity_style, short_time
from xentara_inspect.cli.reading import opened, tell_unindexed
from xentara_inspect.store import queries

_ID: Final = Column("id", "ID", right=True)
_SESSION: Final = Column("session", "Session", right=True)
_TIME: Final = Column("time", "Time", show=short_time)


def _list(database: str, form: str, query: Any, keys: Any, columns: Any, **filters: Any) -> None:
    with opened(database) as connection:
        tell_unindexed(connection)
        print_rows(query(connection, **filters), keys, columns, form)


def _subscribed(elements: Any) -> str:
    return ", ".join(f"{entry['element']} ({', '.join(map(str, entry['attributes']))})" for entry in elements)


@click.command()
@options.database_option
@options.format_option
def sessions(database: str, form: str) -> None:
    """List the recorded connections."""
    columns = (
        _ID,
        Column("opened", "Opened", show=short_time),
        Column("closed", "Closed", show=short_time),
        Column("client", "Client"),
        Column("server", "Server"),
        Column("user", "User"),
        Column("frames", "Frames", right=True),
        Column("requests", "Requests", right=True),
        Column("errors", "Errors", right=True),
        Column("events", "Events", right=True),
        Column("findings", "Findings", right=True),
        Column("dropped", "Dropped", right=True),
        Column("close_code", "Code", right=True),
        Column("source", "Source"),
    )
    _list(database, form, queries.sessions, queries.SESSION_KEYS, columns)


@click.command()
@options.database_option
@options.format_option
@options.limit_option
@options.session_option
@options.element_option
@options.since_until_options
def events(database: str, form: str, **filters: Any) -> None:
    """List pushed events."""
    columns = (
        _ID,
        _SESSION,
        _TIME,
        Column("source_time", "Source time", show=short_time),
        Column("event_type", "Event"),
        Column("summary", "Summary", wraps=True),
    )
    _list(database, form, queries.events, queries.EVENT_KEYS, columns, **filters)


@click.command()
@options.database_option
@options.format_option
@options.limit_option
@options.session_option
@options.element_option
@click.option("--attribute", help="Only this attribute, by name, number or UUID.")
@click.option("--origin", type=click.Choice(["event", "read", "write"]), help="Only from these packets.")
@options.since_until_options
def readings(database: str, form: str, **filters: Any) -> None:
    """List attribute values seen in events, reads and writes."""
    columns = (
        _SESSION,
        _TIME,
        Column("origin", "Origin"),
        Column("element", "Element"),
        Column("attribute", "Attribute"),
        Column("value", "Value", wraps=True),
        Column("value_kind", "Kind"),
        Column("quality", "Quality", right=True),
        Column("error_code", "Error", right=True),
    )
    _list(database, form, queries.readings, queries.READING_KEYS, columns, **filters)


@click.command()
@options.database_option
@options.format_option
@options.session_option
@options.since_until_options
def stats(database: str, form: str, **filters: Any) -> None:
    """Count and time the commands."""
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
    _list(database, form, queries.stats, queries.STATS_KEYS, columns, **filters)


@click.command()
@options.database_option
@options.format_option
@options.session_option
@click.option("--code", help="Only findings with this code, such as hello-missing.")
@click.option("--severity", type=click.Choice(["error", "warning", "info"]), help="Only this severity.")
def findings(database: str, form: str, **filters: Any) -> None:
    """List departures from the specification."""
    columns = (
        _ID,
        _SESSION,
        _TIME,
        Column("severity", "Severity", style=severity_style),
        Column("code", "Code"),
        Column("exchange", "Exchange", right=True),
        Column("frame", "Frame", right=True),
        Column("message", "Message", wraps=True),
    )
    _list(database, form, queries.findings, queries.FINDING_KEYS, columns, **filters)


@click.command()
@options.database_option
@options.format_option
def elements(database: str, form: str) -> None:
    """List the elements seen, with their primary keys."""
    columns = (
        Column("primary_key", "Primary key"),
        Column("uuid", "UUID"),
        Column("category", "Category"),
        Column("learned_from", "Learned from"),
    )
    _list(database, form, queries.elements, queries.ELEMENT_KEYS, columns)


@click.command()
@options.database_option
@options.format_option
@options.session_option
def subscriptions(database: str, form: str, **filters: Any) -> None:
    """List subscriptions."""
    columns = (
        _ID,
        _SESSION,
        Column("uuid", "UUID"),
        Column("opened", "Opened", show=short_time),
        Column("closed", "Closed", show=short_time),
        Column("elements", "Elements", show=_subscribed, wraps=True),
    )
    _list(database, form, queries.subscriptions, queries.SUBSCRIPTION_KEYS, columns, **filters)
