"""`watch`: look at a plant through its recording, while it goes on or later."""

from __future__ import annotations

import contextlib
import sys
import time

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure, not_installed


@click.command(
    epilog=options.examples("watch", "watch --element 'Plant.Tank*'", "watch -d 'plant*.db' --session 3")
)
@options.databases_option
@options.session_option
@click.option("--element", metavar="KEY|GLOB", default="", help="Show these first; / shows others.")
def watch(databases: tuple[str, ...], session: tuple[str, ...], element: str) -> None:
    """Look on: the plant as a tree with last values, sessions, errors; one element in notation.

    Follows a recording that goes on, into its next files too. Space stops at a time, left and right go
    along the recording, comma and full stop from message to message, home to its begin, end to now.
    Enter shows one element on the whole screen, / filters, q or Ctrl-C quits. Reads only.
    """
    from xentara_inspect.queries.unknown import not_known
    from xentara_inspect.queries.watching import Watching

    try:
        from xentara_inspect.cli.tui.app import WatchApp
        from xentara_inspect.cli.tui.choosing import chosen
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "textual":
            raise
        raise not_installed("textual", "tui") from None
    with contextlib.closing(Watching(databases, session)) as watching:
        known = watching.now(time.time_ns()).elements.values()
        # A pattern may wait for elements that nobody has told of yet; a name may be mistyped.
        if element and not {*"*?"} & {*element} and not chosen(known, element):
            raise not_known("element", element, [row.name for row in known if row.name], "elements")
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise Failure("watch needs a terminal; `log`, `readings` and the other lists do not")
        app = WatchApp(watching, element)
        app.run()
    click.get_current_context().exit(app.return_code or 0)
