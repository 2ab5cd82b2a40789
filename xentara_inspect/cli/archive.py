"""`archive`: recordings that are over into Parquet files, and whether these are what was put there."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure, fail, not_installed
from xentara_inspect.cli.printing import note
from xentara_inspect.escape import safe

if TYPE_CHECKING:
    from rich.progress import Progress

    from xentara_inspect.archive.manifest import Manifest


def _name(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """What a site or a recorder is called."""
    from xentara_inspect.archive.layout import is_name

    if value is not None and not is_name(value):
        raise click.BadParameter(f"{value!r} is no name: letters, digits, '.', '_' and '-', at most 64.")
    return value


@contextlib.contextmanager
def archiving(extra: str = "archive") -> Iterator[None]:
    """Run what needs an extra, `archive` or `lake`.

    Raises Failure: also for what is wrong with an archive.
    """
    from xentara_inspect.archive.errors import ArchiveError

    try:
        yield
    except ArchiveError as error:
        raise Failure(safe(str(error))) from None
    except ModuleNotFoundError as error:
        bringing = {"pyarrow": extra, "duckdb": "lake", "pyspark": "spark"}.get(error.name or "")
        if bringing is None:
            raise
        raise not_installed(str(error.name), bringing) from None


@click.group(
    invoke_without_command=True,
    epilog=options.examples(
        "archive -d plant.db --to /mnt/archive --site north",
        "archive --to 's3://plants/xentara' --site north",
        "archive verify /mnt/archive",
    ),
)
@options.databases_option
@click.option("--to", metavar="DIR|URI", help="The archive: a directory, or such as s3://bucket/path.")
@click.option("--site", metavar="NAME", callback=_name, help="The plant that the recordings are of.")
@click.option(
    "--recorder",
    metavar="NAME",
    callback=_name,
    help="Who recorded; the name of a recording's first file otherwise.",
)
@click.option("--seal", is_flag=True, help="End the newest files, too; recording goes on in the next ones.")
@click.option("--undecoded", is_flag=True, help="Also what no indexer has decoded and never will here.")
@click.pass_context
def archive(
    ctx: click.Context,
    /,
    databases: tuple[str, ...],
    to: str | None,
    site: str | None,
    recorder: str | None,
    seal: bool,
    undecoded: bool,
) -> None:
    """Archive recordings that are over as Parquet files, each file of them once.

    The file that is being recorded into stays out until its recording goes on in the next one
    (--rotate-size, --rotate-time). What was archived stays in the database, too. Somebody who ends
    this early, and begins it again, gets the same archive.
    """
    if ctx.invoked_subcommand is not None:
        return
    if to is None:
        raise click.UsageError("Missing option '--to'.")
    if site is None:
        raise click.UsageError("Missing option '--site'.")
    with archiving():
        from xentara_inspect.archive.place import Place
        from xentara_inspect.archive.writing import Archiver
        from xentara_inspect.cli.progress import progress_bar

        archiver = Archiver(Place(to), site, recorder, undecoded=undecoded)
        with progress_bar() as progress:
            for path in _recordings(databases):
                if seal:
                    _seal(path)
                _archive(archiver, path, progress)


def _recordings(databases: Sequence[str]) -> list[str]:
    """One file of each recording that is meant."""
    from xentara_inspect.queries.files import meant_files
    from xentara_inspect.store.chain import first_path

    return list(dict.fromkeys(map(first_path, meant_files(databases))))


def _seal(path: str) -> None:
    from xentara_inspect.store.chain import newest_file
    from xentara_inspect.store.sealing import seal_newest

    if (why := seal_newest(path, time.time_ns())) is not None:
        note(f"{newest_file(path)}: stays open, {why}")


def _archive(archiver: Any, path: str, progress: Progress) -> None:
    from xentara_inspect.archive.writing import NotYet
    from xentara_inspect.cli.progress import counting

    for file in archiver.archive(path, counting(progress, path)):
        if isinstance(file, NotYet):
            note(f"{file.path}: not archived, {file.why}")
        else:
            note(f"{file.path}: {'' if file.is_new else 'already '}archived, {_told(file.manifest)}")


def _told(manifest: Manifest) -> str:
    from rich.filesize import decimal

    frames, size = manifest.frames.rows, sum(file.bytes for file in manifest.files)
    return f"{frames} frame{'' if frames == 1 else 's'} in {decimal(size)}"


@archive.command(
    short_help="Tell whether an archive is what was put there.",
    epilog=options.examples("archive verify /mnt/archive"),
)
@click.argument("where", metavar="DIR|URI")
@click.option("--site", metavar="NAME", callback=_name, help="Only this plant's.")
def verify(where: str, site: str | None) -> None:
    """Tell whether every byte and every part of an archive is what was put there."""
    with archiving():
        from xentara_inspect.archive.parts import Parts
        from xentara_inspect.archive.place import Place
        from xentara_inspect.archive.verifying import verify as verified

        place = Place(where)
        parts = Parts(place, site)
        count = frames = 0
        faults = [f"{path}: belongs to nothing that was finished" for path in parts.others]
        for part in verified(place, parts):
            faults += part.faults
            count += 1
            frames += part.manifest.frames.rows if part.manifest is not None else 0
    for fault in faults:
        fail(fault)
    if not count and not faults:
        raise Failure(f"{safe(where)}: nothing archived here")
    note(f"{count} part{'' if count == 1 else 's'}, {frames} frames{'' if faults else ': whole'}")
    if faults:
        raise click.exceptions.Exit(1)


def restore(
    where: str,
    database: str,
    *,
    site: str | None,
    since: int | None,
    until: int | None,
    session: int | None,
) -> list[str]:
    """Make databases of parts of an archive. Returns their paths, not decoded. Raises Failure, StoreError.

    database: the first file of the recording. since, until: nanoseconds since 1970, end exclusive: parts
    with frames between them.
    """
    with archiving():
        from xentara_inspect.archive.parts import Parts
        from xentara_inspect.archive.place import Place
        from xentara_inspect.archive.reading import has_session
        from xentara_inspect.archive.reading import restore as restored
        from xentara_inspect.cli.progress import progress_bar

        place = Place(where)
        chosen = [
            manifest
            for manifest in Parts(place, site).manifests()
            if manifest.is_between(since, until)
            and (session is None or has_session(place, manifest, session))
        ]
        recordings = {
            manifest.part.chain: f"{manifest.part.site}/{manifest.part.recorder}" for manifest in chosen
        }
        if not chosen:
            raise Failure(f"{safe(where)}: nothing archived of what is asked for")
        if len(recordings) > 1:
            names = ", ".join(sorted(recordings.values()))
            raise Failure(f"{safe(where)}: {len(recordings)} recordings ({names}); --site chooses one")
        with progress_bar() as progress:
            total = sum(manifest.frames.rows for manifest in chosen)
            task = progress.add_task("reading", total=total)
            return restored(place, chosen, database, lambda done: progress.update(task, completed=done))
