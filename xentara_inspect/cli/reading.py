"""Opening databases for a query, saying when they are behind, and printing the answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from xentara_inspect.cli.output import print_rows
from xentara_inspect.cli.pager import paged
from xentara_inspect.cli.printing import note
from xentara_inspect.cli.table import Column
from xentara_inspect.cli.times import local_time, short_time, with_local_times
from xentara_inspect.queries.databases import Databases, open_databases
from xentara_inspect.queries.files import lake_at
from xentara_inspect.queries.recorded import recorded_span
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.queries.values import iso_time
from xentara_inspect.store.indexer_lock import is_taken


@contextlib.contextmanager
def opened(paths: Sequence[str]) -> Iterator[Databases]:
    """Databases by paths and patterns, read-only, closed at the end. Raises StoreError.

    Says on stderr how much of what is recorded a query cannot see yet.
    """
    with open_databases(paths) as databases:
        say_if_behind(databases)
        yield databases


@contextlib.contextmanager
def opened_for(
    paths: Sequence[str], query: Callable[..., Any], filters: Mapping[str, Any]
) -> Iterator[Databases]:
    """The same, or what a lake (`lake:DIR`) says to a question. Raises StoreError, QuestionError, Failure."""
    lake = the_lake(paths)
    if lake is None:
        with opened(paths) as databases:
            yield databases
        return
    from xentara_inspect.cli.archive import archiving

    with archiving("lake"):
        from xentara_inspect.lake.listing import opened_lake

        with opened_lake(lake, query, filters) as databases:
            yield databases


def the_lake(paths: Sequence[str]) -> str | None:
    """Where the lake is that is asked (`lake:DIR`); None for databases."""
    lakes = [where for where in map(lake_at, paths) if where is not None]
    if lakes and len(paths) > 1:
        raise click.UsageError("A lake is asked alone.")
    return lakes[0] if lakes else None


def say_if_behind(databases: Databases) -> None:
    """Say on stderr how much of what is recorded is not indexed. Raises StoreError."""
    waiting = databases.unindexed_frames()
    if waiting:
        frames = "1 frame" if waiting == 1 else f"{waiting} frames"
        if any(is_taken(file.path) for file in databases.files):
            note(f"{frames} behind: the indexer is at work.")
        else:
            verb = "is" if waiting == 1 else "are"
            note(f"{frames} {verb} not indexed yet; `xentara-inspect reindex` does it.")


def print_answer(
    paths: Sequence[str],
    form: str,
    query: Callable[..., Any],
    keys: Sequence[str],
    columns: Sequence[Column],
    *,
    local: bool = False,
    follow: bool = False,
    **filters: Any,
) -> None:
    """Ask databases, and print the rows in the form asked for as they come. Raises StoreError.

    query: a question of `queries`. local: whether times are shown in local time. follow: whether to go on
    with the rows that come. Where the reader has seen enough it ends before its databases do.
    """
    if follow:
        if the_lake(paths) is not None:
            raise QuestionError("a lake does not go on: leave out --follow")
        from xentara_inspect.cli.following import print_following

        print_following(paths, form, query, columns, local=local, greet=say_if_behind, **filters)
        return
    with (
        opened_for(paths, query, filters) as asked,
        contextlib.closing(query(asked, **filters)) as rows,
        paged(),
    ):
        shown = map(with_local_times, rows) if local else rows
        print_rows(shown, keys, columns, form, nothing=_nothing(paths, asked, filters, local=local))


def _nothing(paths: Sequence[str], asked: Databases, filters: Mapping[str, Any], *, local: bool) -> str:
    """What is said of an empty answer: where times were given, of when there is a recording at all."""
    said = "nothing found"
    if filters.get("since") is None and filters.get("until") is None:
        return said
    span = recorded_span(asked.files) if the_lake(paths) is None else None
    if span is None:
        return said
    first, last = (iso_time(time) or "" for time in span)
    if local:
        first, last = local_time(first), local_time(last)
    return f"{said}; what is recorded is from {short_time(first)} to {short_time(last)}"
