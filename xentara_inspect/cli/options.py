"""Options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

FORMATS: Final = ("table", "json", "ndjson", "csv")
Function = TypeVar("Function", bound=Callable[..., Any])

database_option = click.option(
    "-d",
    "--db",
    "database",
    type=click.Path(),
    envvar="XENTARA_DB",
    default="xentara.db",
    show_default=True,
    show_envvar=True,
    help="The database.",
)
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="Form of the rows; the keys of json are stable.",
)
limit_option = click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="Show the newest N; 0 for all.",
)
session_option = click.option("--session", type=click.IntRange(min=1), help="Only this session.")
element_option = click.option(
    "--element", metavar="KEY|UUID", help="Only about this element, by primary key or UUID."
)


def since_until_options(function: Function) -> Function:
    """`--since` and `--until`."""
    from xentara_inspect.cli.times import TIME

    function = click.option("--until", type=TIME, help="Only before this time.")(function)
    return click.option("--since", type=TIME, help="Only from this time on, such as 2026-03-01T14:03Z.")(
        function
    )
