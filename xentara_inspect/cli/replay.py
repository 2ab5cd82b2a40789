"""`replay`: the recorded requests to a server again, and what it says now beside what was said then."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.diff import Trouble, print_differences
from xentara_inspect.cli.endpoints import UPSTREAM, why_not_connected
from xentara_inspect.cli.printing import note
from xentara_inspect.cli.sides import Side, opened_side
from xentara_inspect.protocol import commands, identifiers

if TYPE_CHECKING:
    from xentara_inspect.playback.client import Heard
    from xentara_inspect.playback.logins import Credentials
    from xentara_inspect.playback.plan import Plan
    from xentara_inspect.queries.databases import Databases

_LISTED = 10  # connections that are named in a line
_NAMED = sorted(commands.COMMAND_NAMES[opcode] for opcode in commands.STAGE_CHANGES)


@click.command(
    epilog=options.examples(
        "replay plant.db --session 3 --upstream https://HOST:8080 --user operator",
        "replay session.flow --upstream ws://127.0.0.1:8080 --fast",
        "replay plant.db --session 3 --upstream https://TEST:8080 --allow-writes --allow suspend -o new.db",
    )
)
@click.argument("files", metavar="DB|CAPTURE...", nargs=-1, required=True, type=click.Path())
@click.option("--session", metavar="ID", help="The connection; needed where there are several.")
@click.option("--upstream", type=UPSTREAM, required=True, help="The server, such as https://HOST:8080.")
@click.option("-k", "--ssl-insecure", is_flag=True, help="Do not verify the server's certificate.")
@click.option("--fast", is_flag=True, help="As fast as answers come, not as recorded; events do not count.")
@click.option("--allow-writes", is_flag=True, help="Send writes too: they change the plant.")
@click.option(
    "--allow",
    "named",
    type=click.Choice(_NAMED),
    multiple=True,
    help="Send this command too: it changes the stage of the whole plant.",
)
@click.option("--user", envvar="XENTARA_USER", show_envvar=True, help="Log in as this user.")
@click.option("--password", envvar="XENTARA_PASSWORD", show_envvar=True, help="Of that user; never stored.")
@click.option("--token", envvar="XENTARA_TOKEN", show_envvar=True, help="OAuth 2.0 token; never stored.")
@click.option("-o", "--output", type=click.Path(), help="Keep what is said now in this database.")
@options.form_option(options.FORMATS, "Form of the differences, as those of diff.")
def replay(
    files: tuple[str, ...],
    session: str | None,
    upstream: str,
    ssl_insecure: bool,
    fast: bool,
    allow_writes: bool,
    named: tuple[str, ...],
    user: str | None,
    password: str | None,
    token: str | None,
    output: str | None,
    form: str,
) -> None:
    """Send the requests of a recorded connection to a server again, and say what differs.

    Only requests that change nothing are sent; what is left out is said, and does not count. Ends as `diff`
    of both recordings: exit code 0 if they are the same, 1 if they differ, 2 if that cannot be said.
    """
    from xentara_inspect.playback.logins import Credentials
    from xentara_inspect.queries.unknown import QuestionError
    from xentara_inspect.store.errors import StoreError

    credentials = Credentials(options.given_login(user, password), token)
    allowed = commands.READ_ONLY_COMMANDS | {commands.OPCODES[name] for name in named}
    if allow_writes:
        allowed |= {commands.WRITE}
    try:
        with opened_side(Side(files, None), ()) as recorded, _kept(output) as path:
            chosen = session if session is not None else _only_session(recorded)
            plan = _planned(recorded, chosen, allowed, credentials)
            heard = _asked_again(upstream, plan, credentials, fast=fast, insecure=ssl_insecure)
            count = _compared(
                recorded, chosen, plan, path, _stored(path, upstream, heard, credentials), fast, form
            )
    except (StoreError, QuestionError) as error:
        raise Trouble(str(error)) from None
    if count:
        raise click.exceptions.Exit(1)


@contextlib.contextmanager
def _kept(output: str | None) -> Iterator[Path]:
    """The path of the database for what is said now; gone at the end unless it is wanted."""
    if output is not None:
        yield Path(output)
        return
    with tempfile.TemporaryDirectory(prefix="xentara-inspect-") as folder:
        yield Path(folder) / "replay.db"


def _only_session(databases: Databases) -> str:
    """The connection that there is. Raises Trouble where there are several, or none."""
    found = [
        str(file.number(row["id"]))
        for file in databases.files
        for row in file.rows("SELECT id FROM sessions WHERE refused IS NULL ORDER BY id")
    ]
    names = list(dict.fromkeys(found))
    if not names:
        raise Trouble("no connection")
    if len(names) > 1:
        listed = ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
        raise Trouble(f"say by --session which of the {len(names)} connections: {listed}")
    return names[0]


def _planned(databases: Databases, session: str, allowed: Collection[int], credentials: Credentials) -> Plan:
    """What is sent; what is not is said. Raises Trouble for nothing at all."""
    from xentara_inspect.playback.plan import read_plan

    plan = read_plan(databases, session, allowed, credentials)
    if plan.why:
        left = ", ".join(f"{count} {why}" for why, count in plan.why.most_common())
        note(f"Not sent: {left}")
    if not plan.steps:
        raise Trouble(f"session {session} has nothing to send")
    return plan


def _asked_again(upstream: str, plan: Plan, credentials: Credentials, *, fast: bool, insecure: bool) -> Heard:
    """All that is said now. Raises Trouble where there is no connection."""
    from xentara_inspect.playback.client import ERRORS, ask_again

    parts = urlsplit(upstream)
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    if tls is not None and insecure:
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    url = f"{'ws' if tls is None else 'wss'}://{parts.netloc}{identifiers.PATH}"
    try:
        heard = asyncio.run(ask_again(url, plan, credentials, fast=fast, tls=tls))
    except ERRORS as error:
        raise Trouble(f"{url}: {why_not_connected(error)}") from None
    if heard.late:
        note(f"Waited in vain for answers {heard.late} times.")
    return heard


def _stored(path: Path, upstream: str, heard: Heard, credentials: Credentials) -> int:
    """Put what was said into a database, without secrets. Returns the session. Raises StoreError."""
    from xentara_inspect.frames import SessionInfo
    from xentara_inspect.index.process import catch_up
    from xentara_inspect.store.importing import Importer

    user = credentials.login.user if credentials.login is not None else None
    server = urlsplit(upstream).netloc
    subprotocol = identifiers.SUBPROTOCOL
    info = SessionInfo(None, None, server, identifiers.PATH, subprotocol, user, heard.opened, source="replay")
    with Importer(path) as importer:
        added = importer.add(info, heard.frames, heard.closing, credentials.secrets)
    catch_up(path)
    return added.session_id


def _compared(
    recorded: Databases, session: str, plan: Plan, path: Path, new: int, fast: bool, form: str
) -> int:
    """Print what differs. Returns how much does. Raises StoreError."""
    from xentara_inspect.queries.databases import open_databases
    from xentara_inspect.queries.diff import Comparison

    with open_databases([str(path)]) as said:
        comparison = Comparison(
            recorded,
            said,
            session_a=session,
            session_b=new,
            ignore=("events",) if fast else (),
            without=plan.left_out,
        )
        return print_differences(comparison, form)
