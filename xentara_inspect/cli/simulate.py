"""`xentara-inspect simulate`: the simulator alone."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket

import click

from xentara_inspect.cli.endpoints import ENDPOINT
from xentara_inspect.frames import endpoint


@click.command()
@click.option(
    "--listen",
    type=ENDPOINT,
    default="127.0.0.1:8080",
    show_default=True,
    help="Where to listen; port 0 takes a free one.",
)
@click.option("--tls", is_flag=True, help="Serve wss:// with a self-signed certificate made on the spot.")
@click.option("--require-auth", is_flag=True, help="Refuse connections without credentials.")
def simulate(listen: tuple[str, int], tls: bool, require_auth: bool) -> None:
    """Run a Xentara server with a small made-up plant, until Ctrl-C.

    It answers all commands at /api/ws and needs no licence and no hardware.
    """
    host, port = listen
    try:
        asyncio.run(_run(host, port, tls=tls, require_auth=require_auth))
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that no resolver takes
        raise click.ClickException(f"cannot listen on {endpoint(host, port)}: {_reason(error)}") from None
    except KeyboardInterrupt:
        pass  # Ctrl-C before the signal handlers were there


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "not a host name"
    if isinstance(error, socket.gaierror):
        return (error.strerror or str(error)).lower()
    # asyncio puts words of its own around the reason, and from Python 3.12 on it hides the one
    # reason for which an address can be none of this machine's.
    return os.strerror(error.errno or errno.EADDRNOTAVAIL).lower()


async def _run(host: str, port: int, *, tls: bool, require_auth: bool) -> None:
    from xentara_inspect.simulator import OPERATOR, Simulator

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Simulator(host, port, tls=tls, require_auth=require_auth) as simulator:
        click.echo(f"Simulator listening on {simulator.url}")
        if require_auth:
            click.echo(f"Log in as {OPERATOR.user} with the made-up password {OPERATOR.password}")
        click.echo("Stop with Ctrl-C")
        await stop.wait()
