"""The commands that list one thing each: a query, and how its rows look as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.output import TIME_WIDTH, cell_text, milliseconds, severity_style, short_time
from xentara_inspect.cli.reading import print_answer
from xentara_inspect.cli.table import Column
from xentara_inspect.protocol import identifiers

_ID: Final = Column("id", "ID", right=True, usual=7)
_SESSION: Final = Column("session", "Session", right=True, spare=4)
_TIME: Final = Column("time", "Time", show=short_time, spare=1, usual=TIME_WIDTH)


def _subscribed(elements: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{entry['element']} ({', '.join(map(str, entry['attributes']))})" for entry in elements)


def _value_or_error(row: Mapping[str, Any]) -> Any:
    return row["error_name"] or row["error_code"] if row["value_kind"] == "error" else row["value"]


def _refusal(row: Mapping[str, Any]) -> Any:
    """Why a value was not written."""
    return (row["error_name"] or row["error_code"]) if row["value_kind"] != "error" else None


def _quality(number: Any) -> str:
    return identifiers.QUALITIES.get(number, str(number))


@click.command(epilog=options.examples("sessions", "sessions -d 'plant*.db'", "log --session 3"))
@options.databases_option
@options.format_option
@options.limit_option
@options.grep_option("address, path, user, program, or why it was closed or refused")
@options.since_until_options
@options.local_option
def sessions(databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """List the recorded connections: who, when, how many of what, why closed.

    The newest 50, oldest first; with --since and --until those that were open then. A connection that
    goes on from one file of a rotated recording to the next is listed once.
    """
    from xentara_inspect.queries.sessions import SESSION_KEYS
    from xentara_inspect.queries.sessions import sessions as query

    columns = (
        _ID,
        Column("opened", "Opened", show=short_time),
        Column("closed", "Closed", show=short_time, spare=8),
        Column("client", "Client", spare=4),
        Column("server", "Server", spare=12),
        Column("user", "User", spare=9),
        Column("frames", "Frames", right=True, spare=10),
        Column("requests", "Requests", right=True, spare=2),
        Column("errors", "Errors", right=True, spare=3),
        Column("events", "Events", right=True, spare=5),
        Column("findings", "Findings", right=True, spare=7),
        Column("dropped", "Dropped", right=True, spare=13),
        Column("close_code", "Code", right=True, spare=6),
        Column("closed_by", "By", spare=11),
        Column("refused", "Refused", spare=1),
        Column("source", "Source", spare=14),
    )
    print_answer(databases, form, query, SESSION_KEYS, columns, **filters)


@click.command(
    epilog=options.examples("events --element 'Plant.Tank 1.Level'", "events --limit 0 --ndjson --notation")
)
@options.databases_option
@options.format_option
@options.limit_option
@options.session_option
@options.element_option
@options.value_option
@options.grep_option("names, UUIDs, values, errors, and notation where that is stored")
@options.since_until_options
@options.local_option
@options.follow_option
@click.option("--notation", "with_notation", is_flag=True, help="Rows that are no table have notation too.")
def events(databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """List pushed events, the newest 50, oldest first."""
    from xentara_inspect.queries.events import EVENT_KEYS
    from xentara_inspect.queries.events import events as query

    columns = (
        _ID,
        _SESSION,
        _TIME,
        Column("source_time", "Source time", show=short_time, spare=3, usual=TIME_WIDTH),
        Column("event_type", "Event", spare=2, usual=11),
        Column("subscription", "Subscription", right=True, spare=5),
        Column("summary", "Summary", wraps=24),
    )
    print_answer(databases, form, query, EVENT_KEYS, columns, **filters)


@click.command(
    epilog=options.examples(
        "readings --since 2026-03-01T14:03 --until 2026-03-01T14:04",
        "readings 'Plant.Tank 1.Level' --attribute Value --csv",
        "readings 'Plant.**' --value '> 40' --since -10m",
    )
)
@click.argument("named", metavar="[ELEMENT]", required=False)
@options.databases_option
@options.format_option
@options.limit_option
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
def readings(
    named: str | None, databases: tuple[str, ...], form: str, element: tuple[str, ...], **filters: Any
) -> None:
    """List attribute values seen in events, reads and writes; the newest 50, oldest first."""
    from xentara_inspect.queries.readings import READING_KEYS
    from xentara_inspect.queries.readings import readings as query

    if named is not None:
        element = (named, *element)
    columns = (
        Column("packet", "Packet", right=True, spare=1, usual=7),
        Column("session", "Session", right=True, spare=7),
        Column("time", "Time", show=short_time, spare=2, usual=TIME_WIDTH),
        Column("origin", "Origin", spare=4),
        Column("element", "Element", wraps=14),
        Column("attribute", "Attribute", wraps=10),
        Column("value", "Value", show=cell_text, wraps=12, pick=_value_or_error),
        Column("value_kind", "Kind", spare=8, usual=7),
        Column("quality", "Quality", show=_quality, spare=6),
        Column("error_name", "Error", spare=5, pick=_refusal),
    )
    print_answer(databases, form, query, READING_KEYS, columns, element=element, **filters)


@click.command(epilog=options.examples("stats", "stats --session 3 --since 2026-03-01T14:00"))
@options.databases_option
@options.format_option
@options.session_option
@options.since_until_options
def stats(databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """Count and time the commands.

    Percentiles are latencies that occurred, from request to response.
    """
    from xentara_inspect.queries.stats import STATS_KEYS
    from xentara_inspect.queries.stats import stats as query

    columns = (
        Column("command", "Command"),
        Column("count", "Count", right=True),
        Column("ok", "Ok", right=True, spare=7),
        Column("errors", "Errors", right=True, spare=1),
        Column("unanswered", "Unanswered", right=True, spare=6),
        *(
            Column(f"{name}_ms", f"{name} ms", show=milliseconds, right=True, spare=spare)
            for name, spare in (("p50", 3), ("p95", 5), ("p99", 4), ("max", 2))
        ),
        Column("request_bytes", "Bytes asked", right=True, spare=8),
        Column("response_bytes", "Bytes answered", right=True, spare=9),
    )
    print_answer(databases, form, query, STATS_KEYS, columns, **filters)


@click.command(epilog=options.examples("findings --severity error", "findings --code unanswered-request"))
@options.databases_option
@options.format_option
@options.limit_option
@options.session_option
@options.element_option
@click.option("--code", multiple=True, help="Only findings with this code, such as hello-missing.")
@click.option(
    "--severity",
    type=click.Choice(["error", "warning", "info"]),
    multiple=True,
    help="Only this severity.",
)
@options.grep_option("code, message, and the names and UUIDs of what it is about")
@options.since_until_options
@options.local_option
@options.follow_option
def findings(databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """List departures from the specification, the newest 50, oldest first."""
    from xentara_inspect.queries.findings import FINDING_KEYS
    from xentara_inspect.queries.findings import findings as query

    columns = (
        Column("frame", "Frame", right=True),
        Column("exchange", "Exchange", right=True, spare=1, usual=7),
        Column("session", "Session", right=True, spare=5),
        Column("time", "Time", show=short_time, spare=2, usual=TIME_WIDTH),
        Column("severity", "Severity", style=severity_style, spare=3, usual=8),
        Column("code", "Code", usual=20),
        Column("message", "Message", wraps=24),
    )
    print_answer(databases, form, query, FINDING_KEYS, columns, **filters)


@click.command(epilog=options.examples("elements", "elements --limit 0 --json"))
@options.databases_option
@options.format_option
@options.limit_option
@options.element_option
@options.grep_option("names and UUIDs")
def elements(databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """List elements with their primary keys as far as they are known; the 50 seen last."""
    from xentara_inspect.queries.elements import ELEMENT_KEYS
    from xentara_inspect.queries.elements import elements as query

    columns = (
        Column("primary_key", "Primary key", wraps=16),
        Column("uuid", "UUID"),
        Column("category", "Category", spare=1),
        Column("learned_from", "Learned from", spare=2),
    )
    print_answer(databases, form, query, ELEMENT_KEYS, columns, **filters)


@click.command(epilog=options.examples("subscriptions", "subscriptions --element 'Plant.Tank 1.Level'"))
@options.databases_option
@options.format_option
@options.limit_option
@options.session_option
@options.element_option
@options.grep_option("names, UUIDs, errors")
@options.since_until_options
@options.local_option
def subscriptions(databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """List subscriptions, refused ones too: which elements and attributes, from when to when.

    The newest 50, oldest first; with --since and --until those that were open then.
    """
    from xentara_inspect.queries.subscriptions import SUBSCRIPTION_KEYS
    from xentara_inspect.queries.subscriptions import subscriptions as query

    columns = (
        _ID,
        _SESSION,
        Column("uuid", "UUID", spare=6),
        Column("opened", "Opened", show=short_time, spare=1),
        Column("closed", "Closed", show=short_time, spare=5),
        Column("status", "Status", spare=3),
        Column("error_name", "Error", spare=2),
        Column("elements", "Elements", show=_subscribed, wraps=24),
    )
    print_answer(databases, form, query, SUBSCRIPTION_KEYS, columns, **filters)
