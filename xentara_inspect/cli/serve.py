"""`serve`: recordings in a browser."""

from __future__ import annotations

import contextlib
import socket
import webbrowser
from collections.abc import Iterator, Sequence

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.archive import archiving
from xentara_inspect.cli.endpoints import listen_option
from xentara_inspect.cli.failures import not_installed
from xentara_inspect.cli.printing import note, out
from xentara_inspect.cli.reading import opened, the_lake
from xentara_inspect.cli.simulate import listening_trouble
from xentara_inspect.frames import endpoint


@click.command(
    epilog=options.examples(
        "serve --open",
        "serve -d 'plant*.db' --listen 127.0.0.1:9000",
        "serve -d 'lake:tables?site=north' --since yesterday",
    )
)
@options.databases_option
@listen_option("127.0.0.1:8001")
@options.since_until_options
@click.option("--open", "is_opened", is_flag=True, help="Open a browser on it.")
def serve(
    databases: tuple[str, ...],
    listen: tuple[str, int],
    since: int | None,
    until: int | None,
    is_opened: bool,
) -> None:
    """Show recordings in a browser, until Ctrl-C, those that go on too.

    Lists to filter and to count by, each exchange in notation, elements with their values drawn, a page
    that goes on as `log -f` does, saved questions, and SQL. Nothing is written. Whoever can reach the
    address can read all of it.

    Of a lake (`-d 'lake:DIR?site=north'`) what --since and --until leave over is put into databases first,
    which are gone in the end.
    """
    host, port = listen
    with _files(databases, since, until) as files:
        if the_lake(databases) is None:  # of a lake nobody can index anything
            with opened(files):
                pass  # they are there, and it is said if they are behind
        try:  # it takes a second to load: not for those who are told that there is no such file
            from xentara_inspect.web.site.guard import is_loopback
            from xentara_inspect.web.site.server import serve as served
        except ImportError:
            raise not_installed("datasette", "web") from None
        with listening_trouble(host, port):
            listening = _listening(host, port)
        address, port = listening.getsockname()[:2]
        url = f"http://{endpoint(host, port)}/"
        out(f"Serving at {url}")
        if not is_loopback(address):
            note("whoever can reach this address can read all of it: there is no password")
        out("Stop with Ctrl-C")
        if is_opened:
            webbrowser.open(url)
        served(files, listening)


@contextlib.contextmanager
def _files(databases: Sequence[str], since: int | None, until: int | None) -> Iterator[Sequence[str]]:
    """Paths and patterns of what is shown."""
    where = the_lake(databases)
    if where is None:
        if since is not None or until is not None:
            raise click.UsageError(
                "--since and --until are for lakes; databases are filtered in the browser."
            )
        yield databases
        return
    with archiving("lake"):
        from xentara_inspect.lake.listing import lake_files

        with lake_files(where, since=since, until=until) as files:
            yield files


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError, UnicodeError."""
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(address[:2], family=family)
