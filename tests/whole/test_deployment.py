"""The systemd unit: systemd takes it, it shuts its process in, and stopping it loses nothing."""

from __future__ import annotations

import asyncio
import configparser
import os
import shlex
import shutil
import signal
import sqlite3
import ssl
import subprocess
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.cli.test_capture import Capture
from tests.live import BIN, ROOT, children, inspect, recorded_payloads, rows, run_async, simulated, wait_until
from xentara_inspect.cli.capture import capture
from xentara_inspect.simulator import Client

UNIT = ROOT / "deploy" / "xentara-inspect.service"
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here: apt-get install systemd"
)


def setting(name: str, section: str = "Service") -> str:
    """What the unit sets. Of what is set several times, the last."""
    parser = configparser.RawConfigParser(strict=False, comment_prefixes="#")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT.read_text(encoding="utf-8").replace("\\\n", ""))
    return parser[section][name]


def analyzed(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What systemd-analyze says of the unit, with the command that is installed here."""
    unit = folder / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/xentara-inspect/bin", str(BIN)))
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments, unit],
        capture_output=True, text=True, check=False, env=os.environ | {"SYSTEMD_COLORS": "0"},
    )  # fmt: skip


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    run = analyzed(tmp_path, "verify", "--man=no")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@needs_systemd
def test_the_unit_leaves_little_to_whoever_breaks_out_of_the_process(tmp_path: Path) -> None:
    # Of 10; 1.2 with systemd 252. What is left is the network and the root directory.
    run = analyzed(tmp_path, "security", "--offline=yes", "--threshold=15")
    assert run.returncode == 0, run.stdout
    assert "Overall exposure level" in run.stdout


def test_its_command_is_one_that_capture_takes() -> None:
    filled = setting("ExecStart").replace("${UPSTREAM}", "https://plant:8080")
    filled = filled.replace("${LISTEN}", "0.0.0.0:8081").replace("$OPTIONS", "--names model.json")
    program, command, *arguments = shlex.split(filled)
    assert (Path(program).name, command) == ("xentara-inspect", "capture")
    known = {word for option in capture.params for word in option.opts}
    given = {word for word in arguments if word.startswith("-")}
    assert given <= known
    with capture.make_context("capture", arguments, help_option_names=["-h", "--help"]) as context:
        assert context.params["xentara_rotate_size"] == "2G"


def test_what_is_called_wrongly_is_not_started_again() -> None:
    assert setting("Restart") == "always"
    inspect("capture", "--upstream", "nonsense", code=int(setting("RestartPreventExitStatus")))


@pytest.mark.stress
def test_stopping_the_unit_loses_nothing_while_the_database_is_locked(database: Path, confdir: Path) -> None:
    number = signal.Signals[setting("KillSignal")]
    assert setting("KillMode") == "control-group"  # so systemd signals each process, twice

    async def main() -> tuple[list[bytes], str]:
        async with simulated() as simulator:
            with Capture(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                async with Client(await asyncio.to_thread(lambda: proxy.url)) as client:
                    await client.request(14, {0: 1, 1: 1})
                    hello = partial(recorded_payloads, database)
                    await asyncio.to_thread(wait_until, lambda: len(hello()) == 2, "hello and answer")
                    with closing(sqlite3.connect(database, isolation_level=None)) as other:
                        other.execute("PRAGMA busy_timeout = 20000")
                        other.execute("BEGIN EXCLUSIVE")
                        await client.request(8)
                        await asyncio.to_thread(stopped, proxy, number)
                        other.execute("ROLLBACK")
                return [frame.payload for frame in client.received], proxy.output

    received, output = run_async(main())
    (rescued,) = database.parent.glob("xentara-unwritten-*.db")
    assert f"they are in {rescued}" in output
    files = recorded_payloads(database) + recorded_payloads(rescued)
    assert [payload for from_client, payload in files if not from_client] == received


def stopped(proxy: Capture, number: int) -> None:
    """Stop all processes of a unit as systemd does: a signal to each, and again once the main one is gone."""
    processes = [proxy.child.pid, *children(proxy.child.pid)]
    (journal,) = children(proxy.child.pid, "journal")
    for process in processes:
        os.kill(process, number)
    proxy.child.wait()
    with suppress(ProcessLookupError):  # it has ended meanwhile
        os.kill(journal, number)
    wait_until(lambda: not Path(f"/proc/{journal}").exists(), "the end of the writing process")


@pytest.mark.slow
def test_both_sides_of_tls_are_verified(database: Path, confdir: Path) -> None:
    async def main() -> None:
        async with simulated(tls=True) as simulator:
            server = database.with_name("server.pem")
            server.write_bytes(simulator.certificate or b"")
            trusts = ("--set", f"ssl_verify_upstream_trusted_ca={server}")
            with Capture(f"https://localhost:{simulator.port}", database, confdir, *trusts) as proxy:
                url = f"wss://127.0.0.1:{await asyncio.to_thread(lambda: proxy.port)}/api/ws"
                authority = ssl.create_default_context(cafile=confdir / "mitmproxy-ca-cert.pem")
                async with Client(url, ssl_context=authority) as client:
                    await client.request(14, {0: 1, 1: 1})
                await asyncio.to_thread(proxy.stop)

    run_async(main())
    (session,) = rows("sessions", "-d", database)
    assert session["frames"] == 2
