"""`reindex`: rebuild what is derived, so that a better decoder improves old captures too."""

from __future__ import annotations

import click

from xentara_inspect.cli import options


@click.command()
@options.database_option
def reindex(database: str) -> None:
    """Rebuild all that is derived from the recorded frames."""
    from xentara_inspect.cli.progress import progress_bar
    from xentara_inspect.index.process import reindex as rebuild

    with progress_bar() as progress:
        task = progress.add_task("decoding", total=None)
        frames = rebuild(database, lambda done, total: progress.update(task, completed=done, total=total))
    click.echo(f"{database}: {frames} frame{'' if frames == 1 else 's'} indexed", err=True)
