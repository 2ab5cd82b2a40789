"""`demo`: everything real but the plant, for a few seconds, then the log."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from xentara_inspect.cli import options, pager
from xentara_inspect.cli.endpoints import why_not_connected
from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.printing import note

_START_SECONDS = 60
"""How long mitmdump may take to listen; the first time it makes a certificate authority."""


@click.command()
@click.option(
    "-d", "--db", "database", type=click.Path(), help="Keep the recording here instead of throwing it away."
)
@click.option(
    "--seconds", type=options.Number(0.5, 60), default=3, show_default=True, help="How long to talk."
)
@click.option("--client", "url", metavar="URL", help="Only be the client, of a proxy or server at this URL.")
@click.pass_context
def demo(ctx: click.Context, database: str | None, seconds: float, url: str | None) -> None:
    """Run simulator, proxy and client for a few seconds, then show the log.

    The client talks through mitmdump with the add-on to the simulator: everything is real but the plant.
    """
    if url is not None:
        _be_client(url, seconds)
        return
    from xentara_inspect.cli.log import log
    from xentara_inspect.index.process import wait_until_indexed

    with tempfile.TemporaryDirectory(prefix="xentara-demo-") as folder:
        path = database or str(Path(folder) / "demo.db")
        note(f"Simulator, mitmdump with the add-on and a client, for about {seconds:g} seconds …")
        asyncio.run(_talk(path, Path(folder), seconds))
        wait_until_indexed(path)
        pager.turn_off(ctx)
        ctx.invoke(log, databases=(path,), limit=0, with_events=False)
    if database is not None:
        note(f"The recording is in {database}: try `xentara-inspect show 1p1 -d {database}`.")
    else:
        note("That was not kept: `xentara-inspect demo -d demo.db` keeps it, to be asked more.")


def _be_client(url: str, seconds: float) -> None:
    from xentara_inspect.simulator.demonstration import converse

    with _talking(url):
        sent = asyncio.run(converse(url, seconds))
    note(f"{sent} requests sent and answered")


@contextlib.contextmanager
def _talking(url: str) -> Iterator[None]:
    """Say in one line why there is no conversation."""
    from xentara_inspect.simulator import CLIENT_ERRORS, InvalidURI

    try:
        yield
    except InvalidURI:
        raise click.BadParameter(f"{url!r} is no URL such as ws://127.0.0.1:8081/api/ws") from None
    except CLIENT_ERRORS as error:
        raise Failure(f"{url}: {why_not_connected(error)}") from None


async def _talk(database: str, folder: Path, seconds: float) -> None:
    from xentara_inspect.simulator import Simulator
    from xentara_inspect.simulator.demonstration import converse

    async with Simulator("127.0.0.1", 0) as simulator:
        proxy = await _start_proxy(f"http://127.0.0.1:{simulator.port}", database, folder)
        try:
            url = f"ws://127.0.0.1:{await _port(proxy)}/api/ws"
            note(f"{url} → {simulator.url}")
            with _talking(url):
                await converse(url, seconds)
        finally:
            if proxy.returncode is None:
                proxy.terminate()
            await proxy.wait()


async def _start_proxy(upstream: str, database: str, folder: Path) -> asyncio.subprocess.Process:
    arguments = ["capture", "--upstream", upstream, "--listen", "127.0.0.1:0", "-d", database]
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "xentara_inspect", *arguments, "--set", f"confdir={folder}",
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def _port(proxy: asyncio.subprocess.Process) -> int:
    """The port that the proxy says it listens on."""
    if proxy.stderr is None:
        raise Failure("the proxy has no output")
    said = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_START_SECONDS):
            async for line in proxy.stderr:
                said.append(line.decode(errors="replace").strip())
                match = re.search(r"\bListening on \S*:(\d+),", said[-1])
                if match:
                    return int(match[1])
    raise Failure(f"the proxy did not start: {' '.join(said)}")
