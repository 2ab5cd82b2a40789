"""`import`: what others recorded into the database."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure, fail
from xentara_inspect.cli.printing import note
from xentara_inspect.store.settings import NOTATIONS

if TYPE_CHECKING:
    from rich.progress import Progress

    from xentara_inspect.captures.importing import Imported
    from xentara_inspect.store.importing import Importer


@click.command("import")
@click.argument("files", metavar="FILE...|ARCHIVE", nargs=-1, required=True, type=click.Path())
@options.database_option
@click.option("--filter", "expression", default="", help="mitmproxy filter expression of what to import.")
@click.option(
    "--notation",
    type=click.Choice(NOTATIONS),
    help="Store all notation, or that of events only when it is asked for (a tenth of the disk).",
)
@click.option(
    "--keylog",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Of packet captures: secrets of TLS, as SSLKEYLOGFILE has them.",
)
@click.option("--keep-secrets", is_flag=True, help="Keep passwords and tokens. Mind who reads the database.")
@click.option("--site", help="Of an archive: this plant's.")
@click.option("--session", type=int, help="Of an archive: the files with this session.")
@options.since_until_options
def import_(
    files: tuple[str, ...],
    database: str,
    expression: str,
    notation: str | None,
    keep_secrets: bool,
    keylog: Path | None,
    **of_an_archive: Any,
) -> None:
    """Read captures into the database: flow files of mitmproxy, HAR, pcapng and pcap; - is standard input.

    What a file is, its content tells. Connections that are in the database already are skipped; of
    those that are there in part, the missing end is added.

    An archive is read into a new database, and those behind it where the recording has several files.
    """
    if len(files) == 1 and (Path(files[0]).is_dir() or "://" in files[0]):
        _import_archive(files[0], database, notation, of_an_archive)
        return
    if any(value is not None for value in of_an_archive.values()):
        raise click.UsageError("--site, --session, --since and --until choose from an archive.")
    _import_captures(tuple(map(Path, files)), database, expression, notation, keep_secrets, keylog)


def _import_archive(where: str, database: str, notation: str | None, chosen: dict[str, Any]) -> None:
    from xentara_inspect.cli.archive import restore
    from xentara_inspect.cli.progress import counting, progress_bar
    from xentara_inspect.index.process import catch_up

    paths = restore(where, database, **chosen)
    with progress_bar() as progress:
        decoded = counting(progress, "decoding")
        for path in paths:
            if notation is not None:
                _choose_notation(path, notation)
            catch_up(path, decoded)
    note(f"{', '.join(paths)}: as archived")


def _import_captures(
    files: tuple[Path, ...],
    database: str,
    expression: str,
    notation: str | None,
    keep_secrets: bool,
    keylog: Path | None,
) -> None:
    from xentara_inspect.cli.progress import counting, progress_bar
    from xentara_inspect.index.process import catch_up
    from xentara_inspect.proxy.option_texts import OptionError
    from xentara_inspect.proxy.options import parse
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
                with _named(file) as named:
                    imported = _import(named, importer, chosen, progress, keylog)
                _tell(file, imported)
                failures += [failure.replace(str(named), str(file)) for failure in imported.failures]
                if not imported.sessions and not imported.failures:
                    failures.append(f"{file}: nothing of Xentara in it{_others(imported)}")
        catch_up(database, counting(progress, "decoding"))
    if failures:
        for failure in failures[:-1]:
            fail(failure)
        raise Failure(failures[-1])


def _choose_notation(database: str, notation: str) -> None:
    from xentara_inspect.store.database import open_for_writing
    from xentara_inspect.store.settings import set_notation

    with contextlib.closing(open_for_writing(database)) as connection:
        set_notation(connection, notation)


def _import(file: Path, importer: Importer, chosen: Any, progress: Progress, keylog: Path | None) -> Imported:
    from xentara_inspect.captures.importing import import_capture

    task = progress.add_task(file.name, total=file.stat().st_size if file.is_file() else None)
    try:
        return import_capture(
            file, importer, chosen, lambda done: progress.update(task, completed=done), keylog
        )
    finally:
        progress.remove_task(task)


@contextlib.contextmanager
def _named(file: Path) -> Iterator[Path]:
    """The file, or what comes by standard input as one: readers tell by its beginning what it is."""
    if str(file) != "-":
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="xentara-inspect-") as folder:
        given = Path(folder, "stdin")
        with given.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield given


def _tell(file: Path, imported: Imported) -> None:
    if not imported.sessions:
        return
    told = f"{file}: {_counted(imported.sessions, 'session')}, {_counted(imported.added, 'frame')} added"
    told += f", {imported.skipped} in the database already" if imported.skipped else ""
    others = _others(imported)
    note(told + (f"{others} left out" if others else ""))


def _others(imported: Imported) -> str:
    """What else is in a file."""
    others = ", ".join(_counted(count, what) for what, count in sorted(imported.others.items()))
    return f"; {others}" if others else ""


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
