"""`status`: whether a recording goes on as it should."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.output import Row, print_rows
from xentara_inspect.cli.printing import out
from xentara_inspect.cli.times import short_time
from xentara_inspect.escape import safe


@click.command(epilog=options.examples("status -d plant.db", "status -d plant.db --json"))
@options.databases_option
@options.format_option
def status(databases: tuple[str, ...], form: str) -> None:
    """Tell whether a recording goes on as it should: of all of its files, whichever is named.

    Ends with 1 where it does not, be it that nobody records. It asks the files alone; what the recorder
    itself finds wrong stands there as well, within five seconds.
    """
    from xentara_inspect.queries.databases import open_databases
    from xentara_inspect.queries.status import STATUS_KEYS, whole_recordings
    from xentara_inspect.queries.status import status as query

    with open_databases(whole_recordings(databases)) as asked:
        rows = list(query(asked, now=time.time_ns()))
    if form == "table":
        out("\n\n".join("\n".join(_lines(row)) for row in rows))
    else:
        print_rows(rows, STATUS_KEYS, (), form)
    if not all(row["healthy"] for row in rows):
        raise click.exceptions.Exit(1)


def _lines(row: Row) -> Iterator[str]:
    """What people are told of a recording."""
    from rich.filesize import decimal

    said = click.style("healthy", fg="green") if row["healthy"] else click.style("unhealthy", fg="red")
    yield f"{safe(row['database'])}: {said}"
    for reason in row["reasons"]:
        yield f"  {safe(reason)}"
    age = row["last_commit_age_s"]
    written = "" if age is None else f", last commit {age:g} s ago"
    yield f"  recording    {_number(row['recorders'], 'recorder')}{written}"
    sessions = f"{row['open_sessions']} open, {row['failed_connections']} failed"
    yield f"  sessions     {row['sessions']} ({sessions})"
    last = f", the last at {short_time(row['last_frame'])}" if row["last_frame"] else ""
    yield f"  frames       {row['frames']}{last}"
    yield f"  not decoded  {row['behind']}; set aside {row['set_aside']}, cut {row['cut']}"
    yield f"  dropped      {row['dropped']}"
    free = "" if row["free_disk_bytes"] is None else f", {decimal(row['free_disk_bytes'])} free"
    yield f"  disk         {decimal(row['size_bytes'])} in {_number(row['files'], 'file')}{free}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
