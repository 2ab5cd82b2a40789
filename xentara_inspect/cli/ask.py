"""`ask`: questions that are saved under a name, in the `[questions]` of a file in TOML."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.printing import note
from xentara_inspect.cli.table import Column, print_table
from xentara_inspect.escape import safe

_PROGRAM: Final = "xentara-inspect"
_TABLE: Final = "questions"
_COLUMNS: Final = (Column("name", "Name"), Column("question", "Question", wraps=20))


def questions_file() -> Path:
    """Where questions are saved: `~/.config/xentara-inspect/config.toml`, or what the system has for it."""
    return Path(click.get_app_dir(_PROGRAM)) / "config.toml"


def saved_questions() -> dict[str, str]:
    """Command lines without the program, by their names; none without the file. Raises Failure."""
    path = questions_file()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # ValueError: no TOML, or no UTF-8
        raise Failure(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    questions = content.pop(_TABLE, {})
    if content:
        raise Failure(f"{path}: {next(iter(content))} is not known; there is [{_TABLE}]")
    if not isinstance(questions, dict) or not all(isinstance(text, str) for text in questions.values()):
        raise Failure(f"{path}: [{_TABLE}] has names, and command lines in quotes")
    return questions


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
    group = ctx.find_root().command
    with group.make_context(_PROGRAM, words) as asked:
        group.invoke(asked)


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
