"""`why`: the cause of what went wrong, what shows it, and what helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.output import print_rows, severity_style
from xentara_inspect.cli.pager import paged
from xentara_inspect.cli.printing import out, terminal_width
from xentara_inspect.cli.reading import opened
from xentara_inspect.cli.wrapping import bold, joined
from xentara_inspect.escape import safe

_FORMS = ("text", "json", "ndjson")


@click.command(
    epilog=options.examples("why 42p1", "why last", "why session:3", "why finding:7", "why 42p1 --json")
)
@click.argument(
    "names", metavar="ID...", nargs=-1, required=True, shell_complete=options.offering("explained")
)
@options.databases_option
@options.form_option(_FORMS, "Form; the keys of json are stable.")
def why(names: tuple[str, ...], databases: tuple[str, ...], form: str) -> None:
    """Say why something failed: the cause, what the specification asks, what shows it, what helps.

    ID is what `log`, `events` and `subscriptions` print, such as 42p1; 42 is a whole message, last the
    last line of `log`; a subscription's UUID; session:3 and finding:7 as `sessions` and `findings`
    number them. What went well is said in one line. Behind each fact stand the IDs that `show` takes.
    """
    from xentara_inspect.queries.ranges import is_range
    from xentara_inspect.queries.why import WHY_KEYS
    from xentara_inspect.queries.why import why as explained

    if several := next(filter(is_range, names), None):
        raise click.UsageError(f"{several} are several: name each of them.")
    with opened(databases) as asked, paged():
        rows = [explained(asked, name) for name in names]
        if form != "text":
            print_rows(rows, WHY_KEYS, (), form)
            return
        for number, row in enumerate(rows):
            if number:
                out("")
            for line in text_lines(row, terminal_width()):
                out(line)


def print_rule(databases: Sequence[str], form: str, code: str) -> None:
    """Print what a code of findings means. Raises StoreError; QuestionError for one that is not known."""
    from xentara_inspect.queries.findings import RULE_KEYS, explained

    with opened(databases) as asked:
        row = explained(asked, code)
    if form != "table":
        print_rows([row], RULE_KEYS, (), form)
        return
    width = terminal_width()
    out(_flowing([f"{_code(code, row['severity'])}:"], row["severity"], width))
    out(_advice(f"{row['asks']} ({row['source']})", row["remedy"], width))
    there = "none" if not row["count"] else f"{row['count']:,}, the last one"
    out(_flowing(["  there:"], there, width, [row["example"]] if row["example"] else ()))


def text_lines(row: Mapping[str, Any], width: int | None = None) -> Iterator[str]:
    """What is printed of a row with `WHY_KEYS`, with colours for terminals; all text is escaped.

    width: of the terminal, where lines that are longer go on below.
    """
    if not row["causes"]:
        yield _flowing([bold(safe(row["id"]))], f"went well, as far as can be seen: {row['about']}", width)
        return
    yield _flowing([bold(safe(row["id"]))], row["about"], width)
    for cause in row["causes"]:
        summary = "" if cause["summary"] == row["about"] else cause["summary"]
        yield ""
        code = _code(cause["code"], cause["severity"])
        yield _flowing([f"{code}:" if summary else code], summary, width)
        for detail in cause["details"]:
            yield _flowing(["  -"], detail["text"], width, detail["ids"])
        said = {row["id"], *(name for detail in cause["details"] for name in detail["ids"])}
        others = [name for name in cause["evidence"] if name not in said]
        if others:
            yield _flowing(["  -"], "it stands there", width, others)
        yield _advice(cause["specification"], cause["remedy"], width)


def _code(code: str, severity: str) -> str:
    return click.style(code, fg=severity_style(severity) or None, bold=True)


def _advice(specification: str, remedy: str, width: int | None) -> str:
    """What is asked, and what helps."""
    asked = _flowing([click.style("  asked:", dim=True)], specification, width)
    return f"{asked}\n{_flowing([click.style('  helps:', fg='green')], remedy, width)}"


def _flowing(head: list[str], text: str, width: int | None, ids: Sequence[str] = ()) -> str:
    """A head, a text and the ids behind it, over as many lines as they need."""
    words = [*head, *filter(None, safe(text).split(" "))]
    if ids:
        words += [click.style(name, fg="cyan") for name in (f"(show {ids[0]}", *ids[1:])]
        words[-1] += ")"
    return joined(words, width, " ", indent=4)
