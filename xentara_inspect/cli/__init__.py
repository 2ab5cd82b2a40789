"""The command line: parse arguments, call, print.

Commands are loaded when asked for, so that a query starts without what only the others need.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

import click

from xentara_inspect._version import __version__
from xentara_inspect.cli.printing import environments_color

_PROGRAM: Final = "xentara-inspect"
_COMPLETION: Final = "_XENTARA_INSPECT_COMPLETE"
"""Variable by which shells ask click for completions."""

_COMMANDS: Final[dict[str, tuple[str, str]]] = {
    # name: (module, what --help lists)
    "capture": ("capture", "Record the traffic of clients with a server, through mitmdump."),
    "demo": ("demo", "Simulator, proxy and client for a few seconds, then the log."),
    "import": ("importing", "Read captures (flow files, HAR, pcapng, pcap) or an archive into the database."),
    "export": ("exporting", "Write for other programs: HAR, flow file, pcapng, Parquet, OpenTelemetry."),
    "share": ("share", "Write a copy to give away: all that the plant named is replaced."),
    "sessions": ("lists", "List the recorded connections."),
    "log": ("log", "List requests with their responses, and what was malformed."),
    "show": ("show", "Show one exchange, event or frame in annotated notation."),
    "why": ("why", "Say why something failed: what was asked for, what shows it, what helps."),
    "events": ("lists", "List pushed events."),
    "readings": ("readings", "List, sum up or draw attribute values seen in events, reads and writes."),
    "stats": ("stats", "Count and time what was asked, by command, element, minute and the like."),
    "findings": ("lists", "List departures from the specification."),
    "elements": ("lists", "List the elements seen, with their primary keys."),
    "subscriptions": ("subscriptions", "List subscriptions, and how often their elements were heard of."),
    "report": ("report", "Write one page in HTML that tells what happened, to hand on."),
    "names": ("names", "List the names of elements, or read them from model.json or CSV."),
    "serve": ("serve", "Show recordings in a browser: lists, exchanges, values, and as they come."),
    "watch": ("watch", "Look at the plant: a tree with last values, live or at any time."),
    "ask": ("ask", "Ask a question that is saved under a name."),
    "status": ("status", "Tell whether a recording goes on as it should."),
    "archive": ("archive", "Put recordings away as Parquet files, and verify them."),
    "lake": ("lake", "Decode archives into tables of Parquet files."),
    "sql": ("lake", "Ask such tables in SQL."),
    "diff": ("diff", "Compare two recordings: requests, answers, values, errors, latencies, order."),
    "decode": ("decode", "Bytes to annotated notation, without a database."),
    "reindex": ("reindex", "Rebuild all that is derived from the recorded frames."),
    "simulate": ("simulate", "Run a simulated Xentara server."),
    "mock": ("mock", "Be the server of a recording, for clients that know nothing of it."),
    "replay": ("replay", "Send the recorded requests to a server again, and compare."),
    "addon-path": ("shipped", "Print where the mitmproxy add-on file is."),
    "unit-path": ("shipped", "Print where the systemd unit is."),
    "samples": ("shipped", "Print where the sample captures are."),
    "docs": ("shipped", "Print where the documentation is."),
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are run."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.possibilities:
                raise
            behind = "Those of a command come behind it: xentara-inspect log -d plant.db"
            raise click.UsageError(f"{error.message} {behind}", ctx) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from xentara_inspect.queries.unknown import not_known

        if args[0] not in _COMMANDS and not ctx.resilient_parsing:
            raise click.UsageError(str(not_known("command", args[0], _COMMANDS, "--help")), ctx)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"xentara_inspect.cli.{_COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name.replace("-", "_").replace("import", "import_"))
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="xentara-inspect")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Record, decode and question the WebSocket traffic of Xentara."""
    ctx.color = environments_color()


def main() -> None:
    """The console script. Errors are one line on stderr: exit 1 for bad input, 2 for wrong usage."""
    from xentara_inspect.cli.failures import reported

    with reported():
        if _COMPLETION in os.environ:
            importlib.import_module("xentara_inspect.cli.completion")  # has a better one for bash
            cli(prog_name=_PROGRAM)
        # Not cli(): it would take exit codes and broken pipes into its own hands.
        with cli.make_context(_PROGRAM, sys.argv[1:]) as context:
            cli.invoke(context)
