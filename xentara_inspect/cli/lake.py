"""`lake decode`: archives into tables; `sql`: questions to these."""

from __future__ import annotations

import contextlib
from itertools import chain
from typing import TYPE_CHECKING

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.archive import archiving
from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.output import cell_text, print_rows
from xentara_inspect.cli.pager import paged
from xentara_inspect.cli.printing import note
from xentara_inspect.cli.table import Column
from xentara_inspect.escape import safe

if TYPE_CHECKING:
    from xentara_inspect.lake.decoding import Task


@click.group()
def lake() -> None:
    """Decode archives into tables of Parquet files."""


@lake.command(
    epilog=options.examples(
        "lake decode --from archive --to tables",
        "lake decode --from s3://plants/archive --to s3://plants/tables --processes 4",
    )
)
@click.option("--from", "archive", metavar="DIR|URI", required=True, help="The archive.")
@click.option("--to", "tables", metavar="DIR|URI", required=True, help="The tables.")
@click.option("--site", help="Only this plant's.")
@click.option("--processes", type=click.IntRange(1), default=1, help="Decode so many parts at once.")
@click.option("--master", help="Spread the work by Spark, such as local[4] or spark://HOST:7077.")
def decode(archive: str, tables: str, site: str | None, processes: int, master: str | None) -> None:
    """Decode an archive into tables of Parquet files that DuckDB, Spark and pandas read.

    What is decoded already, by this release, is left as it is. Somebody who ends this early, and
    begins it again, gets the same tables.
    """
    if master is not None and processes > 1:
        raise click.UsageError("Of --processes and --master only one can be.")
    with archiving("lake"):
        from xentara_inspect.archive.parts import Parts
        from xentara_inspect.archive.place import Place
        from xentara_inspect.lake.decoding import tasks

        todo = tasks(Parts(Place(archive), site))
        if not todo:
            raise Failure(f"{safe(archive)}: nothing archived here")
        if master is not None:
            from xentara_inspect.lake.spark import decode_by_spark

            frames = decode_by_spark(master, archive, tables, todo)
        else:
            frames = _decode(archive, tables, todo, processes)
    note(f"{frames} frame{'' if frames == 1 else 's'} decoded into {tables}")


@lake.command(
    "application-path",
    epilog="\b\nExample:\n  spark-submit --master spark://HOST:7077"
    ' "$(xentara-inspect lake application-path)" --from s3://plants/archive --to s3://plants/tables',
)
def application_path() -> None:
    """Print where the file is that spark-submit takes; its options are those of `lake decode`."""
    from xentara_inspect.cli import spark_application

    click.echo(spark_application.__file__)


def _decode(archive: str, tables: str, todo: list[Task], processes: int) -> int:
    """Decode on this machine. Returns how many frames that were."""
    from xentara_inspect.cli.progress import progress_bar
    from xentara_inspect.lake.decoding import decode as decoded
    from xentara_inspect.lake.processes import decode_by_processes

    counts = (
        (decoded(archive, tables, task) for task in todo)
        if processes == 1
        else decode_by_processes(processes, archive, tables, todo)
    )
    with progress_bar() as progress, contextlib.closing(counts):
        return sum(progress.track(counts, len(todo), description="decoding"))


@click.command(
    epilog=options.examples(
        'sql --lake tables "SELECT command, count(*) FROM exchanges GROUP BY ALL"',
        "sql --lake tables \"SELECT * FROM readings WHERE date = '2026-03-01' AND site = 'north'\" --csv",
    )
)
@click.option("--lake", "where", metavar="DIR|URI", required=True, help="Tables that `lake decode` made.")
@click.argument("question", metavar="SQL")
@options.format_option
def sql(where: str, question: str, form: str) -> None:
    """Ask a lake in SQL (DuckDB's).

    Tables are sessions, exchanges, events, readings, findings, subscriptions, malformed, attributes and
    elements. Each has the site, date, recorder and recording (`chain`) that its rows are of; conditions on
    `site` and `date` leave out what need not be read.
    """
    with archiving("lake"):
        from xentara_inspect.lake.asking import Lake

        with contextlib.closing(Lake(where)) as opened, paged():
            rows = opened.ask(question)
            first = next(rows, {})
            columns = tuple(Column(name, name, show=cell_text, wraps=12, spare=1) for name in first)
            print_rows(chain([first] if first else [], rows), tuple(first), columns, form)
