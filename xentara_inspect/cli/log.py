"""`log`: one line an exchange."""

from __future__ import annotations

from typing import Any

import click

from xentara_inspect import protocol
from xentara_inspect.cli import options
from xentara_inspect.cli.output import Column, milliseconds, print_rows, short_time, status_style
from xentara_inspect.cli.reading import opened, tell_unindexed
from xentara_inspect.decoded import Status
from xentara_inspect.store import queries

_COLUMNS = (
    Column("id", "ID", right=True),
    Column("session", "Session", right=True),
    Column("time", "Time", show=short_time),
    Column("command", "Command"),
    Column("message_id", "Msg", right=True),
    Column("status", "Status", style=status_style),
    Column("error_name", "Error"),
    Column("latency_ms", "ms", show=milliseconds, right=True),
    Column("summary", "Summary", wraps=True),
)


def _opcodes(ctx: click.Context, param: click.Parameter, names: tuple[str, ...]) -> tuple[int, ...]:
    """Commands by name or opcode."""
    opcodes = []
    for name in names:
        if name in protocol.OPCODES:
            opcodes.append(protocol.OPCODES[name])
        elif name.lstrip("-").isdigit():
            opcodes.append(int(name))
        else:
            known = ", ".join(protocol.OPCODES)
            raise click.BadParameter(f"{name!r} is no command; there are {known}, or an opcode", ctx, param)
    return tuple(opcodes)


@click.command()
@options.database_option
@options.format_option
@options.limit_option
@options.session_option
@click.option(
    "--command", "opcodes", multiple=True, callback=_opcodes, help="Only this command; may be repeated."
)
@click.option("--status", type=click.Choice([str(status) for status in Status]), help="Only this status.")
@options.element_option
@click.option("--error", "error_code", type=int, help="Only answers with this error code.")
@click.option("--message-id", type=int, help="Only this message id.")
@options.since_until_options
@click.option("--events", "with_events", is_flag=True, help="List events too.")
def log(database: str, form: str, **filters: Any) -> None:
    """List requests with their responses, and what was malformed; oldest first, the newest N.

    Show one with `show ID`.
    """
    with opened(database) as connection:
        tell_unindexed(connection)
        print_rows(queries.log(connection, **filters), queries.LOG_KEYS, _COLUMNS, form)
