"""`import`: what mitmproxy recorded elsewhere into the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from xentara_inspect.captures.flows import Filter
    from xentara_inspect.store.importing import Importer


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.database_option
@click.option("--filter", "expression", default="", help="mitmproxy filter expression of what to import.")
@click.option("--keep-secrets", is_flag=True, help="Keep passwords and tokens. Mind who reads the database.")
def import_(files: tuple[Path, ...], database: str, expression: str, keep_secrets: bool) -> None:
    """Read mitmproxy flow files into the database.

    Connections that are in it already are skipped; of those that are there in part, the missing end
    is added.
    """
    from xentara_inspect.cli.progress import progress_bar
    from xentara_inspect.index.process import catch_up
    from xentara_inspect.proxy.options import OptionError, parse
    from xentara_inspect.store.importing import Importer

    try:
        chosen = parse("xentara_filter", expression)
    except OptionError as error:
        raise click.BadParameter(str(error), param_hint="--filter") from None
    failures = []
    with progress_bar() as progress:
        with Importer(database, keep_secrets=keep_secrets) as importer:
            for file in files:
                failures += _import_file(file, importer, chosen, progress)
        task = progress.add_task("decoding", total=None)
        catch_up(database, lambda done, total: progress.update(task, completed=done, total=total))
    if failures:
        for failure in failures[:-1]:
            click.echo(f"Error: {failure}", err=True)
        raise Failure(failures[-1])


def _import_file(file: Path, importer: Importer, chosen: Filter | None, progress: Progress) -> list[str]:
    """Import one file and say what became of it. Returns what went wrong."""
    from xentara_inspect.captures import flows as source

    task = _task(file, progress)
    added = skipped = sessions = ignored = 0
    failures = []
    try:
        for flow in source.read_flows(file, lambda done: progress.update(task, completed=done)):
            if not source.is_xentara(flow, chosen):
                ignored += 1
                continue
            try:
                recording = source.recording_of(flow, file.name)
            except source.FlowFileError as error:
                failures.append(str(error))
                continue
            result = importer.add(*recording)
            sessions += 1
            added += result.added
            skipped += result.skipped
    except source.FlowFileError as error:
        failures.append(str(error))
    progress.remove_task(task)
    if sessions or ignored or not failures:
        told = f"{file}: {_counted(sessions, 'session')}, {_counted(added, 'frame')} added"
        told += f", {skipped} in the database already" if skipped else ""
        told += f"; {_counted(ignored, 'other WebSocket connection')} left out" if ignored else ""
        click.echo(told, err=True)
    return failures


def _task(file: Path, progress: Progress) -> TaskID:
    size = file.stat().st_size if file.is_file() else None
    return progress.add_task(file.name, total=size)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
