"""`capture`: mitmdump or mitmweb in reverse mode with the add-on, for those who only want to record."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from xentara_inspect.cli.endpoints import ENDPOINT, UPSTREAM
from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.options import database_option
from xentara_inspect.proxy.option_texts import OptionError
from xentara_inspect.proxy.options import OPTIONS, Option, contradiction, in_flags, parse

if TYPE_CHECKING:
    from xentara_inspect.proxy.metrics import Passed


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of the add-on, each without its prefix; a switch is turned from its default."""
    for option in reversed(OPTIONS):
        if option.name == "xentara_db":
            continue
        if option.is_switch:
            flag = option.flag if option.default == "off" else option.flag.replace("--", "--no-")
            said = f"{option.help.removesuffix(' (on or off).')}."
            command = click.option(flag, option.name, is_flag=True, help=option.negated or said)(command)
        elif option.is_files:
            said = f"{option.help.rpartition(';')[0]}. Several by repeating this."
            command = click.option(option.flag, option.name, metavar="FILE", multiple=True, help=said)(
                command
            )
        else:
            metavar = option.metavar or option.name.rsplit("_", 1)[1].upper()
            command = click.option(
                option.flag, option.name, metavar=metavar, default=option.default, help=option.help
            )(command)
    return command


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option("--upstream", type=UPSTREAM, required=True, help="The server, such as https://HOST:8080.")
@click.option(
    "--listen", type=ENDPOINT, default="127.0.0.1:8081", show_default=True, help="Where clients connect to."
)
@click.option("-k", "--ssl-insecure", is_flag=True, help="Do not verify the server's certificate.")
@click.option("--web", is_flag=True, help="Show it in mitmweb too, at 127.0.0.1:8082 (--web-port PORT).")
@_options
@database_option
@click.argument("mitmproxy_options", nargs=-1, type=click.UNPROCESSED)
def capture(
    upstream: str,
    listen: tuple[str, int],
    ssl_insecure: bool,
    web: bool,
    database: str,
    mitmproxy_options: tuple[str, ...],
    **given: str | bool | tuple[str, ...],
) -> None:
    """Record the traffic of clients with a server.

    Clients connect to the address this listens on instead of the server's. Other options go to
    mitmdump or mitmweb, such as `--certs FILE` or `--set client_certs=FILE`.
    """
    from xentara_inspect.proxy.mitmdump import CaptureError, run, say

    host, port = listen
    settings = {"xentara_db": database}
    for option in OPTIONS:
        if option.name in given:
            settings[option.name] = _text(option, given[option.name])
            try:
                parse(option.name, settings[option.name])
            except OptionError as error:
                raise click.UsageError(in_flags(str(error))) from None
    if problem := contradiction(settings):
        raise click.UsageError(in_flags(problem))
    arguments = ["--mode", f"reverse:{upstream}", "--listen-host", host, "--listen-port", str(port)]
    for name, value in settings.items():
        if not any(option.startswith(f"{name}=") for option in mitmproxy_options):
            arguments += ["--set", f"{name}={value}"]
    # With a server that cannot be reached the client gets a 502 instead of a closed connection.
    arguments += ["--set", "connection_strategy=lazy"]
    if ssl_insecure:
        arguments.append("--ssl-insecure")
    try:
        recorded = run([*arguments, *mitmproxy_options], upstream, database, web=web)
    except CaptureError as error:
        raise Failure(str(error)) from None
    say(_ending(recorded, database, rotates=_rotates(settings)))
    sys.exit(0)


def _rotates(settings: Mapping[str, str]) -> bool:
    return bool(settings["xentara_rotate_size"] or settings["xentara_rotate_time"])


def _ending(recorded: Passed, database: str, *, rotates: bool) -> str:
    """The last line: what there is now, and what to ask of it."""
    counts = {"session": recorded.sessions, "frame": recorded.frames}
    if not recorded.sessions:
        return "Nothing was recorded: no client connected."
    counted = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts.items())
    stem, ending = os.path.splitext(database)
    files = f"{stem}*{ending}" if rotates else database
    question = "log" if recorded.frames else "sessions"
    return f"Recorded {counted}. Next: xentara-inspect {question} -d {shlex.quote(files)}"


def _text(option: Option, given: str | bool | tuple[str, ...]) -> str:
    """What an option is set to. given: for a switch, whether it was turned from its default."""
    if isinstance(given, str):
        return given
    if isinstance(given, tuple):
        return os.pathsep.join(given)
    return "on" if given is (option.default == "off") else "off"
