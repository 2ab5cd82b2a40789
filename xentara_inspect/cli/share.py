"""`share`: a copy of a recording to give away."""

from __future__ import annotations

import os
from typing import Final

import click
from click.core import ParameterSource

from xentara_inspect.cli import options
from xentara_inspect.cli.printing import note
from xentara_inspect.cli.times import TIME

_EARLIEST: Final = 946_684_800 * 10**9
_LATEST: Final = 4_102_444_800 * 10**9
"""In between there is room for times of long before and after in messages of any usual form."""

_NOUNS: Final = {
    "text": ("text", "texts"),
    "uuid": ("UUID", "UUIDs"),
    "bytes": ("byte string", "byte strings"),
    "address": ("address", "addresses"),
}


@click.command(
    epilog=options.examples(
        "share plant.db -o for-support.db",
        "share plant.db -o for-support.db --values --start 2020-01-01T00:00Z",
        "share plant.db -o for-support.db --list ~/private/replaced.csv",
    )
)
@click.argument("named", metavar="[DB]", required=False, type=click.Path())
@options.database_option
@click.option("-o", "--output", metavar="FILE", required=True, type=click.Path(), help="The copy.")
@click.option("--values", is_flag=True, help="Replace attribute values as well, not only texts.")
@click.option("--start", type=TIME, help="Move all times so that the recording begins then.")
@click.option(
    "--list",
    "listed",
    metavar="FILE",
    type=click.Path(),
    help="Where to write what was replaced; beside the recording otherwise.",
)
@click.pass_context
def share(
    context: click.Context,
    named: str | None,
    database: str,
    output: str,
    values: bool,
    start: int | None,
    listed: str | None,
) -> None:
    """Write a copy of a recording to give away, without anything that the plant named.

    Primary keys, UUIDs, texts, users and addresses are replaced by others of the same length, the same ones
    everywhere; requests, answers, statuses, latencies, events and findings stay, under the same ids. What was
    replaced stands in a list, which is for you alone. Secrets are blanked.
    """
    from xentara_inspect.cli.progress import counting, progress_bar
    from xentara_inspect.queries.status import whole_recordings
    from xentara_inspect.sharing.sharing import share as shared

    if start is not None and not _EARLIEST <= start < _LATEST:
        raise click.BadParameter("lies not between 2000 and 2100.", param_hint="--start")
    if named is not None and context.get_parameter_source("database") is ParameterSource.COMMANDLINE:
        raise click.UsageError("the recording is named twice: as DB and by --db.")
    paths = whole_recordings([named or database])
    listed = listed or _beside(paths[0], output)
    if os.path.realpath(listed) == os.path.realpath(output):
        raise click.UsageError("--list and --output are the same file.")
    with progress_bar() as progress:
        made = shared(
            paths,
            output,
            listed,
            values=values,
            start=start,
            copying=counting(progress, "replacing"),
            decoding=counting(progress, "decoding"),
        )
    frames = f"{made.frames} frame{'' if made.frames == 1 else 's'}"
    counts = ", ".join(f"{count} {_NOUNS[kind][count != 1]}" for kind, count in made.replaced.items())
    note(f"{output}: {frames}; replaced: {counts or 'nothing'}")
    note(f"{listed}: what stands for what. Keep it to yourself")


def _beside(database: str, output: str) -> str:
    """A list is as secret as the recording, and goes where that is."""
    stem, _ = os.path.splitext(database)
    name, _ = os.path.splitext(os.path.basename(output))
    return f"{stem}.{name}.csv"
