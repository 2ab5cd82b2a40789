"""`export`: what is recorded as captures for other programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.printing import note
from xentara_inspect.cli.whole_files import written_whole
from xentara_inspect.queries.databases import Databases, open_databases

_STANDARD_OUTPUT: Final = "-"


@click.command(
    epilog=options.examples(
        "export --har plant.har",
        "export --pcapng - --since -10m | wireshark -k -i -",
        "export -d 'plant*.db' --flow tank.flow --element 'Plant.Tank 1.**'",
    )
)
@options.databases_option
@click.option("--har", metavar="FILE", type=click.Path(dir_okay=False), help="As browsers save it.")
@click.option("--flow", metavar="FILE", type=click.Path(dir_okay=False), help="As mitmproxy saves it.")
@click.option("--pcapng", metavar="FILE", type=click.Path(dir_okay=False), help="For Wireshark, decrypted.")
@options.session_option
@options.element_option
@options.since_until_options
def export(
    databases: tuple[str, ...], har: str | None, flow: str | None, pcapng: str | None, **filters: Any
) -> None:
    """Write connections with their messages for other programs; FILE - is standard output.

    Of messages all is written as it is recorded, secrets blanked; what filters leave out is left out of the
    connection. What lists print, they print with --ndjson or --csv; Parquet is what `archive` writes.
    """
    wanted = {"har": har, "flow": flow, "pcapng": pcapng}
    outputs = {kind: path for kind, path in wanted.items() if path is not None}
    if len(outputs) != 1:
        raise click.UsageError("One of --har, --flow and --pcapng says what to write.")
    ((kind, path),) = outputs.items()
    with open_databases(databases) as asked:
        if any(os.path.exists(path) and os.path.samefile(path, file.path) for file in asked.files):
            raise click.UsageError(f"{path} is the database.")
        _export(asked, kind, path, filters)


def _export(asked: Databases, kind: str, path: str, filters: dict[str, Any]) -> None:
    from xentara_inspect.captures.exporting import WRITERS
    from xentara_inspect.cli.progress import progress_bar
    from xentara_inspect.cli.reading import say_if_behind
    from xentara_inspect.queries.connections import Connections

    if filters["element"]:  # what names it, the index tells
        say_if_behind(asked)
    connections = Connections(asked, **filters)
    if not len(connections):
        raise Failure("nothing of that is recorded")

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
    messages = f"{connections.messages} message{'' if connections.messages == 1 else 's'}"
    note(f"{path}: {len(connections)} connection{'' if len(connections) == 1 else 's'}, {messages}")
