"""`mock`: a server out of a recording, for clients that know nothing of it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.endpoints import listen_option, tls_option
from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.printing import note, out
from xentara_inspect.cli.sides import Side, opened_side
from xentara_inspect.cli.simulate import listening_trouble
from xentara_inspect.escape import safe

if TYPE_CHECKING:
    from xentara_inspect.playback.recording import Recording
    from xentara_inspect.playback.serving import Manner, Unknown

_SHOWN = 20
"""Lines at the end about what was asked and is not in the recording."""


@click.command(
    epilog=options.examples(
        "mock plant.db",
        "mock session.flow --listen 127.0.0.1:9000 --speed 10 --loop",
        "mock plant.db --session 3 --strict",
    )
)
@click.argument("files", metavar="DB|CAPTURE...", nargs=-1, required=True, type=click.Path())
@options.session_option
@listen_option("127.0.0.1:8080")
@tls_option
@click.option(
    "--speed",
    type=options.Number(0.001, 1000),
    default=1.0,
    show_default=True,
    help="How many times as fast as recorded events come.",
)
@click.option("--loop", is_flag=True, help="Begin again where the events of a subscription end.")
@click.option("--strict", is_flag=True, help="Answer nothing but what was recorded; exit code 1 for more.")
@click.option("--user", envvar="XENTARA_USER", show_envvar=True, help="Admit this user only.")
@click.option("--password", envvar="XENTARA_PASSWORD", show_envvar=True, help="Of that user.")
def mock(
    files: tuple[str, ...],
    session: tuple[str, ...],
    listen: tuple[str, int],
    tls: bool,
    speed: float,
    loop: bool,
    strict: bool,
    user: str | None,
    password: str | None,
) -> None:
    """Be the server of a recording, until Ctrl-C: clients connect as to the plant.

    The same request gets the answer that was recorded. Attributes that were never read so have the value
    that was told nearest before; what is written is read back. What the recording does not know is
    answered with the error that the specification asks for, and listed. Any login is taken.
    """
    from xentara_inspect.playback.serving import Manner
    from xentara_inspect.playback.streams import Pace

    manner = Manner(Pace(speed, loop), strict, options.given_login(user, password), _report)
    with _played(files, session) as recording:
        host, port = listen
        with listening_trouble(host, port), contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(recording, manner, host, port, tls=tls))
    _sum_up(manner)
    if strict and manner.served.unknown:
        raise click.exceptions.Exit(1)


@contextlib.contextmanager
def _played(files: Sequence[str], session: tuple[str, ...]) -> Iterator[Recording]:
    """The recording in databases or captures. Raises StoreError, QuestionError."""
    from xentara_inspect.playback.recording import Recording

    with opened_side(Side(tuple(files), None), ()) as databases:
        recording = Recording(databases, session)
        if not recording.talks:
            raise Failure(f"{' '.join(files)}: no client asked for anything there")
        yield recording


async def _run(recording: Recording, manner: Manner, host: str, port: int, *, tls: bool) -> None:
    from xentara_inspect.playback.server import Mock

    context = None
    if tls:
        from xentara_inspect.simulator.certificate import server_context

        context, _ = server_context()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Mock(recording, manner, host, port, tls=context) as server:
        out(f"Mock listening on {server.url}")
        count = len(recording.talks)
        out(f"Serves {count} recorded connection{'' if count == 1 else 's'}. Stop with Ctrl-C")
        await stop.wait()


def _report(unknown: Unknown) -> None:
    note(f"not in the recording: {_line(unknown)}")


def _line(unknown: Unknown) -> str:
    from xentara_inspect.protocol.commands import OPCODES, error_name

    name = error_name(unknown.code, OPCODES.get(unknown.command))
    subject = f" {safe(unknown.summary)}" if unknown.summary else ""
    return f"{unknown.command}{subject} → {unknown.code} {name}"


def _sum_up(manner: Manner) -> None:
    """How requests were answered, and what was unknown most often."""
    served = manner.served
    unknown = served.unknown.total() + served.others
    total = served.recorded + served.derived + unknown
    note(
        f"{total} request{'' if total == 1 else 's'}: {served.recorded} answered as recorded,"
        f" {served.derived} from what is known, {unknown} not in the recording"
    )
    shown = served.unknown.most_common(_SHOWN)
    for one, count in shown:
        note(f"{count:>6} x {_line(one)}")
    if others := unknown - sum(count for _, count in shown):
        note(f"{others:>6} x something else")
