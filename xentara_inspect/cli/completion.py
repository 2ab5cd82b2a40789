"""What shells offer behind an option: elements, sessions and other names that there are."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, cast

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from xentara_inspect.queries.databases import Databases, open_databases
from xentara_inspect.store.settings import DATABASE

_MOST: Final = 500
"""So many are offered: who gets more goes on typing."""
_USUAL: Final = (DATABASE,)
_SPECIAL: Final = re.compile(r"[^\w@%+=:,./-]")


class _Bash(BashComplete):
    """click's, but blanks in what is offered do not end the word that is typed."""

    def format_completion(self, item: CompletionItem) -> str:
        if item.type != "plain" or _is_quoted():
            return super().format_completion(item)
        # Two, since click's function for bash reads a line with `read`, which takes one away.
        return f"{item.type},{_SPECIAL.sub(lambda match: 2 * chr(92) + match[0], item.value)}"


def _is_quoted() -> bool:
    """Whether the word that is typed began with a quote, which then keeps it together."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    position = os.environ.get("COMP_CWORD", "")
    place = int(position) if position.isdigit() else -1
    return 0 <= place < len(words) and words[place][:1] in ("'", '"')


add_completion_class(_Bash, "bash")


def complete(what: str, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """What begins as the word that is typed; nothing where that cannot be read.

    what: a key of `_KNOWN`, or of `_IN_DATABASES`, which are asked in the databases of the command line.
    """
    with contextlib.suppress(Exception):
        if what in _KNOWN:
            return list(_offered(((name, "") for name in _KNOWN[what]()), incomplete))
        with open_databases(_paths(ctx)) as databases:
            return list(_offered(_IN_DATABASES[what](databases), incomplete))
    return []


def _paths(ctx: click.Context) -> tuple[str, ...]:
    given = ctx.params.get("databases") or ctx.params.get("database") or _USUAL
    return (given,) if isinstance(given, str) else cast(tuple[str, ...], given)


def _offered(known: Iterable[tuple[str, str]], incomplete: str) -> Iterator[CompletionItem]:
    begun = incomplete.lower()
    found = ((name, word) for name, word in known if name.lower().startswith(begun) and name.isprintable())
    for name, word in islice(found, _MOST):
        yield CompletionItem(name, help=word or None)


def _elements(databases: Databases) -> Iterable[tuple[str, str]]:
    return ((name, "") for name in sorted(set(databases.names.named_elements().values())))


def _sessions(databases: Databases) -> Iterator[tuple[str, str]]:
    from xentara_inspect.queries.sessions import sessions

    for row in sessions(databases, limit=_MOST):
        yield str(row["id"]), f"{row['client']} {row['opened']}"


def _shown(databases: Databases) -> Iterator[tuple[str, str]]:
    from xentara_inspect.queries.log import log
    from xentara_inspect.queries.ranges import LAST

    yield LAST, ""
    for row in reversed(list(log(databases))):
        yield row["id"], row["command"] or row["kind"]


def _explained(databases: Databases) -> Iterator[tuple[str, str]]:
    """What went wrong, the newest first; connections; subscriptions."""
    from xentara_inspect.queries.log import log
    from xentara_inspect.queries.ranges import LAST
    from xentara_inspect.queries.subscriptions import subscriptions

    yield LAST, ""
    for row in reversed(list(log(databases, status=("error", "unanswered", "unsolicited", "pending")))):
        yield row["id"], f"{row['command'] or row['kind']} {row['status']}"
    for name, word in _sessions(databases):
        yield f"session:{name}", word
    for row in subscriptions(databases):
        yield row["id"], f"subscription {row['status']}"


def _commands() -> Iterable[str]:
    from xentara_inspect.protocol.commands import OPCODES

    return OPCODES


def _ignorable() -> Iterable[str]:
    from xentara_inspect.queries.ignoring import WORDS

    return (*WORDS, *(f"command:{name}" for name in _commands()))


def _findings() -> Iterable[str]:
    from xentara_inspect.traffic.rules import RULES

    return sorted(RULES)


def _errors() -> Iterable[str]:
    from xentara_inspect.protocol.error_codes import ERROR_NAMES

    return sorted(set(ERROR_NAMES.values()))


def _questions() -> Iterable[str]:
    from xentara_inspect.cli.questions import saved_questions

    return saved_questions()


_KNOWN: Final[dict[str, Callable[[], Iterable[str]]]] = {
    "commands": _commands,
    "errors": _errors,
    "findings": _findings,
    "ignorable": _ignorable,
    "questions": _questions,
}
_IN_DATABASES: Final[dict[str, Callable[[Databases], Iterable[tuple[str, str]]]]] = {
    "elements": _elements,
    "explained": _explained,
    "sessions": _sessions,
    "shown": _shown,
}
"""Each with a word on it, for shells that show one."""
