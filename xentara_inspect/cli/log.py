"""`log`: one line an exchange."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.output import milliseconds, status_style
from xentara_inspect.cli.reading import print_answer
from xentara_inspect.cli.table import Column
from xentara_inspect.cli.times import DURATION
from xentara_inspect.traffic.records import Status


def _command(row: Mapping[str, Any]) -> str | None:
    """The command, or what is no command."""
    if row["kind"] != "exchange":
        return str(row["kind"])
    return row["command"] or (f"opcode {row['opcode']}" if row["opcode"] is not None else None)


_COLUMNS = (
    Column("id", "ID", right=True, usual=7),
    Column("session", "Session", right=True, spare=5),
    Column("time", "Time", is_time=True, spare=3),
    Column("command", "Command", spare=2, pick=_command, usual=12),
    Column("message_id", "Msg", right=True, spare=6),
    Column("status", "Status", style=status_style, spare=1, usual=10),
    Column("latency_ms", "ms", show=milliseconds, right=True, spare=4, usual=6),
    Column("summary", "Summary", wraps=16),
)


@click.command(
    epilog=options.examples(
        "log --command write --status error",
        "log --status unanswered --since 2026-03-01T14:00",
        "log --element 'Plant.Tank 1.Level' --events",
        "log --slower-than 50ms --sort latency --grep 'Tank 1'",
        "log -d 'plant*.db' --limit 0 --ndjson",
    )
)
@options.databases_option
@options.format_option
@options.limit_option("newest N")
@options.session_option
@click.option(
    "--command",
    "commands",
    metavar="NAME",
    multiple=True,
    shell_complete=options.offering("commands"),
    help="Only this command.",
)
@click.option(
    "--status",
    type=click.Choice([str(status) for status in Status]),
    multiple=True,
    help="Only this status.",
)
@options.element_option
@click.option(
    "--error",
    metavar="CODE|NAME",
    multiple=True,
    shell_complete=options.offering("errors"),
    help="Only answers with this error.",
)
@click.option("--message-id", type=int, multiple=True, help="Only this message id.")
@options.grep_option("names, UUIDs, values, errors, and notation where that is stored")
@click.option("--slower-than", type=DURATION, help="Only answers that took longer, such as 50ms.")
@click.option(
    "--sort",
    type=click.Choice(["time", "latency"]),
    default="time",
    show_default=True,
    help="By latency: the N slowest, the slowest first.",
)
@options.since_until_options
@options.local_option
@options.follow_option
@click.option("--events", "with_events", is_flag=True, help="List events too.")
def log(
    databases: tuple[str, ...], form: str, sort: str, follow: bool, status: tuple[str, ...], **filters: Any
) -> None:
    """List requests with their responses, and messages that are malformed.

    The newest 50, oldest first. Show one whole with `xentara-inspect show ID`. Filters combine: a row
    must fulfil each of them, and of an option that is repeated one.

    With --follow a request is listed once, when it is over: answered, or given up with its connection.
    Those that still wait are `log --status pending`.
    """
    from xentara_inspect.queries.log import LOG_KEYS
    from xentara_inspect.queries.log import log as query

    if follow and (sort == "latency" or Status.PENDING in status):
        raise click.UsageError("What goes on is in the order of its end: not with --sort latency or pending.")
    print_answer(
        databases,
        form,
        query,
        LOG_KEYS,
        _COLUMNS,
        follow=follow,
        ended=follow,
        slowest=sort == "latency",
        status=status,
        **filters,
    )
