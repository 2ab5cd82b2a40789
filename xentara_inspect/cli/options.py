"""Options that commands share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from xentara_inspect.cli import pager
from xentara_inspect.cli.printing import environments_color
from xentara_inspect.store.settings import DATABASE

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from xentara_inspect.playback.logins import Login

FORMATS: Final = ("table", "json", "ndjson", "csv", "csv-safe")
_SHORT_FORM: Final = "xentara_inspect.form"
"""Where --json and the like leave their word for --format."""
_FOR: Final = {"csv-safe": ": CSV for spreadsheets, which take no text in it for a formula"}
_LONGEST_TEXT: Final = 1000
Function = TypeVar("Function", bound=Callable[..., Any])


class Number(click.FloatRange):
    """A number in a range; NaN is in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse; a value that is none is a usage error."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is no number.", param, ctx)
        return number


class _Count(click.IntRange):
    """A whole number in a range."""

    name = "integer"


def _text(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str | None:
    """A text that SQLite can search for."""
    if text is not None and len(text) > _LONGEST_TEXT:
        raise click.BadParameter(f"is longer than {_LONGEST_TEXT} characters.")
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        raise click.BadParameter("is not UTF-8.") from None
    return text


def offering(what: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What shells offer for a parameter. what: a word of `completion`."""

    def offer(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from xentara_inspect.cli.completion import complete

        return complete(what, ctx, incomplete)

    return offer


database_option = click.option(
    "-d",
    "--db",
    "database",
    type=click.Path(),
    envvar="XENTARA_DB",
    default=DATABASE,
    show_default=True,
    show_envvar=True,
    help="The database.",
)
databases_option = click.option(
    "-d",
    "--db",
    "databases",
    metavar="PATH|GLOB",
    type=click.Path(),
    multiple=True,
    envvar="XENTARA_DB",
    default=(DATABASE,),
    show_default=DATABASE,
    show_envvar=True,
    help="The database; several, by a pattern or by repeating this, are asked as one.",
)
session_option = click.option(
    "--session",
    metavar="ID",
    multiple=True,
    shell_complete=offering("sessions"),
    help="Only this session; with several databases such as plant-2:3.",
)
element_option = click.option(
    "--element",
    metavar="KEY|GLOB|UUID",
    multiple=True,
    shell_complete=offering("elements"),
    help="Only about this element; 'Plant.Tank*' is any whose name begins so, 'Plant.**' all of Plant.",
)
value_option = click.option(
    "--value",
    metavar="COMPARISON",
    multiple=True,
    help="Only where a value compares so, such as '> 42', '!= true' or Running.",
)


def limit_option(shown: str) -> Callable[[Function], Function]:
    """`--limit`. shown: which rows, where there are more."""
    return click.option(
        "--limit",
        type=_Count(0, 2**31),
        metavar="N",
        default=50,
        show_default=True,
        help=f"Show the {shown}; 0 for all.",
    )


def grep_option(searched: str) -> Callable[[Function], Function]:
    """`--grep`. searched: what it looks into."""
    return click.option(
        "--grep", metavar="TEXT", callback=_text, help=f"Only what has this text, in any case: {searched}."
    )


follow_option = click.option(
    "-f",
    "--follow",
    is_flag=True,
    help="Go on: print each new row as it is indexed, until Ctrl-C (exit code 130).",
)
local_option = click.option("--local", is_flag=True, help="Times in local time instead of UTC.")


def form_option(forms: Sequence[str], says: str) -> Callable[[Function], Function]:
    """`--format`, short forms of its values, and how they look. forms: the first is the default."""

    def decorate(function: Function) -> Function:
        function = _look_options(function)
        for form in reversed(forms[1:]):
            function = click.option(
                f"--{form}",
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_short_form,
                help=f"The same as --format {form}{_FOR.get(form, '')}.",
            )(function)
        return click.option(
            "--format",
            "form",
            type=click.Choice(forms),
            default=forms[0],
            show_default=True,
            callback=_form,
            help=says,
        )(function)

    return decorate


format_option = form_option(FORMATS, "Form of the rows; the keys of json are stable.")


def _look_options(function: Function) -> Function:
    """`--color` and `--no-pager`."""
    function = click.option(
        "--no-pager",
        is_flag=True,
        expose_value=False,
        callback=_no_pager,
        help="Print what is longer than the terminal without $PAGER.",
    )(function)
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        expose_value=False,
        callback=_color,
        help="Colours; auto is on a terminal, or as NO_COLOR and FORCE_COLOR say.",
    )(function)


def _no_pager(ctx: click.Context, _param: click.Parameter, given: bool) -> None:
    if given:
        pager.turn_off(ctx)


def _color(ctx: click.Context, _param: click.Parameter, chosen: str) -> None:
    ctx.color = {"always": True, "never": False}.get(chosen, environments_color())


def _short_form(ctx: click.Context, param: click.Parameter, given: bool) -> None:
    if given:
        ctx.meta[_SHORT_FORM] = param.opts[0].removeprefix("--")


def _form(ctx: click.Context, _param: click.Parameter, form: str) -> str:
    return str(ctx.meta.get(_SHORT_FORM, form))


def examples(*commands: str) -> str:
    """The end of a help text: command lines, as they are."""
    lines = "\n".join(f"  xentara-inspect {command}" for command in commands)
    return f"\b\nExamples:\n{lines}"


def since_until_options(function: Function) -> Function:
    """`--since` and `--until`."""
    from xentara_inspect.cli.times import TIME

    function = click.option("--until", type=TIME, callback=_in_order, help="Only before this time.")(function)
    return click.option(
        "--since",
        type=TIME,
        callback=_in_order,
        help="Only from this time on, such as 2026-03-01T14:03Z, 14:03, -10m or 'yesterday 5pm'.",
    )(function)


def _in_order(ctx: click.Context, param: click.Parameter, time: int | None) -> int | None:
    """A time that is not on the wrong side of the other one, whichever of them is read first."""
    times = {**ctx.params, param.name: time}
    since, until = times.get("since"), times.get("until")
    if since is not None and until is not None and since > until:
        raise click.UsageError("--since is after --until.", ctx)
    return time


def given_login(user: str | None, password: str | None) -> Login | None:
    """The login of --user and --password; None without them. Raises click.UsageError for one alone."""
    if user is None and password is None:
        return None
    if user is None or password is None:
        raise click.UsageError("--user and --password belong together.")
    from xentara_inspect.playback.logins import Login

    return Login(user, password)
