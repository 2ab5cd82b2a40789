"""`ask`: questions that are saved under a name."""

from __future__ import annotations

import shlex
from typing import Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.printing import note
from xentara_inspect.cli.questions import questions_file, saved_questions
from xentara_inspect.cli.table import Column, print_table
from xentara_inspect.escape import safe

_COLUMNS: Final = (Column("name", "Name"), Column("question", "Question", wraps=20))


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="\b\nExample:\n"
    "  # in ~/.config/xentara-inspect/config.toml\n"
    "  [questions]\n"
    '  refused = "log --command write --status error"\n\n'
    "\b\n  xentara-inspect ask refused --limit 5",
)
@click.argument("name", required=False, shell_complete=options.offering("questions"))
@click.argument("more", nargs=-1, metavar="[OPTIONS]...", type=click.UNPROCESSED)
@click.pass_context
def ask(ctx: click.Context, name: str | None, more: tuple[str, ...]) -> None:
    """Ask a question that is saved under a name; without NAME list them.

    A question is a command line without the program; OPTIONS are added at its end.
    """
    questions = saved_questions()
    if name is None:
        rows = [{"name": name, "question": text} for name, text in questions.items()]
        if not print_table(rows, _COLUMNS):
            note(f"no questions yet; {questions_file()} is the file for them")
        return
    words = [*_words(name, questions), *more]
    root = ctx.find_root()
    with root.command.make_context(root.info_name, words) as asked:
        root.command.invoke(asked)


def _words(name: str, questions: dict[str, str]) -> list[str]:
    """The command line of a question. Raises QuestionError where there is none; Failure."""
    from xentara_inspect.queries.unknown import not_known

    if name not in questions:
        raise not_known("question", name, questions, "ask")
    try:
        words = shlex.split(questions[name])
    except ValueError as error:
        raise Failure(f"question {name} is no command line: {str(error).lower()}") from None
    if not words or words[0] == "ask":
        raise Failure(f"question {name} is no command: {safe(questions[name])!r}")
    return words
