"""`xentara-inspect simulate`: the simulator alone."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from xentara_inspect.cli.endpoints import listen_option, tls_option
from xentara_inspect.frames import endpoint

if TYPE_CHECKING:
    from xentara_inspect.simulator import Rights


@click.command()
@listen_option("127.0.0.1:8080")
@tls_option
@click.option("--require-auth", is_flag=True, help="Refuse connections without credentials.")
def simulate(listen: tuple[str, int], tls: bool, require_auth: bool) -> None:
    """Run a Xentara server with a small made-up plant, until Ctrl-C.

    It answers all commands at /api/ws and needs no licence and no hardware.
    """
    host, port = listen
    # Ctrl-C before the signal handlers were there
    with listening_trouble(host, port), contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(host, port, tls=tls, require_auth=require_auth))


@contextlib.contextmanager
def listening_trouble(host: str, port: int) -> Iterator[None]:
    """Say in one line why a server cannot listen there."""
    try:
        yield
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that no resolver takes
        raise click.ClickException(f"cannot listen on {endpoint(host, port)}: {_reason(error)}") from None


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "not a host name"
    if isinstance(error, socket.gaierror):
        return (error.strerror or str(error)).lower()
    # asyncio puts words of its own around the reason, and from Python 3.12 on it hides the one
    # reason for which an address can be none of this machine's.
    return os.strerror(error.errno or errno.EADDRNOTAVAIL).lower()


async def _run(host: str, port: int, *, tls: bool, require_auth: bool) -> None:
    from xentara_inspect.simulator import OPERATOR, OUTSIDER, SERVICE, VIEWER, Simulator

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Simulator(host, port, tls=tls, require_auth=require_auth) as simulator:
        click.echo(f"Simulator listening on {simulator.url}")
        need = "Log in as" if require_auth else "Anybody may connect, or log in as"
        click.echo(f"{need} one of (all made up):")
        for account in (OPERATOR, VIEWER, SERVICE, OUTSIDER):
            click.echo(f"  {account.user:<10}{account.password:<24}{_rights(account.rights)}")
        click.echo("Stop with Ctrl-C")
        await stop.wait()


def _rights(rights: Rights) -> str:
    """What a user may do, in words."""
    if not rights.connect:
        return "may not connect"
    may = {"read": rights.read, "write": rights.write, "change the stage": rights.control}
    restricted = ", restricted elements too" if rights.restricted else ""
    return f"may {', '.join(word for word, allowed in may.items() if allowed)}{restricted}"
