"""`capture`: mitmdump in reverse mode with the add-on, for those who only want to record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import click

from xentara_inspect.cli.address import ADDRESS
from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.options import database_option
from xentara_inspect.protocol import identifiers

if TYPE_CHECKING:
    _ParamType = click.ParamType[str]
else:
    _ParamType = click.ParamType  # generic only in the newest versions of click


_FLAGS: Final = {
    "xentara_db": "--db",
    "xentara_filter": "--filter",
    "xentara_rotate_size": "--rotate-size",
    "xentara_rotate_time": "--rotate-time",
    "xentara_keep": "--keep",
}


class _Upstream(_ParamType):
    """The URL of a server, `https://HOST:8080`; ws and wss are taken for http and https."""

    name = "URL"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            self.fail(f"{value!r} is no URL", param, ctx)
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        if scheme not in ("http", "https") or not parts.hostname:
            self.fail(f"{value!r} is no URL such as https://HOST:{identifiers.USUAL_PORT}", param, ctx)
        if parts.username is not None:
            self.fail("credentials do not belong in the URL; the client sends its own", param, ctx)
        if parts.query or parts.fragment or parts.path not in ("", "/", identifiers.PATH):
            self.fail("give scheme, host and port only; paths are the client's", param, ctx)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{scheme}://{host}:{port or identifiers.USUAL_PORT}"


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option("--upstream", type=_Upstream(), required=True, help="The server, such as https://HOST:8080.")
@click.option(
    "--listen", type=ADDRESS, default="127.0.0.1:8081", show_default=True, help="Where clients connect to."
)
@click.option("-k", "--ssl-insecure", is_flag=True, help="Do not verify the server's certificate.")
@click.option("--no-index", is_flag=True, help="Record only; decode later with `reindex`.")
@click.option("--durable", is_flag=True, help="Forward a message only once it is on disk.")
@click.option("--keep-secrets", is_flag=True, help="Record passwords and tokens. Mind who reads the file.")
@click.option("--rotate-size", metavar="SIZE", default="", help="Start a new file at this size, e.g. 500M.")
@click.option("--rotate-time", metavar="TIME", default="", help="Start a new file after a time, e.g. 1d.")
@click.option("--keep", metavar="N", default="", help="Keep so many files and delete the oldest.")
@click.option("--filter", "expression", default="", help="mitmproxy filter expression of what to record.")
@database_option
@click.argument("mitmproxy_options", nargs=-1, type=click.UNPROCESSED)
def capture(
    upstream: str,
    listen: tuple[str, int],
    ssl_insecure: bool,
    no_index: bool,
    durable: bool,
    keep_secrets: bool,
    rotate_size: str,
    rotate_time: str,
    keep: str,
    expression: str,
    database: str,
    mitmproxy_options: tuple[str, ...],
) -> None:
    """Record the traffic of clients with a server.

    Clients connect to the address this listens on instead of the server's. Other options go to
    mitmdump, such as `--certs FILE` or `--set client_certs=FILE`.
    """
    from xentara_inspect.proxy.mitmdump import CaptureError, run
    from xentara_inspect.proxy.options import OptionError, parse

    host, port = listen
    settings = {
        "xentara_db": database,
        "xentara_filter": expression,
        "xentara_index": "off" if no_index else "on",
        "xentara_durable": "on" if durable else "off",
        "xentara_rotate_size": rotate_size,
        "xentara_rotate_time": rotate_time,
        "xentara_keep": keep,
        "xentara_keep_secrets": "on" if keep_secrets else "off",
    }
    for name, flag in _FLAGS.items():
        try:
            parse(name, settings[name])
        except OptionError as error:
            raise click.UsageError(str(error).replace(name, flag)) from None
    if keep and not rotate_size and not rotate_time:
        raise click.UsageError("--keep needs --rotate-size or --rotate-time")
    arguments = ["--mode", f"reverse:{upstream}", "--listen-host", host, "--listen-port", str(port)]
    for name, value in settings.items():
        if not any(option.startswith(f"{name}=") for option in mitmproxy_options):
            arguments += ["--set", f"{name}={value}"]
    # With a server that cannot be reached the client gets a 502 instead of a closed connection.
    arguments += ["--set", "connection_strategy=lazy"]
    if ssl_insecure:
        arguments.append("--ssl-insecure")
    try:
        run([*arguments, *mitmproxy_options], upstream, database)
    except CaptureError as error:
        raise Failure(str(error)) from None
    sys.exit(0)
