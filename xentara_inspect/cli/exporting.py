"""`export`: what is recorded for other programs: as captures, as tables, as traces."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure, not_installed
from xentara_inspect.cli.printing import note
from xentara_inspect.cli.whole_files import made_whole, written_whole
from xentara_inspect.queries.databases import Databases, open_databases
from xentara_inspect.telemetry.urls import shown, traces_url

_STANDARD_OUTPUT: Final = "-"
_NOTHING: Final = "nothing of that is recorded"


def _collector(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Where a collector takes spans."""
    try:
        return None if value is None else traces_url(value)
    except ValueError as error:
        raise click.BadParameter(f"this {error}.") from None


@click.command(
    epilog=options.examples(
        "export --har plant.har",
        "export --pcapng - --since -10m | wireshark -k -i -",
        "export -d 'plant*.db' --flow tank.flow --element 'Plant.Tank 1.**'",
        "export --parquet tables --since yesterday",
        "export --otlp http://127.0.0.1:4318 --since -1h",
    )
)
@options.databases_option
@click.option("--har", metavar="FILE", type=click.Path(dir_okay=False), help="As browsers save it.")
@click.option("--flow", metavar="FILE", type=click.Path(dir_okay=False), help="As mitmproxy saves it.")
@click.option("--pcapng", metavar="FILE", type=click.Path(dir_okay=False), help="For Wireshark, decrypted.")
@click.option("--parquet", metavar="DIR", type=click.Path(), help="A table of each list, with typed columns.")
@click.option("--otlp", metavar="URL", callback=_collector, help="To a collector of OpenTelemetry, as spans.")
@options.session_option
@options.element_option
@options.since_until_options
def export(
    databases: tuple[str, ...],
    har: str | None,
    flow: str | None,
    pcapng: str | None,
    parquet: str | None,
    otlp: str | None,
    **filters: Any,
) -> None:
    """Write connections with their messages for other programs; FILE - is standard output.

    Of messages all is written as it is recorded, secrets blanked; what filters leave out is left out of the
    connection. Tables have the rows of sessions, log, events, readings and findings, as --ndjson and --csv
    of these commands have. To a collector goes each exchange that is over.
    """
    wanted = {"har": har, "flow": flow, "pcapng": pcapng, "parquet": parquet, "otlp": otlp}
    outputs = {kind: where for kind, where in wanted.items() if where is not None}
    if len(outputs) != 1:
        raise click.UsageError("One of --har, --flow, --pcapng, --parquet and --otlp says what to write.")
    ((kind, where),) = outputs.items()
    if kind == "parquet" and where == _STANDARD_OUTPUT:
        raise click.UsageError("--parquet writes a folder of files, for which there is no standard output.")
    with open_databases(databases) as asked:
        if kind == "otlp":
            _send(asked, where, filters)
        elif kind == "parquet":
            _write_tables(asked, Path(where), filters)
        elif os.path.isfile(where):
            raise Failure(f"{where} is there already")
        else:
            _export(asked, kind, where, filters)


def _send(asked: Databases, url: str, filters: dict[str, Any]) -> None:
    from xentara_inspect.cli.progress import progress_bar
    from xentara_inspect.cli.reading import say_if_behind
    from xentara_inspect.queries.ended import ended

    try:
        from xentara_inspect.telemetry.collector import Collector, CollectorError
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("xentara_inspect"):
            raise
        raise not_installed("opentelemetry-exporter-otlp-proto-http", "otlp") from None
    say_if_behind(asked)
    sent = 0
    try:
        with progress_bar() as progress:
            task = progress.add_task("sending", total=None)
            for count in Collector(url).send(ended(asked, **filters)):
                sent += count
                progress.update(task, completed=sent)
    except CollectorError as error:
        raise Failure(f"{error} ({_counted(sent, 'span')} sent before)" if sent else str(error)) from None
    if not sent:
        raise Failure(_NOTHING)
    note(f"{shown(url)}: {_counted(sent, 'span')}")


def _write_tables(asked: Databases, folder: Path, filters: dict[str, Any]) -> None:
    from xentara_inspect.cli.archive import archiving
    from xentara_inspect.cli.progress import progress_bar
    from xentara_inspect.cli.reading import say_if_behind

    with archiving():
        from xentara_inspect.archive.lists import write_lists
    say_if_behind(asked)
    with made_whole(folder) as made, progress_bar() as progress:
        task = progress.add_task("writing parquet", total=None)
        counts = write_lists(asked, made, lambda count: progress.advance(task, count), **filters)
        if not any(counts.values()):
            raise Failure(_NOTHING)
    note(f"{folder}: {', '.join(f'{name} {count}' for name, count in counts.items())}")


def _export(asked: Databases, kind: str, path: str, filters: dict[str, Any]) -> None:
    from xentara_inspect.captures.exporting import WRITERS
    from xentara_inspect.cli.progress import progress_bar
    from xentara_inspect.cli.reading import say_if_behind
    from xentara_inspect.queries.connections import Connections

    if filters["element"]:  # what names it, the index tells
        say_if_behind(asked)
    connections = Connections(asked, **filters)
    if not len(connections):
        raise Failure(_NOTHING)

    def write(file: IO[bytes]) -> None:
        WRITERS[kind](connections, file, lambda count: progress.advance(task, count))

    with progress_bar() as progress:
        task = progress.add_task(f"writing {kind}", total=connections.messages)
        if path == _STANDARD_OUTPUT:
            write(sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            with written_whole(Path(path)) as file:
                write(file)
    counts = _counted(len(connections), "connection"), _counted(connections.messages, "message")
    note(f"{path}: {', '.join(counts)}")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
