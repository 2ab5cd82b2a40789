"""`names`: what elements are called, and `names import`, which reads that from files."""

from __future__ import annotations

import time
from typing import Any

import click
from click.core import ParameterSource

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.output import print_rows
from xentara_inspect.cli.pager import paged
from xentara_inspect.cli.printing import note
from xentara_inspect.cli.reading import opened
from xentara_inspect.cli.table import Column


@click.group(
    invoke_without_command=True,
    epilog=options.examples("names", "names import model.json", "names --limit 0 --csv"),
)
@options.databases_option
@options.format_option
@options.limit_option("newest N")
@options.element_option
@options.grep_option("names, UUIDs, sources")
@click.pass_context
def names(ctx: click.Context, /, databases: tuple[str, ...], form: str, **filters: Any) -> None:
    """List what elements are called, and who says so; the 50 seen last.

    The traffic wins over files; where they disagree, the list says what the file has, and so does a
    finding.
    """
    from xentara_inspect.queries.names import NAME_KEYS
    from xentara_inspect.queries.names import names as query

    if ctx.invoked_subcommand is not None:
        return
    columns = (
        Column("name", "Name", wraps=16),
        Column("uuid", "UUID"),
        Column("source", "Source", spare=1),
        Column("otherwise", "Otherwise in a file", wraps=16, spare=2),
    )
    with opened(databases) as asked, paged():
        print_rows(query(asked, **filters), NAME_KEYS, columns, form)


@names.command(
    "import", epilog=options.examples("names import model.json", "names import names.csv -d plant.db")
)
@click.argument("files", nargs=-1, required=True, type=click.Path())
@options.databases_option
@click.pass_context
def import_(ctx: click.Context, /, files: tuple[str, ...], databases: tuple[str, ...]) -> None:
    """Read names from Xentara's model.json, or CSV of UUID and name.

    They hold at once for what is recorded already, and for what follows. Reading a file again
    changes nothing.
    """
    from xentara_inspect.queries.files import meant_files

    if ctx.parent is not None and _is_default(ctx) and not _is_default(ctx.parent):
        databases = ctx.parent.params["databases"]
    for path in meant_files(databases):
        _import(files, path)


def _is_default(ctx: click.Context) -> bool:
    return ctx.get_parameter_source("databases") is not ParameterSource.COMMANDLINE


def _import(files: tuple[str, ...], database: str) -> None:
    from xentara_inspect.index.process import catch_up
    from xentara_inspect.store.indexer_lock import is_taken
    from xentara_inspect.store.name_files import NameFileError, import_into

    try:
        for file, found in zip(files, import_into(database, files, time.time_ns()), strict=True):
            told = f"{found.names} name{'' if found.names == 1 else 's'}, {found.news} of them new"
            note(f"{file}: {told} in {database}")
    except NameFileError as error:
        raise Failure(str(error)) from None
    if not is_taken(database):  # else the indexer looks what the traffic says to that
        catch_up(database)
