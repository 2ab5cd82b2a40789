"""`capture` and `demo`: recording for those who do not run mitmproxy themselves."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import sys
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.live import Process, inspect, ran, rows, run_async, simulated
from xentara_inspect.simulator import Client, everything


class Capture(Process):
    """`xentara-inspect capture` on a free port."""

    def __init__(self, upstream: str, database: Path, confdir: Path, *options: str) -> None:
        super().__init__(
            [
                sys.executable, "-m", "xentara_inspect", "capture", "--upstream", upstream, "-d", database,
                "--listen", "127.0.0.1:0", "--set", f"confdir={confdir}", *options,
            ]
        )  # fmt: skip

    @property
    def port(self) -> int:
        return int(self.wait_for_line(r"Listening on 127.0.0.1:(\d+), forwarding to").group(1))

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/ws"


def trusting_nobody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.slow
def test_a_conversation_over_tls_is_recorded_whole(database: Path, confdir: Path) -> None:
    async def main() -> tuple[int, int, str]:
        async with simulated(tls=True) as simulator:
            upstream = f"wss://localhost:{simulator.port}"
            with Capture(upstream, database, confdir, "--ssl-insecure") as proxy:
                url = f"wss://127.0.0.1:{await asyncio.to_thread(lambda: proxy.port)}/api/ws"
                async with Client(url, ssl_context=trusting_nobody()) as client:
                    sent = await everything(client)
                await asyncio.to_thread(proxy.stop, signal.SIGTERM)
                assert proxy.child.returncode == 0, proxy.output
        return len(sent), len(client.events), proxy.output

    requests, events, output = run_async(main())
    (session,) = rows("sessions", "-d", database)
    assert (session["requests"], session["events"]) == (requests, events)
    assert len(rows("log", "-d", database, "--limit", "0")) == requests
    assert f"recording into {database}" in output
    assert "Point the client at ws://127.0.0.1:" in output
    assert "Connected: client 127.0.0.1:" in output
    assert "Closed (1000): client 127.0.0.1:" in output
    assert output.count("Listening on") == 1
    told = f"Recorded 1 session, {session['frames']} frames. Next: xentara-inspect log -d {database}\n"
    assert output.splitlines(keepends=True)[-1].endswith(told)


def test_a_certificate_that_is_not_trusted_is_one_clear_line(database: Path, confdir: Path) -> None:
    async def main() -> str:
        async with simulated(tls=True) as simulator:
            with Capture(f"https://localhost:{simulator.port}", database, confdir) as proxy:
                url = f"ws://127.0.0.1:{await asyncio.to_thread(lambda: proxy.port)}/api/ws"
                with pytest.raises(InvalidStatus, match="502"):
                    async with Client(url):
                        pass
                await asyncio.to_thread(proxy.wait_for_line, r"TLS with .* failed: .*--ssl-insecure")
                await asyncio.to_thread(proxy.stop)
                return proxy.output

    assert "Traceback" not in run_async(main())
    (session,) = rows("sessions", "-d", database)
    assert session["refused"] == "certificate verify failed: self-signed certificate"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_a_server_that_cannot_be_reached_is_one_clear_line_and_a_502(database: Path, confdir: Path) -> None:
    async def main() -> str:
        with Capture(f"http://127.0.0.1:{free_port()}", database, confdir) as proxy:
            url = f"ws://127.0.0.1:{await asyncio.to_thread(lambda: proxy.port)}/api/ws"
            with pytest.raises(InvalidStatus, match="502"):
                async with Client(url):
                    pass
            await asyncio.to_thread(proxy.wait_for_line, r"Upstream http://127.0.0.1:\d+ cannot be reached: ")
            await asyncio.to_thread(proxy.stop)
            return proxy.output

    output = run_async(main())
    assert "Traceback" not in output
    assert output.endswith(f"Recorded 1 session, 0 frames. Next: xentara-inspect sessions -d {database}\n")
    (session,) = rows("sessions", "-d", database)
    assert session["refused"] == "cannot be reached: connection refused"


@pytest.mark.slow
def test_a_scheme_that_the_server_does_not_speak_is_one_clear_line(database: Path, confdir: Path) -> None:
    async def main(tls: bool) -> str:
        async with simulated(tls=tls) as simulator:
            upstream = f"{'http' if tls else 'https'}://localhost:{simulator.port}"
            with Capture(upstream, database, confdir) as proxy:
                url = f"ws://127.0.0.1:{await asyncio.to_thread(lambda: proxy.port)}/api/ws"
                with pytest.raises(InvalidStatus, match="502"):
                    async with Client(url):
                        pass
                line = r"(?m)^[0-9:]* ?(Upstream|TLS with) .*$"
                said = await asyncio.to_thread(proxy.wait_for_line, line)
                await asyncio.to_thread(proxy.stop)
                return said.group(0)

    assert "is it https://?" in run_async(main(tls=True))
    assert "is it a TLS server?" in run_async(main(tls=False))
    assert [session["refused"] for session in rows("sessions", "-d", database)] == ["no answer", "TLS failed"]


@pytest.mark.slow
def test_where_nobody_came_the_last_line_says_so(database: Path, confdir: Path) -> None:
    with Capture("http://127.0.0.1:1", database, confdir) as proxy:
        assert proxy.port
        proxy.stop()
    assert (proxy.child.returncode, proxy.lines[-1][9:]) == (
        0,
        "Nothing was recorded: no client connected.\n",
    )


@pytest.mark.slow
def test_the_last_line_names_all_files_of_a_recording_that_rotates(database: Path, confdir: Path) -> None:
    async def main() -> str:
        async with simulated() as simulator:
            upstream = f"http://127.0.0.1:{simulator.port}"
            with Capture(upstream, database, confdir, "--rotate-size", "500M") as proxy:
                async with Client(await asyncio.to_thread(lambda: proxy.url)):
                    pass
                await asyncio.to_thread(proxy.stop)
            return proxy.lines[-1]

    command = run_async(main()).partition(" Next: ")[2]
    assert command == f"xentara-inspect sessions -d '{database.with_suffix('')}*.db'\n"


def test_a_port_in_use_is_one_clear_line(database: Path, confdir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with Capture("http://127.0.0.1:1", database, confdir, "--listen", address) as proxy:
            assert proxy.wait() == 1
    assert proxy.lines == [
        f"Error: cannot listen on {address}: the address is in use; --listen chooses another\n"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--upstream", "plant:8080"], "is no URL such as https://HOST:8080"),
        (["--upstream", "https://me:hidden@plant"], "credentials do not belong in the URL"),
        (["--upstream", "http://plant", "--listen", "8081"], "is not HOST:PORT"),
        (["--upstream", "http://plant", "--health", "plant"], "--health is HOST:PORT, a port of this"),
        (["--upstream", "http://plant", "--filter", "~~"], "--filter is a mitmproxy filter expression"),
        ([], "Missing option '--upstream'"),
    ],
)
def test_what_is_wrong_with_the_options_is_one_clear_line(arguments: list[str], message: str) -> None:
    run = ran("capture", *arguments)
    assert run.returncode == 2
    assert message in run.stderr.splitlines()[-1]
    assert "hidden" not in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--health", "198.51.100.1:80"], 1, "--health: cannot listen on 198.51"),
        (["--nonsense"], 2, "unrecognized arguments: --nonsense"),
        (["--set", "xentara_nonsense=1"], 1, "unknown option xentara_nonsense"),
        (["--set", "listen_port=x"], 1, "ot an integer: x"),
        (["-d", "/nowhere/at/all.db"], 1, "/nowhere/at/all.db"),
    ],
)
def test_what_is_found_wrong_by_the_proxy_is_one_clear_line(
    arguments: list[str], code: int, message: str, tmp_path: Path, confdir: Path
) -> None:
    base = [sys.executable, "-m", "xentara_inspect", "capture", "--upstream", "http://plant"]
    base += ["--set", f"confdir={confdir}", "--listen", "127.0.0.1:0"]
    if "-d" not in arguments:
        base += ["-d", str(tmp_path / "x.db")]
    with Process([*base, *arguments]) as proxy:
        assert proxy.wait() == code, proxy.output
    assert message in proxy.lines[-1]
    assert "Traceback" not in proxy.output


@pytest.mark.slow
def test_demo_ends_with_the_log_of_a_real_conversation(database: Path) -> None:
    output = inspect("demo", "--seconds", "1", "-d", database)
    log = rows("log", "-d", database, "--limit", "0")
    assert len(log) > 20
    assert output.count("\n") == len(log) + 1  # and the heading
    assert {"client_hello", "subscribe", "write", "create_sub_session"} <= {row["command"] for row in log}
    assert all(row["status"] in ("ok", "error") for row in log)
    (session,) = rows("sessions", "-d", database)
    assert session["events"] > 0
    assert session["findings"] == 0


@pytest.mark.slow
def test_the_demo_s_client_talks_to_a_proxy_of_one_s_own(database: Path, confdir: Path) -> None:
    async def main() -> None:
        async with simulated() as simulator:
            with Capture(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                url = f"ws://127.0.0.1:{await asyncio.to_thread(lambda: proxy.port)}/api/ws"
                await asyncio.to_thread(inspect, "demo", "--client", url, "--seconds", "0.5")
                await asyncio.to_thread(proxy.stop)

    run_async(main())
    assert len(rows("log", "-d", database, "--limit", "0")) > 20
    inspect("demo", "--client", f"ws://127.0.0.1:{free_port()}/api/ws", code=1)
