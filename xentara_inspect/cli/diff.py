"""`diff`: two recordings side by side, for people and for tests."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.output import print_rows
from xentara_inspect.cli.pager import paged
from xentara_inspect.cli.printing import note, out
from xentara_inspect.cli.sides import opened_side, side
from xentara_inspect.cli.table import Column
from xentara_inspect.cli.times import DURATION

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from xentara_inspect.queries.diff import Comparison, Tolerance

_FORMS: Final = (*options.FORMATS, "junit")
_FACTOR: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*x")
_STYLES: Final = {"missing": "red", "extra": "green", "error": "red", "order": "cyan"}
_COLUMNS: Final = (
    Column("kind", "Kind", style=lambda kind: _STYLES.get(kind, "yellow"), usual=7),
    Column("a", "A", right=True, usual=7),
    Column("b", "B", right=True, usual=7),
    Column("command", "Command", spare=1, usual=12),
    Column("element", "Element", wraps=16),
    Column("detail", "Detail", wraps=24),
)


class Trouble(click.ClickException):
    """There is no answer. Exit code 2, as with `diff` of files: 1 is the answer that they differ."""

    exit_code = 2


if TYPE_CHECKING:
    _ParamType = click.ParamType[Tolerance]
else:
    _ParamType = click.ParamType  # generic only in the newest versions of click


class _Tolerance(_ParamType):
    """`50ms`, `1.5x`, `+50ms`, `+1.5x`: how far latencies may be apart."""

    name = "THRESHOLD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Tolerance:
        from xentara_inspect.queries.diff import Tolerance

        text = str(value).strip()
        only_slower, text = text.startswith("+"), text.removeprefix("+")
        factor = _FACTOR.fullmatch(text)
        if factor is None:
            try:
                return Tolerance(DURATION.convert(text, param, ctx), None, only_slower)
            except click.BadParameter:
                self.fail(f"{value!r} is no threshold such as 50ms, 1.5x or +50ms", param, ctx)
        if float(factor[1]) < 1:
            self.fail(f"{value!r} is less than 1x", param, ctx)
        return Tolerance(None, float(factor[1]), only_slower)


def _offer_side(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Sessions behind a digit, else files."""
    from click.shell_completion import CompletionItem

    if incomplete.isdigit():
        from xentara_inspect.cli.completion import complete

        return complete("sessions", ctx, incomplete)
    return [CompletionItem(incomplete, type="file")]


@click.command(
    epilog=options.examples(
        "diff old.db new.db",
        "diff good.flow bad.flow --ignore events",
        "diff plant.db:1 plant.db:2",
        "diff 1 2 --latency +50ms",
        "diff reference.flow run.flow --ignore attribute:Value --format junit > diff.xml",
    )
)
@click.argument("a", metavar="A", shell_complete=_offer_side)
@click.argument("b", metavar="B", shell_complete=_offer_side)
@options.databases_option
@options.form_option(_FORMS, "Form of the rows; junit is for CI servers.")
@click.option(
    "--ignore",
    metavar="WHAT",
    multiple=True,
    shell_complete=options.offering("ignorable"),
    help="What does not count: missing, extra, answer, value, error, order, events, command:NAME, "
    "element:KEY|GLOB|UUID or attribute:NAME.",
)
@click.option(
    "--latency",
    type=_Tolerance(),
    help="Latencies count that are further apart than 50ms, or 1.5x; +50ms: where B is slower.",
)
def diff(
    a: str, b: str, databases: tuple[str, ...], form: str, ignore: tuple[str, ...], latency: Tolerance | None
) -> None:
    """Compare two recordings: what was asked, what came of it, and what events told.

    A and B are databases or flow files, FILE:3 is session 3 of one, and 3 alone is one of the database of
    -d. Message ids, times, and the UUIDs of subscriptions and sub-sessions do not count. Exit code 0 if
    they are the same, 1 if they differ, 2 if that cannot be said.
    """
    with _compared(a, b, databases, ignore=ignore, latency=latency) as comparison:
        if form == "junit":
            from xentara_inspect.cli.junit import junit

            text, count = junit(comparison.differences(), comparison.groups)
            out(text)
        else:
            count = print_differences(comparison, form)
    if count:
        raise click.exceptions.Exit(1)


@contextlib.contextmanager
def _compared(a: str, b: str, databases: tuple[str, ...], **asked: Any) -> Iterator[Comparison]:
    """The comparison of two sides. What cannot be compared is trouble."""
    from xentara_inspect.queries.diff import Comparison
    from xentara_inspect.queries.unknown import QuestionError
    from xentara_inspect.store.errors import StoreError

    try:
        sides = side(a), side(b)
        with contextlib.ExitStack() as stack:
            one, other = (stack.enter_context(opened_side(wanted, databases)) for wanted in sides)
            yield Comparison(one, other, session_a=sides[0].session, session_b=sides[1].session, **asked)
    except (StoreError, QuestionError) as error:
        raise Trouble(str(error)) from None


def print_differences(comparison: Comparison, form: str) -> int:
    """Print what differs, and sum it up on stderr. Returns how much does."""
    from xentara_inspect.queries.diff import DIFF_KEYS

    counts: dict[str, int] = {}

    def rows() -> Iterator[dict[str, Any]]:
        for difference in comparison.differences():
            counts[difference.row["kind"]] = counts.get(difference.row["kind"], 0) + 1
            yield difference.row

    with paged():
        found = print_rows(rows(), DIFF_KEYS, _COLUMNS, form, nothing="no difference")
    if found and form == "table":
        note(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return found
