"""`reindex`: rebuild what is derived, so that a better decoder improves old captures too."""

from __future__ import annotations

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.printing import note


@click.command()
@options.database_option
def reindex(database: str) -> None:
    """Rebuild all that is derived from the recorded frames."""
    from xentara_inspect.cli.progress import counting, progress_bar
    from xentara_inspect.index.process import reindex as rebuild

    with progress_bar() as progress:
        frames = rebuild(database, counting(progress, "decoding"))
    note(f"{database}: {frames} frame{'' if frames == 1 else 's'} indexed")
