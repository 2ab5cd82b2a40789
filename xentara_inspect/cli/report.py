"""`report`: a recording as one page to hand on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.printing import note
from xentara_inspect.cli.progress import progress_bar
from xentara_inspect.cli.reading import opened
from xentara_inspect.cli.whole_files import written_whole

_STANDARD_OUTPUT: Final = "-"


@click.command(
    epilog=options.examples("report", "report -d 'plant*.db' --since -1h -o plant.html", "report -o - | gzip")
)
@options.databases_option
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    default="xentara-report.html",
    show_default=True,
    help="Where to write it; - for standard output.",
)
@options.session_option
@options.since_until_options
@options.local_option
def report(databases: tuple[str, ...], output: str, local: bool, **filters: Any) -> None:
    """Write one page in HTML that tells what happened, to mail or to print.

    Who was connected, what was asked and how fast it was answered, errors and findings with what helps,
    who changed what, subscriptions, and values. It needs no network, and holds no passwords or tokens.
    """
    from xentara_inspect.web.facts import PARTS
    from xentara_inspect.web.listed import Filters
    from xentara_inspect.web.report import report as written

    with opened(databases) as asked, progress_bar() as progress:
        task = progress.add_task("", total=PARTS)
        page = written(
            asked,
            Filters(databases, **filters),
            local=local,
            tell=lambda what: progress.update(task, advance=1, description=what),
        ).encode()
    if output == _STANDARD_OUTPUT:
        sys.stdout.buffer.write(page)
        sys.stdout.buffer.flush()
        return
    with written_whole(Path(output)) as file:
        file.write(page)
    note(f"written into {output} ({max(1, len(page) // 1000)} kB)")
