"""The commands that list one thing each: a query, and how its rows look as a table."""

from __future__ import annotations

from typing import Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.output import severity_style
from xentara_inspect.cli.reading import print_answer
from xentara_inspect.cli.table import Column

_ID: Final = Column("id", "ID", right=True, usual=7)
_SESSION: Final = Column("session", "Session", right=True, spare=4)
_TIME: Final = Column("time", "Time", is_time=True, spare=1)


def _duration(milliseconds: float) -> str:
    """How long something took, in two units at most."""
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"
    minutes, seconds = divmod(int(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours:02}h"
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {seconds:02}s"


@click.command(epilog=options.examples("sessions", "sessions -d 'plant*.db'", "log --session 3"))
@options.databases_option
@options.format_option
@options.limit_option("newest N")
@options.element_option
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
        Column("opened", "Opened", is_time=True),
        Column("closed", "Closed", is_time=True, spare=12),
        Column("duration_ms", "Lasted", show=_duration, right=True, spare=6),
        Column("client", "Client", spare=4),
        Column("server", "Server", spare=14),
        Column("user", "User", spare=7),
        Column("frames", "Frames", right=True, spare=11),
        Column("requests", "Requests", right=True, spare=2),
        Column("errors", "Errors", right=True, spare=3),
        Column("events", "Events", right=True, spare=5),
        Column("requests_per_s", "Requests/s", right=True, spare=16),
        Column("events_per_s", "Events/s", right=True, spare=13),
        Column("findings", "Findings", right=True, spare=8),
        Column("dropped", "Dropped", right=True, spare=15),
        Column("close_code", "Code", right=True, spare=9),
        Column("closed_by", "By", spare=10),
        Column("refused", "Refused", spare=1),
        Column("source", "Source", spare=17),
        Column("user_agent", "User agent", wraps=16, spare=18),
        Column("origin", "Origin", wraps=16, spare=19),
    )
    print_answer(databases, form, query, SESSION_KEYS, columns, **filters)


@click.command(
    epilog=options.examples("events --element 'Plant.Tank 1.Level'", "events --limit 0 --ndjson --notation")
)
@options.databases_option
@options.format_option
@options.limit_option("newest N")
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
        Column("source_time", "Source time", is_time=True, spare=3),
        Column("event_type", "Event", spare=2, usual=11),
        Column("subscription", "Subscription", right=True, spare=5),
        Column("summary", "Summary", wraps=24),
    )
    print_answer(databases, form, query, EVENT_KEYS, columns, **filters)


@click.command(
    epilog=options.examples(
        "findings --severity error", "findings --code unanswered-request", "findings --explain nil-uuid"
    )
)
@options.databases_option
@options.format_option
@options.limit_option("newest N")
@options.session_option
@options.element_option
@click.option(
    "--code",
    metavar="CODE",
    multiple=True,
    shell_complete=options.offering("findings"),
    help="Only findings with this code, such as hello-missing; docs/findings.md has them all.",
)
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
@click.option(
    "--explain",
    metavar="CODE",
    shell_complete=options.offering("findings"),
    help="Instead say what a code means, what helps, and how many there are in all.",
)
def findings(databases: tuple[str, ...], form: str, explain: str | None, **filters: Any) -> None:
    """List departures from the specification, the newest 50, oldest first; `why` says more of one."""
    from xentara_inspect.queries.findings import FINDING_KEYS
    from xentara_inspect.queries.findings import findings as query

    if explain is not None:
        from xentara_inspect.cli.why import print_rule

        print_rule(databases, form, explain)
        return
    columns = (
        Column("id", "No.", right=True, spare=6),
        Column("frame", "Frame", right=True),
        Column("exchange", "Exchange", right=True, spare=3, usual=7),
        Column("session", "Session", right=True, spare=5),
        Column("time", "Time", is_time=True, spare=2),
        Column("severity", "Severity", style=severity_style, spare=1, usual=8),
        Column("code", "Code", usual=20),
        Column("message", "Message", wraps=18),
    )
    print_answer(databases, form, query, FINDING_KEYS, columns, **filters)


@click.command(epilog=options.examples("elements", "elements --limit 0 --json"))
@options.databases_option
@options.format_option
@options.limit_option("newest N")
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
