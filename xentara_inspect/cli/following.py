"""`--follow`: a list that goes on, printed as its rows come."""

from __future__ import annotations

import contextlib
import select
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import click

from xentara_inspect.cli.output import print_as_they_come
from xentara_inspect.cli.table import Column, pages
from xentara_inspect.cli.times import with_local_times
from xentara_inspect.queries.databases import Databases

_LOOK: Final = 20
"""Milliseconds from one look for news to the next."""


def print_following(
    paths: Sequence[str],
    form: str,
    query: Callable[..., Any],
    columns: Sequence[Column],
    *,
    local: bool,
    limit: int,
    greet: Callable[[Databases], None],
    **filters: Any,
) -> None:
    """Print the newest rows of a question, then each that comes, until somebody ends it.

    greet: is told of the databases once they are open. Raises BrokenPipeError once nobody reads any
    more, StoreError where the databases are gone.
    """
    if form == "json":
        raise click.UsageError("A list that goes on is never a whole JSON array; take --ndjson.")
    from xentara_inspect.queries.tail import Tail

    with contextlib.closing(Tail(paths, query, limit=limit, **filters)) as tail:
        greet(tail.databases)
        batches = _batches(tail)
        if local:
            batches = ([with_local_times(row) for row in batch] for batch in batches)
        print_as_they_come(batches, (), columns, form, is_fixed=True)


def _batches(tail: Any) -> Iterator[list[Mapping[str, Any]]]:
    yield from pages(tail.newest())
    reader = select.poll()
    reader.register(sys.stdout, 0)
    while True:
        rows = tail.news()
        if rows:
            yield rows
        if any(event & (select.POLLERR | select.POLLHUP) for _, event in reader.poll(_LOOK)):
            raise BrokenPipeError
