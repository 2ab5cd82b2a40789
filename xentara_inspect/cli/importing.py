"""`import`: what mitmproxy recorded elsewhere into the database."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure
from xentara_inspect.store.settings import NOTATIONS

if TYPE_CHECKING:
    from rich.progress import Progress

    from xentara_inspect.captures.importing import Imported
    from xentara_inspect.store.importing import Importer


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.database_option
@click.option("--filter", "expression", default="", help="mitmproxy filter expression of what to import.")
@click.option(
    "--notation",
    type=click.Choice(NOTATIONS),
    help="Store all notation, or that of events only when it is asked for (a tenth of the disk).",
)
@click.option("--keep-secrets", is_flag=True, help="Keep passwords and tokens. Mind who reads the database.")
def import_(
    files: tuple[Path, ...], database: str, expression: str, notation: str | None, keep_secrets: bool
) -> None:
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
            if notation is not None:
                _choose_notation(database, notation)
            for file in files:
                imported = _import(file, importer, chosen, progress)
                _tell(file, imported)
                failures += imported.failures
        task = progress.add_task("decoding", total=None)
        catch_up(database, lambda done, total: progress.update(task, completed=done, total=total))
    if failures:
        for failure in failures[:-1]:
            click.echo(f"Error: {failure}", err=True)
        raise Failure(failures[-1])


def _choose_notation(database: str, notation: str) -> None:
    from xentara_inspect.store.database import open_for_writing
    from xentara_inspect.store.settings import set_notation

    with contextlib.closing(open_for_writing(database)) as connection:
        set_notation(connection, notation)


def _import(file: Path, importer: Importer, chosen: Any, progress: Progress) -> Imported:
    from xentara_inspect.captures.importing import import_flows

    task = progress.add_task(file.name, total=file.stat().st_size if file.is_file() else None)
    try:
        return import_flows(file, importer, chosen, lambda done: progress.update(task, completed=done))
    finally:
        progress.remove_task(task)


def _tell(file: Path, imported: Imported) -> None:
    if not imported.sessions and not imported.ignored and imported.failures:
        return
    told = f"{file}: {_counted(imported.sessions, 'session')}, {_counted(imported.added, 'frame')} added"
    told += f", {imported.skipped} in the database already" if imported.skipped else ""
    told += (
        f"; {_counted(imported.ignored, 'other WebSocket connection')} left out" if imported.ignored else ""
    )
    click.echo(told, err=True)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
