"""`serve`: recordings in a browser."""

from __future__ import annotations

import socket
import webbrowser

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.endpoints import listen_option
from xentara_inspect.cli.failures import not_installed
from xentara_inspect.cli.printing import note, out
from xentara_inspect.cli.reading import opened
from xentara_inspect.cli.simulate import listening_trouble
from xentara_inspect.frames import endpoint


@click.command(epilog=options.examples("serve --open", "serve -d 'plant*.db' --listen 127.0.0.1:9000"))
@options.databases_option
@listen_option("127.0.0.1:8001")
@click.option("--open", "is_opened", is_flag=True, help="Open a browser on it.")
def serve(databases: tuple[str, ...], listen: tuple[str, int], is_opened: bool) -> None:
    """Show recordings in a browser, until Ctrl-C, those that go on too.

    Lists to filter and to count by, each exchange in notation, elements with their values drawn, a page
    that goes on as `log -f` does, saved questions, and SQL. Nothing is written. Whoever can reach the
    address can read all of it.
    """
    try:
        from xentara_inspect.web.site.guard import is_loopback
        from xentara_inspect.web.site.server import serve as served
    except ImportError:
        raise not_installed("datasette", "web") from None
    host, port = listen
    with opened(databases):
        pass  # they are there, and it is said if they are behind
    with listening_trouble(host, port):
        listening = _listening(host, port)
    url = f"http://{endpoint(host, listening.getsockname()[1])}/"
    out(f"Serving at {url}")
    if not is_loopback(listening.getsockname()[0]):
        note("whoever can reach this address can read all of it: there is no password")
    out("Stop with Ctrl-C")
    if is_opened:
        webbrowser.open(url)
    served(databases, listening)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError, UnicodeError."""
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(address[:2], family=family)
